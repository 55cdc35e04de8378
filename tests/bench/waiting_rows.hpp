#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "storage/sqlite_store.hpp"

namespace musiccorp::bench {

inline constexpr const char* waiting_upstream = "source";

/// The waiting message of this seq, from 1: of ten, one is dead and nine are parked behind it, or one is tried again
/// and nine wait for their own time without a key.
[[nodiscard]] storage::waiting_row waiting_row_of(std::uint64_t seq);
[[nodiscard]] storage::instant waiting_due_of(std::uint64_t seq);

/// A store of this partition with so many of them from this upstream, and the cursor that goes with them.
void write_waiting_rows(const std::filesystem::path& data, const std::string& partition, std::uint64_t count,
                        const std::string& upstream = waiting_upstream);

}  // namespace musiccorp::bench
