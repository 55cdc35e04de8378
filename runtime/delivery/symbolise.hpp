#pragma once

#include <span>
#include <string>

#include "delivery/crash_scene.hpp"

namespace musiccorp::delivery {

/// The frames as text, one a line, innermost first:
///
///     #0 musiccorp::order::place(turn&, place_order const&) + 0x1a
///     #1 libc.so.6 + 0x38506
///
/// Names come from this process's own modules, so they are those of the dead one only where the build ids agree;
/// other frames, and functions that are not exported (link with ENABLE_EXPORTS), are named by file and offset, which
/// `addr2line -e` understands. Never called in a signal handler. Any thread.
[[nodiscard]] std::string symbolise(std::span<const stack_frame> frames);

}  // namespace musiccorp::delivery
