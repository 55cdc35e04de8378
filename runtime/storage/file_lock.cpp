#include "storage/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

namespace musiccorp::storage {
namespace {

std::string owner_in(int descriptor) {
  std::array<char, 32> text{};
  const auto size = ::pread(descriptor, text.data(), text.size(), 0);
  const std::string owner{text.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
  return owner.substr(0, owner.find('\n'));
}

void write_owner(int descriptor) {
  const auto owner = std::to_string(::getpid()) + "\n";
  // Only for the text of a later fault{busy}; a full disk must not keep the store closed.
  if (::ftruncate(descriptor, 0) == 0) (void)!::pwrite(descriptor, owner.data(), owner.size(), 0);
}

}  // namespace

file_lock::~file_lock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

result<file_lock> file_lock::hold(const std::filesystem::path& file) {
  const auto name = file.native() + ".lock";
  const int descriptor = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0)
    return failure(fault_kind::storage, name + ": cannot be opened: " + std::generic_category().message(errno));
  file_lock held{descriptor};
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0)
    return failure(fault_kind::busy, file.native() + ": in use by process " + owner_in(descriptor) +
                                         "; stop that one or give this one a data folder of its own");
  write_owner(descriptor);
  return held;
}

}  // namespace musiccorp::storage
