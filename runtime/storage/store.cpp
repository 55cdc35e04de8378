#include "storage/store.hpp"

#include <array>

namespace musiccorp::storage {

std::string_view name_of(waiting_state state) {
  static constexpr std::array<std::string_view, waiting_states> names{"retry", "deferred",  "parked",
                                                                      "dead",  "replaying", "alone"};
  return names.at(static_cast<std::size_t>(state));
}

waiting_mark mark_of(const waiting_row& row) {
  return {row.upstream,         row.seq,          row.state,      row.key, row.due,
          row.message.occurred, row.awaited_type, row.awaited_key};
}

}  // namespace musiccorp::storage
