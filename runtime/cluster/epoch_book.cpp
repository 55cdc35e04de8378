#include "cluster/epoch_book.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "describe/json.hpp"

namespace musiccorp::cluster {

namespace {

namespace fs = std::filesystem;

struct epoch_file {
  epoch_book::entries partitions;
  static constexpr auto describe() { return describe_as("epochs", 1, field("partitions", &epoch_file::partitions)); }
};

tl::unexpected<fault> disk_trouble(const fs::path& file, const char* what) {
  return failure(fault_kind::storage, file.string() + " cannot be " + what + ": " + std::strerror(errno));
}

class descriptor {
 public:
  explicit descriptor(int fd) : fd_(fd) {}
  ~descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

bool write_all(int fd, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const auto count = write(fd, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    done += static_cast<std::size_t>(count);
  }
  return true;
}

}  // namespace

claim epoch_book::weigh(const std::string& partition, const ownership& claimed) const {
  const auto known = entries_.find(partition);
  if (known == entries_.end() || known->second.node != claimed.node || claimed.epoch > known->second.epoch)
    return claim::new_owner;
  if (claimed.epoch < known->second.epoch) return claim::stale;
  return claimed == known->second ? claim::known : claim::clash;
}

bool epoch_book::note(const std::string& partition, const ownership& claimed) {
  if (weigh(partition, claimed) != claim::new_owner) return false;
  entries_.insert_or_assign(partition, claimed);
  return true;
}

std::optional<ownership> epoch_book::owner_of(const std::string& partition) const {
  const auto known = entries_.find(partition);
  return known == entries_.end() ? std::nullopt : std::optional{known->second};
}

result<epoch_book> read_epochs(const fs::path& file) {
  std::error_code trouble;
  if (!fs::exists(file, trouble)) {
    if (trouble) return failure(fault_kind::storage, file.string() + " cannot be read: " + trouble.message());
    return epoch_book{};
  }
  std::ifstream in{file, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (!in) return disk_trouble(file, "read");
  auto read = describe::from_json<epoch_file>(text);
  if (!read)
    return failure(fault_kind::corrupt, file.string() +
                                            " holds the epochs that this node has seen, but is not what "
                                            "was written: " +
                                            read.error().text);
  return epoch_book{std::move(read->partitions)};
}

result<void> write_epochs(const fs::path& file, const epoch_book& book) {
  auto fresh = file;
  fresh += ".new";
  {
    const descriptor out{open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
    if (out.get() < 0) return disk_trouble(fresh, "made");
    const auto text = describe::to_json(epoch_file{book.all()}) + "\n";
    if (!write_all(out.get(), text) || fsync(out.get()) != 0) return disk_trouble(fresh, "written");
  }
  if (rename(fresh.c_str(), file.c_str()) != 0) return disk_trouble(file, "replaced");
  const auto folder = file.has_parent_path() ? file.parent_path() : fs::path{"."};
  const descriptor at{open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (at.get() < 0 || fsync(at.get()) != 0) return disk_trouble(folder, "synced");
  return {};
}

}  // namespace musiccorp::cluster
