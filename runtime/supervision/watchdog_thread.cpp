#include "supervision/watchdog_thread.hpp"

#include <signal.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>

#include "supervision/exception_text.hpp"
#include "telemetry/log.hpp"

namespace musiccorp::supervision {
namespace {

const telemetry::logger log{"supervision"};

void tell(const watchdog_event& seen, const watchdog_thread::reaction& react) noexcept {
  const auto ms = [](duration time) { return time / std::chrono::milliseconds{1}; };
  if (seen.what == watchdog_event::kind::wedged)
    log.error("handler-wedged", {{"handler", seen.name},
                                 {"handling", seen.handling},
                                 {"running_ms", ms(seen.running)},
                                 {"deadline_ms", ms(seen.deadline)}});
  else
    log.warn("handler-recovered",
             {{"handler", seen.name}, {"handling", seen.handling}, {"running_ms", ms(seen.running)}});
  try {
    if (react) react(seen);
  } catch (...) {
    log.error("watchdog-reaction-failed", {{"error", text_of(std::current_exception())}});
  }
}

}  // namespace

watchdog_thread::watchdog_thread(std::shared_ptr<watchdog> watched, std::chrono::milliseconds interval,
                                 reaction react)
    : thread_{[watched = std::move(watched), interval, react = std::move(react)](const std::stop_token& ending) {
        std::mutex mutex;
        std::condition_variable_any wake;
        std::unique_lock hold{mutex};
        do {
          const auto now = std::chrono::time_point_cast<duration>(std::chrono::steady_clock::now());
          for (const auto& seen : watched->check(now)) tell(seen, react);
        } while (!wake.wait_for(hold, ending, interval, [&] { return ending.stop_requested(); }));
      }} {}

watchdog_thread::reaction end_process(std::chrono::milliseconds patience) {
  return [patience](const watchdog_event& seen) {
    if (seen.what != watchdog_event::kind::wedged) return;
    telemetry::flush_logs();
    tgkill(getpid(), seen.thread, SIGABRT);
    std::this_thread::sleep_for(patience);
    kill(getpid(), SIGKILL);
  };
}

}  // namespace musiccorp::supervision
