#pragma once

#include "delivery/dead_letters.hpp"
#include "hospital/settings.hpp"
#include "service/outcome.hpp"
#include "service/turn.hpp"

/// What the hospital hears from services, by the table of case_table.hpp. What is a duplicate, out of date, or about
/// a case that nobody knows (its story was forgotten) is done without a change.
namespace musiccorp::hospital {

outcome hear_death(turn& now, const delivery::message_died& event, const ward& in);
outcome hear_healing(turn& now, const delivery::message_healed& event, const ward& in);
outcome hear_burial(turn& now, const delivery::message_discarded& event, const ward& in);
outcome hear_refusal(turn& now, const delivery::treatment_refused& event, const ward& in);

}  // namespace musiccorp::hospital
