#pragma once

#include <sqlite3.h>

#include <string>
#include <string_view>

namespace musiccorp::storage {

/// While it lives, every SQLite file of this process is reached through it; it can fail as a disk does. One thread.
class faulty_vfs {
 public:
  faulty_vfs();
  ~faulty_vfs();
  faulty_vfs(const faulty_vfs&) = delete;
  faulty_vfs& operator=(const faulty_vfs&) = delete;

  /// What files whose name ends so answer from now on; SQLITE_OK: what the disk answers.
  struct plan {
    std::string name_ends = {};
    int write = SQLITE_OK;
    int sync = SQLITE_OK;
    int read = SQLITE_OK;
    int writes_before = 0;  ///< this many still succeed
  };
  void fail(plan next) { plan_ = std::move(next); }
  void heal() { plan_ = {}; }

  int syncs = 0;  ///< that reached the disk

 private:
  struct file;
  struct calls;
  [[nodiscard]] bool concerns(std::string_view name) const { return name.ends_with(plan_.name_ends); }

  sqlite3_vfs* real_;
  sqlite3_vfs vfs_;
  plan plan_;
};

}  // namespace musiccorp::storage
