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
/// Names come from this process's own modules, so they are those of the dead one only where the build ids agree.
/// Frames of another build, and of files whose symbols are stripped, are named by file and offset, which `addr2line
/// -e` understands. Reads the program's file: some ten milliseconds. Never called in a signal handler. Any thread.
[[nodiscard]] std::string symbolise(std::span<const stack_frame> frames);

}  // namespace musiccorp::delivery
