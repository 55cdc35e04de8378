#include "storage/store.hpp"

#include <algorithm>
#include <array>

namespace musiccorp::storage {

std::string_view name_of(waiting_state state) {
  static constexpr std::array<std::string_view, waiting_states> names{"retry", "deferred",  "parked",
                                                                      "dead",  "replaying", "alone"};
  return names.at(static_cast<std::size_t>(state));
}

std::string_view generation_at(std::span<const log_generation> all, std::uint64_t seq) {
  const auto wrote =
      std::find_if(all.rbegin(), all.rend(), [&](const log_generation& one) { return one.after < seq; });
  return wrote == all.rend() ? std::string_view{} : wrote->id;
}

waiting_mark mark_of(const waiting_row& row) {
  return {row.upstream,         row.seq,          row.state,      row.key, row.due,
          row.message.occurred, row.awaited_type, row.awaited_key};
}

}  // namespace musiccorp::storage
