#include "supervision/board_writer.hpp"

namespace musiccorp::supervision {

void write_changes(supervisor_rules& rules, board_entry& entry, const wall_time& time) {
  for (const auto number : rules.take_changes()) {
    if (auto seen = rules.view_of(number, time))
      entry.show_child(number, rules.position_of(number).value_or(0), std::move(*seen));
    else
      entry.remove_child(number);
  }
  entry.show(rules.view(time.at));
}

}  // namespace musiccorp::supervision
