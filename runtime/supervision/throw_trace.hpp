#pragma once

#include <array>
#include <cstddef>
#include <string>

/// Where exceptions are thrown. C++ forgets it: by the time a handler runs, the stack of the throw is gone. So every
/// throw of the program notes its callers first, in a place of its thread: some 50 ns, by following frame pointers
/// (the whole program is built with them; a library without them may hide frames or end the list).
///
/// The program that links this room and asks for last_throw() gets the hook (its own __cxa_throw, which then calls
/// the C++ runtime's); no other setting.
namespace musiccorp::supervision {

struct stack_trace {
  static constexpr std::size_t depth_max = 24;
  std::array<void*, depth_max> frames{};
  std::size_t depth = 0;
};

/// Of the last throw on this thread; to be asked in the handler. Empty when there was none.
[[nodiscard]] stack_trace last_throw() noexcept;

/// Without the frames from `caller` outwards (a __builtin_return_address(0) of the function that handles); whole when
/// it is not among them. Who called the handler is the same for every throw, and tells a reader nothing.
[[nodiscard]] stack_trace inside(stack_trace trace, const void* caller) noexcept;

/// One line a frame, innermost first: `module+0x123`, with the function's name where the module exports it.
/// `addr2line -Cfpe module 0x123` tells file and line. Any thread; names are looked up once and kept.
[[nodiscard]] std::string to_text(const stack_trace& trace);

}  // namespace musiccorp::supervision
