#pragma once

#include <filesystem>
#include <utility>

#include "base/result.hpp"

namespace musiccorp::storage {

/// Holds `<file>.lock`, so that no other process, and nobody else in this one, opens the same store. The lock ends
/// with the object or its process; the lock file stays, holding the number of its last owner. Private to this room.
class file_lock {
 public:
  file_lock() = default;
  file_lock(file_lock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  file_lock& operator=(file_lock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~file_lock();

  /// fault{busy} names the owner when somebody holds it.
  [[nodiscard]] static result<file_lock> hold(const std::filesystem::path& file);

 private:
  explicit file_lock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace musiccorp::storage
