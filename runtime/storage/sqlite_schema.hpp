#pragma once

#include <cstdint>
#include <span>

#include "storage/sqlite.hpp"

/// What is in a store's file, by version. Private to this room.
namespace musiccorp::storage::sqlite {

/// "Musc": marks a file as ours in its header.
inline constexpr std::int64_t application_id = 0x4d757363;

/// Step n leads from version n to version n + 1; the last one ends at the version that this program writes.
[[nodiscard]] std::span<const char* const> schema_steps();
[[nodiscard]] inline std::int64_t schema_version() { return static_cast<std::int64_t>(schema_steps().size()); }

/// Takes the file from its version to the end of `steps` in one transaction.
[[nodiscard]] result<void> migrate(connection& file, std::span<const char* const> steps = schema_steps());

}  // namespace musiccorp::storage::sqlite
