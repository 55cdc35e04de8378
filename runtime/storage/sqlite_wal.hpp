#pragma once

#include <cstdint>
#include <filesystem>

/// What SQLite will not say of a write-ahead log. Private to this room.
namespace musiccorp::storage::sqlite {

/// Transactions that are complete in this log behind a frame that is not what was written: SQLite reads up to that
/// frame and forgets the rest. 0 for a log that is whole, missing, or ends within a transaction, as the death of a
/// process leaves it. After a power loss they may be ones that nobody was told of. (sqlite.org/fileformat2.html,
/// section 4)
[[nodiscard]] std::uint64_t transactions_behind_damage(const std::filesystem::path& wal);

}  // namespace musiccorp::storage::sqlite
