#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "supervision/watchdog.hpp"

namespace musiccorp::supervision {

/// Asks a watchdog every `interval`, on a thread of its own that no scheduler can keep from running, and tells what
/// it notices: to the log, and to `react`, whose policy it is to wait or to end the process. Stops with its end.
class watchdog_thread {
 public:
  using reaction = std::function<void(const watchdog_event&)>;

  /// `react` runs on the watchdog's thread and must not wait for anything that could hang.
  watchdog_thread(std::shared_ptr<watchdog> watched, std::chrono::milliseconds interval, reaction react = {});

 private:
  std::jthread thread_;
};

/// A reaction that ends the process with SIGABRT, without any clean-up (which could hang just as well), so that its
/// supervisor starts it again. The signal goes to the thread that is wedged, so a handler of fatal signals sees the
/// culprit and its stack. Where that thread does not take it within `patience` (it waits for a disk, say), with
/// SIGKILL.
[[nodiscard]] watchdog_thread::reaction end_process(std::chrono::milliseconds patience = std::chrono::seconds{2});

}  // namespace musiccorp::supervision
