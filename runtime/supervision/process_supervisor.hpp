#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "supervision/child_spec.hpp"
#include "supervision/supervised_process.hpp"
#include "supervision/supervision_board.hpp"
#include "supervision/supervisor_actions.hpp"

namespace musiccorp::supervision {

struct process_child {
  /// `ready_within`: how long until a line `ready <url>` on its stdout; empty: it is up at once. `stop`: how long
  /// from SIGTERM to SIGKILL.
  child_spec spec;
  process_command command;
  /// A line on its stdout with which it says that its work is done. Then its end, whatever it looks like, is
  /// `normal`, and without it no end is, also not with code 0. Empty: an end with code 0 is `normal`.
  std::string last_word{};
};

struct process_supervisor_setup {
  std::string name = "processes";
  supervisor_options options{};
  std::vector<process_child> children{};
  /// Each line that a child says, with its name in front: `node-1 | text`. `is_error`: from its stderr.
  std::function<void(std::string_view line, bool is_error)> say{};
  std::function<void(std::string_view child, std::string_view url)> on_ready{};  ///< each time that one is up
  std::function<void()> on_all_ready{};                                          ///< once
  std::function<void(std::string_view child)> on_done{};  ///< it has ended after its last word, unasked
  std::function<void(const tell&)> observe{};
  std::shared_ptr<supervision_board> board{};
  std::uint64_t seed = 1;
  /// SIGTERM, SIGINT and SIGHUP stop, a second one hurries; SIGUSR1 and SIGUSR2 go to all children. They must be
  /// blocked in all other threads, so before those begin. Without it, only stop() and forward().
  bool takes_signals = true;
};

struct process_supervisor_end {
  int exit_code = 0;  ///< 0: it was asked to stop; 69: a first start failed; 70: it gave up (as in sysexits.h)
  end_reason why{};
};

/// Supervises programs by the rules of supervisor_rules: ordered start, restarts with backoff and a budget, stop in
/// reverse order with a limit, then SIGKILL. A process is pre-emptible, so what hangs an actor system is ended here.
/// Signals to it, readiness and output pass through it. Runs on one thread; stop() and forward() from any.
class process_supervisor {
 public:
  [[nodiscard]] static result<std::unique_ptr<process_supervisor>> make(process_supervisor_setup setup);
  ~process_supervisor();
  process_supervisor(const process_supervisor&) = delete;
  process_supervisor& operator=(const process_supervisor&) = delete;

  /// Starts everything and returns when all of it has ended. Once.
  [[nodiscard]] process_supervisor_end run();
  /// As SIGTERM does; `hurry` kills.
  void stop(bool hurry = false);
  /// SIGUSR1 or SIGUSR2 to all children.
  void forward(int signal);

 private:
  class parts;
  explicit process_supervisor(std::unique_ptr<parts> made);
  std::unique_ptr<parts> parts_;
};

}  // namespace musiccorp::supervision
