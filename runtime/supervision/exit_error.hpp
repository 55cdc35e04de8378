#pragma once

#include <caf/error.hpp>
#include <caf/fwd.hpp>

#include "supervision/end_reason.hpp"

namespace musiccorp::supervision {

/// A reason as CAF's exit reason, for `quit(...)`: an actor's DOWN message carries it to its supervisor, whole.
[[nodiscard]] caf::error to_error(const end_reason& why);

/// What CAF says about an actor's end. CAF's own `user_shutdown` is a shutdown, its `kill` is killed, anything else
/// that is not ours is a crash with as much text as there is.
[[nodiscard]] end_reason to_reason(const caf::error& why);

/// Lets the end of this actor by an exception say what was thrown, and where. (CAF's own handler prints to stdout and
/// tells nothing.) For the constructor of an actor that lives below a supervisor.
void tell_crashes(caf::scheduled_actor& self);

}  // namespace musiccorp::supervision
