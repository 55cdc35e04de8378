#include "storage/sqlite_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "storage/sqlite_schema.hpp"

namespace musiccorp::storage::sqlite {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t page_size_new = 4096;
constexpr std::size_t header_size = 100;
using header = std::array<unsigned char, header_size>;

fs::path wal_of(const fs::path& file) { return file.native() + "-wal"; }

/// 0 when there is no such file.
std::uint64_t size_of(const fs::path& file) {
  std::error_code none;
  const auto size = fs::file_size(file, none);
  return none ? 0 : size;
}

std::uint32_t big_endian(const header& bytes, std::size_t at, std::size_t width = 4) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < width; ++i) number = number << 8 | bytes.at(at + i);
  return number;
}

fault system_trouble(const fs::path& file, std::string_view what, int error) {
  return {fault_kind::storage,
          file.native() + ": " + std::string{what} + ": " + std::generic_category().message(error),
          {},
          {}};
}

fault too_new(const fs::path& file, std::int64_t version) {
  return {fault_kind::unsupported,
          file.native() + ": has schema version " + std::to_string(version) + ", this program knows versions up to " +
              std::to_string(schema_version()) + "; nothing was changed: start the newer program",
          {},
          {}};
}

/// The first bytes, read without SQLite, which might already write.
result<header> read_header(const fs::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return failure(system_trouble(file, "cannot be opened", errno));
  header bytes{};
  const auto size = ::pread(descriptor, bytes.data(), bytes.size(), 0);
  const int error = errno;
  ::close(descriptor);
  if (size < 0) return failure(system_trouble(file, "cannot be read", error));
  if (static_cast<std::size_t>(size) < header_size) return failure(damaged(file, "is too short for a database"));
  return bytes;
}

/// The header of the database file format (sqlite.org/fileformat2.html, section 1.3).
result<void> check_header(const fs::path& file) {
  const auto bytes = read_header(file);
  if (!bytes) return failure(bytes.error());
  if (std::memcmp(bytes->data(), "SQLite format 3", 16) != 0)
    return failure(damaged(file, "is not a SQLite database"));
  if (big_endian(*bytes, 68) != application_id) return failure(damaged(file, "is a database of another program"));
  const auto version = static_cast<std::int32_t>(big_endian(*bytes, 60));
  if (version > schema_version()) return failure(too_new(file, version));

  const auto page_field = big_endian(*bytes, 16, 2);
  const std::uint64_t page = page_field == 1 ? 65536 : page_field;
  if (version < 0 || page < 512 || (page & (page - 1)) != 0) return failure(damaged(file, "has a damaged header"));
  const std::uint64_t wanted = page * big_endian(*bytes, 28);
  // With a WAL the rest of the file may still be in there: see check_size.
  if (const auto found = size_of(file); found < wanted && size_of(wal_of(file)) == 0)
    return failure(
        damaged(file, "is truncated: has " + std::to_string(found) + " of " + std::to_string(wanted) + " bytes"));
  return {};
}

/// File and WAL together cannot hold fewer bytes than the database has; the rule is that of SQLite's own checkpoint.
result<void> check_size(connection& opened, const fs::path& file) {
  const auto pages = opened.number("PRAGMA page_count");
  if (!pages) return failure(pages.error());
  const auto page = opened.number("PRAGMA page_size");
  if (!page) return failure(page.error());
  const auto wanted = static_cast<std::uint64_t>(*pages * *page);
  const auto found = size_of(file) + size_of(wal_of(file));
  if (found < wanted)
    return failure(
        damaged(file, "is truncated: has " + std::to_string(found) + " of " + std::to_string(wanted) + " bytes"));
  return {};
}

result<void> sync_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return failure(system_trouble(folder, "cannot be opened", errno));
  const int failed = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  if (failed != 0) return failure(system_trouble(folder, "cannot be made durable", failed));
  return {};
}

result<void> write_empty_store(const fs::path& file) {
  auto made = connection::open(file, true);
  if (!made) return failure(made.error());
  auto done = made->run("PRAGMA page_size = " + std::to_string(page_size_new) + "; PRAGMA synchronous = FULL;");
  if (done) done = migrate(*made);
  if (done) done = made->run("PRAGMA journal_mode = WAL;");
  return done;
}

/// A new store appears under its name only when it is complete: a crash in between leaves nothing that must be
/// judged.
result<void> make_store_file(const fs::path& file) {
  const fs::path draft = file.native() + ".new";
  std::error_code error;
  for (const auto* suffix : {"", "-wal", "-shm", "-journal"}) fs::remove(draft.native() + suffix, error);
  if (const auto written = write_empty_store(draft); !written) return written;
  fs::rename(draft, file, error);
  if (error) return failure(system_trouble(file, "cannot be made", error.value()));
  return sync_folder(file.parent_path());
}

/// True when there is a file whose content counts.
result<bool> has_content(const fs::path& file) {
  std::error_code error;
  const auto status = fs::status(file, error);
  if (fs::exists(status) && !fs::is_regular_file(status))
    return failure(fault_kind::storage, file.native() + ": is not a file; the store must be a file of this name");
  if (size_of(file) > 0) return true;
  if (size_of(wal_of(file)) > 0) return failure(damaged(file, "is empty or missing, but its -wal file has content"));
  // No store is ever empty under its name: see make_store_file.
  if (fs::exists(status)) return failure(damaged(file, "is empty"));
  return false;
}

result<void> set_up(connection& opened, const fs::path& file, durability how) {
  const auto version = opened.number("PRAGMA user_version");
  if (!version) return failure(version.error());
  if (*version > schema_version()) return failure(too_new(file, *version));
  if (const auto whole = check_size(opened, file); !whole) return whole;
  if (const auto ready = migrate(opened); !ready) return ready;
  const auto* level = how == durability::fsync ? "FULL" : "NORMAL";
  // The WAL is reused from its start after each checkpoint. 4096 pages: see the figures in the commit.
  return opened.run(
      "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 4096; PRAGMA cache_size = -8192;"
      "PRAGMA synchronous = " +
      std::string{level});
}

}  // namespace

fault damaged(const fs::path& file, const std::string& found) {
  return {fault_kind::corrupt,
          file.native() + ": " + found +
              "; nothing was changed: put it back as it was, or all stores of the shop from a backup of one moment",
          {},
          {}};
}

result<connection> open_store_file(const fs::path& file, durability how) {
  const auto found = has_content(file);
  if (!found) return failure(found.error());
  if (!*found) {
    if (const auto made = make_store_file(file); !made) return failure(made.error());
  }
  if (const auto checked = check_header(file); !checked) return failure(checked.error());
  auto opened = connection::open(file, false);
  if (!opened) return opened;
  if (const auto ready = set_up(*opened, file, how); !ready) return failure(ready.error());
  return opened;
}

result<void> make_folder(const fs::path& folder) {
  std::error_code error;
  if (folder.empty() || fs::is_directory(folder, error)) return {};
  if (const auto above = make_folder(folder.parent_path()); !above) return above;
  fs::create_directory(folder, error);
  if (error) return failure(system_trouble(folder, "cannot be made", error.value()));
  return sync_folder(folder.parent_path());
}

}  // namespace musiccorp::storage::sqlite
