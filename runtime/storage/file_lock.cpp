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

/// The second line of the file.
constexpr std::string_view store_was_here = "store\n";

std::string text_in(int descriptor) {
  std::array<char, 64> text{};
  const auto size = ::pread(descriptor, text.data(), text.size(), 0);
  return {text.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

std::string owner_in(int descriptor) {
  const auto text = text_in(descriptor);
  return text.substr(0, text.find('\n'));
}

/// For the texts of later faults; a full disk must not keep the store closed.
void write_owner(int descriptor, bool saw_store) {
  auto text = std::to_string(::getpid()) + "\n";
  if (saw_store) text += store_was_here;
  if (::pwrite(descriptor, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()))
    (void)!::ftruncate(descriptor, static_cast<off_t>(text.size()));
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
  file_lock held{descriptor, text_in(descriptor).ends_with(store_was_here)};
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0)
    return failure(fault_kind::busy, file.native() + ": in use by process " + owner_in(descriptor) +
                                         "; stop that one or give this one a data folder of its own");
  write_owner(descriptor, held.saw_store_);
  return held;
}

void file_lock::note_store() {
  if (!std::exchange(saw_store_, true)) write_owner(descriptor_, true);
}

}  // namespace musiccorp::storage
