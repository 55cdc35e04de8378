#pragma once

#include "delivery/dead_letters.hpp"
#include "hospital/rehearsal_messages.hpp"
#include "hospital/settings.hpp"
#include "service/outcome.hpp"
#include "service/turn.hpp"

/// Dry runs: the service that owns the case runs its rule in a turn of which nothing is kept; the hospital asks it
/// and masks what it shows.
namespace musiccorp::hospital {

outcome answer_rehearsal(turn& now, const show_rehearsal& query, const delivery::rehearsal& played, const ward& in);
/// The payload is checked as an edit's is. A reveal needs a reason.
outcome answer_rehearsal_with(turn& now, const rehearse_case& query, const delivery::rehearsal& played,
                              const ward& in);

}  // namespace musiccorp::hospital
