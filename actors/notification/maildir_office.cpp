#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>

#include "notification/post_office.hpp"

namespace musiccorp::notification {
namespace {

namespace fs = std::filesystem;

tl::unexpected<fault> trouble(const fs::path& file, int code) {
  return failure(fault_kind::unavailable, file.string() + ": " + std::generic_category().message(code));
}

/// Mailboxes on disk end lines by \n alone.
std::string with_local_lines(std::string_view text) {
  std::string local;
  for (const char c : text)
    if (c != '\r') local += c;
  return local;
}

result<void> write_all(int descriptor, const fs::path& file, std::string_view text, bool synced) {
  while (!text.empty()) {
    const auto written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return trouble(file, errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (synced && ::fsync(descriptor) != 0) return trouble(file, errno);
  return {};
}

result<void> write_file(const fs::path& file, std::string_view text, bool synced) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (descriptor < 0) return trouble(file, errno);
  auto written = write_all(descriptor, file, text, synced);
  if (::close(descriptor) != 0 && written) return trouble(file, errno);
  return written;
}

class maildir final : public post_office {
 public:
  maildir(fs::path folder, bool synced) : folder_{std::move(folder)}, synced_{synced} {}

  result<void> deliver(const mail& what) override {
    if (auto made = make_folders(); !made) return made;
    const auto draft = folder_ / "tmp" / what.id, kept = folder_ / "new" / what.id;
    if (auto written = write_file(draft, with_local_lines(what.text), synced_); !written) return written;
    if (::rename(draft.c_str(), kept.c_str()) != 0) return trouble(kept, errno);
    return {};
  }

 private:
  result<void> make_folders() {
    if (has_folders_) return {};
    for (const auto* name : {"tmp", "new", "cur"}) {
      std::error_code code;
      fs::create_directories(folder_ / name, code);
      if (code) return trouble(folder_ / name, code.value());
    }
    has_folders_ = true;
    return {};
  }

  fs::path folder_;
  bool synced_;
  bool has_folders_ = false;
};

}  // namespace

std::unique_ptr<post_office> maildir_office(fs::path folder, bool synced) {
  return std::make_unique<maildir>(std::move(folder), synced);
}

}  // namespace musiccorp::notification
