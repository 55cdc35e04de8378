#pragma once

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>
#include <caf/fwd.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "supervision/child_spec.hpp"
#include "supervision/crash_memory.hpp"
#include "supervision/end_reason.hpp"
#include "supervision/supervision_board.hpp"
#include "supervision/supervisor_actions.hpp"

/// The actor beside `supervisor_rules`: it owns monitors, timers and messages and decides nothing.
///
///     auto root = spawn_supervisor(system, {.path = "node", .children = {
///       {{.id = "telemetry"}, [&](const start_context& how) -> result<started_child> {
///         return started_child{how.system.spawn<sampler>(...)};
///       }},
///       supervisor_child({.id = "services"}, {.options = {...}, .children = {...}}),
///     }});
namespace musiccorp::supervision {

/// A child's way to speak to its supervisor about its own run. Cheap to copy, any thread, valid for ever; an older
/// run, or a supervisor that is gone, makes it say nothing. An empty one says nothing either.
class child_link {
 public:
  child_link() = default;
  child_link(caf::actor_addr supervisor, child_ref which);
  /// For children whose spec says `ready_within`: the start is complete.
  void up() const;
  /// It crashed, and rebuilds its core by itself.
  void crashed(crash_report crash) const;
  /// The same of several, oldest first, as one message: who works in batches crashes in batches.
  void crashed_in_batch(std::vector<crash_report> crashes) const;

 private:
  caf::actor_addr supervisor_;
  child_ref which_;
};

/// Hears each thing that a supervisor of this path logs; on its thread.
using on_tell = std::function<void(const std::string& path, const tell&)>;

struct start_context {
  caf::actor_system& system;
  std::string path;   ///< of the child: the supervisor's, a slash, its id
  std::uint64_t run;  ///< 1 for the first start
  child_link link;
  // What a supervisor below may share.
  std::shared_ptr<supervision_board> board;
  std::shared_ptr<const base::clock> clock;
  on_tell observe;
};

/// What a start function returns. It ends with its actor: an actor that quits with to_error() of a reason tells its
/// supervisor everything; CAF's own exit reasons are understood, too.
struct started_child {
  caf::actor who;  ///< invalid: there is nothing to do (OTP's `ignore`)
  /// Asks it to stop; called on the supervisor's thread. Empty: an exit message `user_shutdown` of high priority.
  std::function<void()> stop{};
  /// Has it rebuild its core in place, for specs with `rebuilds`; called on the supervisor's thread.
  std::function<void()> rebuild{};
};

/// Spawns a child and returns at once: on the supervisor's thread, so long work belongs into the child (which then
/// says `ready_within`). A fault, or an exception of any kind, is a failed start.
using start_function = std::function<result<started_child>(const start_context&)>;

struct supervised_child {
  child_spec spec;
  start_function start;
};

/// Whom a supervisor that died left behind, for its next run. Thread-safe.
class orphanage {
 public:
  void put(std::vector<caf::actor_addr> left) {
    const std::lock_guard hold{mutex_};
    left_.insert(left_.end(), left.begin(), left.end());
  }
  [[nodiscard]] std::vector<caf::actor_addr> take() {
    const std::lock_guard hold{mutex_};
    return std::exchange(left_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<caf::actor_addr> left_;
};

struct supervisor_setup {
  std::string path{};  ///< names from the root with slashes; set by supervisor_child()
  supervisor_options options{};
  std::vector<supervised_child> children{};    ///< of a pool: exactly one, the template
  std::shared_ptr<supervision_board> board{};  ///< shows it; may be empty
  std::shared_ptr<const base::clock> clock{};  ///< for times in views; empty: the machine's
  std::uint64_t seed = 1;                      ///< of the jitter
  on_tell observe{};                           ///< for metrics
  /// All children are up for the first time; on its thread.
  std::function<void()> on_ready{};
  /// Its end, also when it crashed; on its thread, before anybody who monitors it hears of it.
  std::function<void(const end_reason&)> on_end{};
  std::shared_ptr<orphanage> orphans{};  ///< shared by its runs: children of a former one end before its own start
  child_link parent{};                   ///< hears when all children are up for the first time
};

/// fault{invalid} when check() finds something. The supervisor stops gracefully at an exit message that is not
/// `kill`; `kill`, or a bug of its own, makes it kill its children, in reverse order and without waiting; its next
/// run waits for them, up to `kill_grace`, and does not start when they are still there.
[[nodiscard]] result<caf::actor> spawn_supervisor(caf::actor_system& system, supervisor_setup setup);

/// A supervisor as a child of another. `board`, `clock` and `observe` are its parent's when it has none. It is up
/// when its children are; `ready_within` of the spec, when empty, is 1 min.
[[nodiscard]] supervised_child supervisor_child(child_spec spec, supervisor_setup setup);

struct command_answer {
  outcome what = outcome::done;
  std::string text{};
  std::vector<problem> problems{};
};
/// Called once, on the supervisor's thread or, when that is gone, on any; must not throw or block.
using on_answer = std::function<void(const command_answer&)>;

/// Commands to a running supervisor, by messages: any thread. See supervisor_rules for what they do.
class supervisor_handle {
 public:
  explicit supervisor_handle(caf::actor supervisor) : supervisor_(std::move(supervisor)) {}
  /// A member of a pool needs only an id, and a start function when the template's does not fit.
  void start_child(supervised_child child, on_answer then = {}) const;
  void restart_child(std::string id, on_answer then = {}) const;
  void terminate_child(std::string id, on_answer then = {}) const;
  void delete_child(std::string id, on_answer then = {}) const;
  void replace_child(std::string id, on_answer then = {}) const;
  void change(supervisor_options options, std::vector<supervised_child> children, on_answer then = {}) const;
  void stop(bool hurry = false) const;
  [[nodiscard]] const caf::actor& actor() const { return supervisor_; }

 private:
  caf::actor supervisor_;
};

}  // namespace musiccorp::supervision
