#pragma once

#include <filesystem>

#include "storage/store.hpp"

namespace musiccorp::storage {

/// How SQLite makes a commit durable.
enum class durability : std::uint8_t {
  fsync,   ///< every commit is on disk before it returns (WAL, synchronous=FULL)
  process  ///< survives the death of the process, not of the machine (synchronous=NORMAL); for tests and comparison
};

/// One file `<partition>.db` in WAL mode. A new file gets the current schema version; an older one is migrated in one
/// transaction; a newer one is refused with fault{unsupported} and left untouched. A file that is no database, is
/// truncated or damaged gives fault{corrupt} that names the file and says what to do; nothing in it is overwritten.
[[nodiscard]] result<std::unique_ptr<store>> open_sqlite_store(const std::filesystem::path& file,
                                                               durability = durability::fsync);

/// Stores as `<folder>/<partition>.db`; makes the folder when it is missing.
[[nodiscard]] std::unique_ptr<store_factory> sqlite_stores(std::filesystem::path folder,
                                                           durability = durability::fsync);

}  // namespace musiccorp::storage
