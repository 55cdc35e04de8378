#pragma once

namespace musiccorp::delivery {

/// From now on a fatal signal (SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP) first writes signal,
/// address and return addresses into the crash page of the slot whose message the thread handles, or into the page
/// for crashes outside of any message, and then does what it would have done before: what was installed earlier (a
/// sanitizer's report, the default action with its exit status and core dump) sees the same signal.
///
/// std::terminate ends in SIGABRT of the thread that called it. The files of other nodes in this process learn that
/// the crash was none of theirs. A child between fork and exec writes nothing.
///
/// Once per process; further calls do nothing. Any thread; never undone.
void install_crash_handler();

/// Gives the calling thread a stack on which the handler can run when the thread's own has overflowed, until the
/// thread ends. To be called by whoever begins a slot on a thread; all calls but a thread's first cost about a
/// nanosecond. Without room for it the handler runs on the thread's own stack, and an overflow remains unmarked.
void ensure_alternate_stack();

}  // namespace musiccorp::delivery
