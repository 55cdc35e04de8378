#pragma once

#include "hospital/batch_messages.hpp"
#include "hospital/settings.hpp"
#include "service/outcome.hpp"
#include "service/turn.hpp"

/// Many cases at once. A batch is worked off by durable requests of the hospital to itself, so it needs no timer,
/// survives restarts and ends:
///
///     canary -> running -> finishing -> finished
///     canary, running -> stopped     as soon as stop_after failures are known
///     canary, running -> cancelled   by a person
///
/// At most one continue_batch of a batch is on its way. While the canary's outcomes or the last ones are missing
/// there is none: the event that brings the outcome asks for the next. So nothing expires when a service is away for
/// a week; the batch waits, visibly, and can be cancelled.
namespace musiccorp::hospital {

outcome submit(turn& now, const start_batch& command, const ward& in);
outcome work_off(turn& now, const continue_batch& command, const ward& in);
outcome cancel(turn& now, const cancel_batch& command, const ward& in);

outcome answer_batches(turn& now, const list_batches& query);
outcome answer_batch(turn& now, const show_batch& query);

}  // namespace musiccorp::hospital
