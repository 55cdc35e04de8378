#include "delivery/crash_handler.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <mutex>

#include "delivery/slots_file.hpp"

// Everything that the handler reaches keeps to signal-safety(7): no heap, no locks, no stdio. The unwinder takes no
// lock once it has run, because since glibc 2.35 it finds its tables with _dl_find_object.
namespace musiccorp::delivery {
namespace {

using slots_file::crash_page;
using slots_file::page_state;

constexpr std::array fatal_signals{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP};

/// What was installed before us, by position in fatal_signals. Written once, before any handler can run.
std::array<struct sigaction, fatal_signals.size()> before{};

/// Where the thread was when the signal came; `known` only on processors that we know. `program` is 0 after a jump to
/// nowhere.
struct registers {
  bool known = false;
  std::uintptr_t program = 0;
  std::uintptr_t stack = 0;
  std::uintptr_t frame = 0;
};

registers registers_in(const ucontext_t& context) {
#if defined(__x86_64__)
  const auto& all = context.uc_mcontext.gregs;
  return {true, static_cast<std::uintptr_t>(all[REG_RIP]), static_cast<std::uintptr_t>(all[REG_RSP]),
          static_cast<std::uintptr_t>(all[REG_RBP])};
#elif defined(__aarch64__)
  const auto& all = context.uc_mcontext;
  return {true, all.pc, all.sp, all.regs[29]};
#else
  (void)context;
  return {};
#endif
}

/// Return addresses as they are found, straight into the page: if finding one crashes, the ones before it are kept.
class frame_writer {
 public:
  explicit frame_writer(crash_page& page) : page_{page} {}

  /// All frames; or those from `program` on.
  void unwind() {
    started_ = true;
    _Unwind_Backtrace(visit, this);
  }
  void unwind_from(std::uintptr_t program) {
    program_ = program;
    _Unwind_Backtrace(visit, this);
  }
  void add(std::uintptr_t address) {
    const auto count = page_.frames_count.load(std::memory_order_relaxed);
    if (count == slots_file::frames_max) return;
    page_.frames[count] = address;
    page_.frames_count.store(count + 1, std::memory_order_release);
  }
  [[nodiscard]] std::uint32_t count() const { return page_.frames_count.load(std::memory_order_relaxed); }

 private:
  static _Unwind_Reason_Code visit(_Unwind_Context* context, void* self) {
    auto& writer = *static_cast<frame_writer*>(self);
    const auto address = static_cast<std::uintptr_t>(_Unwind_GetIP(context));
    writer.started_ = writer.started_ || address == writer.program_;
    if (writer.started_) writer.add(address);
    return writer.count() == slots_file::frames_max ? _URC_END_OF_STACK : _URC_NO_REASON;
  }

  crash_page& page_;
  std::uintptr_t program_ = 0;
  bool started_ = false;
};

/// A jump to where no code is leaves the unwinder nothing to go by. Then the caller's return address is on top of the
/// stack, and our own code keeps frame pointers.
__attribute__((no_sanitize("address", "thread", "undefined"))) void follow_frame_pointers(const registers& at,
                                                                                          frame_writer& writer) {
  constexpr std::uintptr_t reach = 1u << 20U;
#if defined(__x86_64__)
  if (at.stack % sizeof(void*) == 0) writer.add(*reinterpret_cast<const std::uintptr_t*>(at.stack));
#endif
  for (auto frame = at.frame, low = at.stack;
       frame > low && frame - at.stack < reach && frame % sizeof(void*) == 0;) {
    const auto* words = reinterpret_cast<const std::uintptr_t*>(frame);
    if (words[1] == 0 || writer.count() == slots_file::frames_max) return;
    writer.add(words[1]);
    low = frame;
    frame = words[0];
  }
}

std::int64_t microseconds_now() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

int this_thread() { return static_cast<int>(::syscall(SYS_gettid)); }

/// Of a signal that a process sent. Outside of our pid namespace nobody has a number (pid_namespaces(7)).
int sender_of(const siginfo_t& why) {
  if (why.si_pid == ::getpid()) return 0;
  return why.si_pid != 0 ? why.si_pid : -1;
}

/// Marked before the frames are looked for, because looking may crash again.
void write(crash_page& page, int signal, const siginfo_t& why, const ucontext_t* context, bool with_frames) {
  auto empty = page_state::empty;
  if (!page.state.compare_exchange_strong(empty, page_state::claimed)) return;
  const bool sent = why.si_code <= 0;  // By a process, with kill(2) and its kind; sigaction(2), "si_code".
  page.signal = signal;
  page.code = why.si_code;
  page.sender = sent ? sender_of(why) : 0;
  page.address = sent ? 0 : reinterpret_cast<std::uintptr_t>(why.si_addr);
  page.thread = this_thread();
  page.at = microseconds_now();
  page.state.store(page_state::marked, std::memory_order_release);
  if (!with_frames) return;
  const auto at = context != nullptr ? registers_in(*context) : registers{};
  frame_writer writer{page};
  if (at.known) writer.unwind_from(at.program);
  if (writer.count() == 0) writer.unwind();  // With the handler's own in front.
  if (writer.count() == 1 && at.known) follow_frame_pointers(at, writer);
}

void record(int signal, const siginfo_t& why, const ucontext_t* context) {
  const auto* guilty = slots_file::current;
  const auto* home = guilty != nullptr ? guilty->home : nullptr;
  if (guilty != nullptr && home->head.pid == ::getpid()) {
    guilty->page->upstream = guilty->row->upstream.load(std::memory_order_relaxed);
    guilty->page->seq = guilty->row->seq.load(std::memory_order_relaxed);
    write(*guilty->page, signal, why, context, true);
  }
  for (const auto& one : slots_file::live) {
    auto* file = one.load(std::memory_order_acquire);
    if (file != nullptr && file != home && file->head.pid == ::getpid())
      write(file->outside, signal, why, context, guilty == nullptr);
  }
}

/// The signal again, for whoever was there before us. A fault of the processor comes by itself when the instruction
/// runs again; anything else is sent once more and waits until we return.
void hand_over(int signal, const siginfo_t& why) {
  for (std::size_t i = 0; i < fatal_signals.size(); ++i)
    if (fatal_signals[i] == signal) ::sigaction(signal, &before[i], nullptr);
  const bool comes_again =
      why.si_code > 0 && (signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE);
  if (!comes_again) ::syscall(SYS_tgkill, ::getpid(), this_thread(), signal);
}

void on_fatal_signal(int signal, siginfo_t* why, void* context) {
  const int error = errno;
  record(signal, *why, static_cast<const ucontext_t*>(context));
  hand_over(signal, *why);
  errno = error;
}

/// The unwinder's first run loads and locks what later runs need.
void warm_up() {
  _Unwind_Backtrace([](_Unwind_Context*, void*) { return _URC_NO_REASON; }, nullptr);
}

/// Memory of its own with an unusable page below, set for the thread that makes it.
class alternate_stack {
 public:
  alternate_stack() {
    void* at = ::mmap(nullptr, size + guard, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (at == MAP_FAILED) return;
    ::mprotect(at, guard, PROT_NONE);
    memory_ = at;
    stack_t ours{};
    ours.ss_sp = static_cast<char*>(at) + guard;
    ours.ss_size = size;
    ::sigaltstack(&ours, &before_);
  }
  ~alternate_stack() {
    if (memory_ == nullptr) return;
    ::sigaltstack(&before_, nullptr);
    ::munmap(memory_, size + guard);
  }
  alternate_stack(const alternate_stack&) = delete;
  alternate_stack& operator=(const alternate_stack&) = delete;

 private:
  static constexpr std::size_t guard = 4096;
  static constexpr std::size_t size = 64U << 10U;  // The unwinder needs about 4 KiB, a sanitizer's report 32.
  void* memory_ = nullptr;
  stack_t before_{};
};

}  // namespace

void install_crash_handler() {
  static std::once_flag once;
  std::call_once(once, [] {
    warm_up();
    struct sigaction ours {};
    ours.sa_sigaction = on_fatal_signal;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigfillset(&ours.sa_mask);
    for (std::size_t i = 0; i < fatal_signals.size(); ++i) ::sigaction(fatal_signals[i], nullptr, &before[i]);
    for (const auto signal : fatal_signals) ::sigaction(signal, &ours, nullptr);
  });
}

void ensure_alternate_stack() { static thread_local const alternate_stack stack; }

}  // namespace musiccorp::delivery
