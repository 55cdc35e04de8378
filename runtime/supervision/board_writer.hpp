#pragma once

#include "supervision/supervision_board.hpp"
#include "supervision/supervisor_rules.hpp"

namespace musiccorp::supervision {

/// Shows what has changed in the rules since the last call.
void write_changes(supervisor_rules& rules, board_entry& entry, const wall_time& time);

}  // namespace musiccorp::supervision
