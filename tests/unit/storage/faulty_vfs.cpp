#include "faulty_vfs.hpp"

#include <stdexcept>

namespace musiccorp::storage {

/// SQLite's handle of an open file; the disk's own handle lies in memory behind it.
struct faulty_vfs::file {
  sqlite3_file base;
  faulty_vfs* owner;
  const char* name;  ///< kept by SQLite while the file is open

  [[nodiscard]] sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  [[nodiscard]] const sqlite3_io_methods& disk() { return *real()->pMethods; }
  [[nodiscard]] bool concerned() const { return owner->concerns(name == nullptr ? "" : name); }
};

struct faulty_vfs::calls {
  static file& of(sqlite3_file* base) { return *reinterpret_cast<file*>(base); }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* base, int flags, int* out_flags) {
    auto& opened = of(base);
    opened.owner = static_cast<faulty_vfs*>(vfs->pAppData);
    opened.name = name;
    auto* const disk = opened.owner->real_;
    const int code = disk->xOpen(disk, name, opened.real(), flags, out_flags);
    opened.base.pMethods = opened.real()->pMethods != nullptr ? &methods : nullptr;
    return code;
  }

  static int close(sqlite3_file* f) { return of(f).disk().xClose(of(f).real()); }

  static int read(sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
    if (of(f).concerned() && of(f).owner->plan_.read != SQLITE_OK) return of(f).owner->plan_.read;
    return of(f).disk().xRead(of(f).real(), to, size, at);
  }

  static int write(sqlite3_file* f, const void* from, int size, sqlite3_int64 at) {
    auto& plan = of(f).owner->plan_;
    if (of(f).concerned() && plan.write != SQLITE_OK && plan.writes_before-- <= 0) return plan.write;
    return of(f).disk().xWrite(of(f).real(), from, size, at);
  }

  static int sync(sqlite3_file* f, int flags) {
    if (of(f).concerned() && of(f).owner->plan_.sync != SQLITE_OK) return of(f).owner->plan_.sync;
    ++of(f).owner->syncs;
    return of(f).disk().xSync(of(f).real(), flags);
  }

  static int truncate(sqlite3_file* f, sqlite3_int64 size) { return of(f).disk().xTruncate(of(f).real(), size); }
  static int size(sqlite3_file* f, sqlite3_int64* size) { return of(f).disk().xFileSize(of(f).real(), size); }
  static int lock(sqlite3_file* f, int level) { return of(f).disk().xLock(of(f).real(), level); }
  static int unlock(sqlite3_file* f, int level) { return of(f).disk().xUnlock(of(f).real(), level); }
  static int reserved(sqlite3_file* f, int* out) { return of(f).disk().xCheckReservedLock(of(f).real(), out); }
  static int control(sqlite3_file* f, int what, void* with) {
    return of(f).disk().xFileControl(of(f).real(), what, with);
  }
  static int sector(sqlite3_file* f) { return of(f).disk().xSectorSize(of(f).real()); }
  static int traits(sqlite3_file* f) { return of(f).disk().xDeviceCharacteristics(of(f).real()); }
  static int shm_map(sqlite3_file* f, int page, int size, int extend, void volatile** out) {
    return of(f).disk().xShmMap(of(f).real(), page, size, extend, out);
  }
  static int shm_lock(sqlite3_file* f, int offset, int n, int flags) {
    return of(f).disk().xShmLock(of(f).real(), offset, n, flags);
  }
  static void shm_barrier(sqlite3_file* f) { of(f).disk().xShmBarrier(of(f).real()); }
  static int shm_unmap(sqlite3_file* f, int gone) { return of(f).disk().xShmUnmap(of(f).real(), gone); }

  static constexpr sqlite3_io_methods methods{2,        close,       read,      write,   truncate, sync,   size,
                                              lock,     unlock,      reserved,  control, sector,   traits, shm_map,
                                              shm_lock, shm_barrier, shm_unmap, nullptr, nullptr};
};

faulty_vfs::faulty_vfs() : real_(sqlite3_vfs_find(nullptr)), vfs_(*real_) {
  vfs_.zName = "faulty";
  vfs_.pAppData = this;
  vfs_.szOsFile = static_cast<int>(sizeof(file)) + real_->szOsFile;
  vfs_.xOpen = calls::open;
  if (sqlite3_vfs_register(&vfs_, 1) != SQLITE_OK) throw std::runtime_error("no faulty file system");
}

faulty_vfs::~faulty_vfs() {
  sqlite3_vfs_unregister(&vfs_);
  sqlite3_vfs_register(real_, 1);
}

}  // namespace musiccorp::storage
