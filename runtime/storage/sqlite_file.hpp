#pragma once

#include <filesystem>

#include "storage/sqlite.hpp"
#include "storage/sqlite_store.hpp"

/// How a store's file comes to be open. Private to this room.
namespace musiccorp::storage::sqlite {

/// A connection to a store with the current schema; a file that is missing is made. Whatever else is found there, an
/// empty file too, is refused as `open_sqlite_store` says, with not a byte of it changed. The caller holds the file's
/// lock.
[[nodiscard]] result<connection> open_store_file(const std::filesystem::path& file, durability how);

/// The store is not what was written; the text names the file and says what to do.
[[nodiscard]] fault damaged(const std::filesystem::path& file, const std::string& found);

/// Makes the folder and those above it; each is on disk when this returns.
[[nodiscard]] result<void> make_folder(const std::filesystem::path& folder);

}  // namespace musiccorp::storage::sqlite
