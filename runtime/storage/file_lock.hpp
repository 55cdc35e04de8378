#pragma once

#include <filesystem>
#include <utility>

#include "base/result.hpp"

namespace musiccorp::storage {

/// Holds `<file>.lock`, so that no other process, and nobody else in this one, opens the same store. The lock ends
/// with the object or its process; the lock file stays, holding the number of its last owner, and that there was a
/// store. Private to this room.
class file_lock {
 public:
  file_lock() = default;
  file_lock(file_lock&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), saw_store_(other.saw_store_) {}
  file_lock& operator=(file_lock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(saw_store_, other.saw_store_);
    return *this;
  }
  ~file_lock();

  /// fault{busy} names the owner when somebody holds it.
  [[nodiscard]] static result<file_lock> hold(const std::filesystem::path& file);

  /// Somebody who held it has had the store open.
  [[nodiscard]] bool saw_store() const { return saw_store_; }
  /// The store is there.
  void note_store();

 private:
  file_lock(int descriptor, bool saw_store) : descriptor_(descriptor), saw_store_(saw_store) {}
  int descriptor_ = -1;
  bool saw_store_ = false;
};

}  // namespace musiccorp::storage
