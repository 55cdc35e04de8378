#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "base/result.hpp"
#include "supervision/backoff.hpp"
#include "supervision/child_spec.hpp"
#include "supervision/crash_memory.hpp"
#include "supervision/end_reason.hpp"
#include "supervision/moment.hpp"
#include "supervision/restart_budget.hpp"
#include "supervision/supervision_view.hpp"
#include "supervision/supervisor_actions.hpp"

namespace musiccorp::supervision {

/// Translates moments into days for views.
struct wall_time {
  instant now;
  moment at;
  [[nodiscard]] instant of(moment when) const { return now + (when - at); }
};

struct child_counts {
  std::size_t specs = 0;
  std::size_t active = 0;  ///< starting, up or stopping
  std::size_t supervisors = 0;
  std::size_t workers = 0;
};

/// Everything that a supervisor decides; it starts nothing and waits for nothing. Each call says what happened and
/// when, and returns what is to be done now. Nothing here blocks or loops: a restart that waits or fails goes on by
/// a later event, so that stop, commands and queries come in between.
///
/// Rules are OTP's (supervisor's manual and test suite) unless said otherwise here:
/// - restarts may be delayed (`backoff_policy`); a failed start is charged when it fails, and tried again by
/// `expire`;
/// - a child that a command stopped stays stopped when its group is restarted, and a group's restart goes on without
///   it when it was the one that failed;
/// - an exhausted budget ends the supervisor with `exhausted`, which restarts a transient supervisor;
/// - a child that does not even end when killed is `wedged`: nobody waits for it, nothing replaces it before it ends;
/// - commands that start something wait until a group's restart is over.
///
/// Owned by one supervisor; no locking. Time never runs backwards.
class supervisor_rules {
 public:
  /// fault{invalid} with the findings of check().
  [[nodiscard]] static result<supervisor_rules> make(supervisor_options options, std::vector<child_spec> children,
                                                     base::random_source random);

  /// Starts the children in order. The first call. A pool has none at first.
  [[nodiscard]] actions start(moment now);

  // What children do. Unknown or older runs are ignored, also when they come twice.
  [[nodiscard]] actions child_up(child_ref which, moment now);
  [[nodiscard]] actions child_ignored(child_ref which, moment now);
  [[nodiscard]] actions child_start_failed(child_ref which, end_reason why, moment now);
  [[nodiscard]] actions child_ended(child_ref which, end_reason why, moment now);
  /// It survived: it has rebuilt its core, or is about to. In a group, the others follow.
  [[nodiscard]] actions child_crashed_in_place(child_ref which, crash_report crash, moment now);

  /// When `expire` has something to do; nothing: never.
  [[nodiscard]] std::optional<moment> next_due(moment now) const;
  /// Does what is due. Too early or too often does no harm.
  [[nodiscard]] actions expire(moment now);

  // Commands. Exactly one answer for each token that is not 0.
  /// Adds a child at the end of the order and starts it. In a pool only the id of the spec counts.
  [[nodiscard]] actions start_child(child_spec spec, command_token token, moment now);
  /// Starts a stopped child.
  [[nodiscard]] actions restart_child(std::string_view id, command_token token, moment now);
  /// Stops a child; answered when it has ended. Costs nothing; a temporary child's or member's spec is forgotten.
  [[nodiscard]] actions terminate_child(std::string_view id, command_token token, moment now);
  /// Forgets a stopped child.
  [[nodiscard]] actions delete_child(std::string_view id, command_token token, moment now);
  /// Stops a running child and starts it again, only this one and without cost; one that waits is started now.
  [[nodiscard]] actions replace_child(std::string_view id, command_token token, moment now);
  /// New options and specs: all or nothing. Runs go on under their new specs; new children are added but not
  /// started; children that are not named any more keep running, behind the others. A pool takes a new template.
  [[nodiscard]] actions change(supervisor_options options, std::vector<child_spec> children, command_token token,
                               moment now);
  /// Stops all children, in reverse order, and then itself with `shutdown`. Once more and `hurry`: kills them.
  [[nodiscard]] actions stop(bool hurry, moment now);

  // Queries.
  [[nodiscard]] supervisor_phase phase() const { return phase_; }
  [[nodiscard]] std::uint32_t budget_left(moment now) const { return budget_.left(now); }
  [[nodiscard]] child_counts counts() const;
  [[nodiscard]] std::optional<child_spec> spec_of(std::string_view id) const;
  [[nodiscard]] std::optional<child_state> state_of(std::string_view id) const;
  [[nodiscard]] std::vector<std::string> ids() const;  ///< in start order
  /// Without children.
  [[nodiscard]] supervisor_view view(moment now) const;
  /// A child by number and its place in the order; nothing when it is gone.
  [[nodiscard]] std::optional<child_view> view_of(std::uint64_t child, const wall_time& time) const;
  [[nodiscard]] std::optional<std::uint64_t> position_of(std::uint64_t child) const;
  /// Numbers of the children that changed since the last call.
  [[nodiscard]] std::vector<std::uint64_t> take_changes();

  static constexpr std::size_t causes_max = 5;  ///< kept per child

 private:
  /// What becomes of a child when it has stopped.
  enum class after_stop : std::uint8_t { stay, start_again, join_round, start_failed };

  struct cause {
    moment at;
    end_reason why;
    bool in_place;
    std::string message;
  };

  struct child {
    std::uint64_t number = 0;
    std::uint64_t position = 0;
    child_spec spec;
    child_state state = child_state::none;
    std::uint64_t run = 0;
    moment since{};
    std::optional<moment> due;  ///< starting: must be up; restarting: next start; stopping: kill, then wedged
    bool killed = false;
    bool was_up = false;
    bool wanted = false;      ///< to be started by the round
    bool by_command = false;  ///< a command starts it: when that fails it stays stopped
    bool fresh = false;       ///< added by the command that starts it: forgotten when that fails
    after_stop after = after_stop::stay;
    end_reason start_failure;
    failure_row row;
    std::uint32_t restarts = 0;
    std::uint32_t rebuilds = 0;
    std::deque<cause> causes;
    command_token start_token = 0;
    std::vector<command_token> stop_tokens;
    bool changed = false;
  };
  using children = std::map<std::uint64_t, child>;  ///< by position

  /// Stops the children from one position on, in reverse order, and starts them again in order. Also the first start.
  struct round {
    enum class stage : std::uint8_t { stopping, waiting, starting } at = stage::stopping;
    std::uint64_t from = 0;
    std::uint64_t cursor = 0;   ///< stopping: this and later ones are down; starting: earlier ones are done
    std::optional<moment> due;  ///< empty: goes on at once
  };

  struct deferred_command {
    enum class kind : std::uint8_t { start, restart, replace } what;
    child_spec spec;  ///< only the id, for restart and replace
    command_token token;
  };

  supervisor_rules(supervisor_options options, base::random_source random);

  // supervisor_rules.cpp: what happened to one child
  child* current(child_ref which);
  child* find(std::string_view id);
  [[nodiscard]] const child* find(std::string_view id) const;
  child& add(child_spec spec, moment now);
  void drop(child& one);
  void set_state(child& one, child_state to, moment now);
  void set_due(child& one, std::optional<moment> when);
  void mark(child& one);
  void note(child& one, end_reason why, bool in_place, std::string message, moment now);
  void ended_by_itself(child& one, const end_reason& why, moment now);
  void start_failed(child& one, const end_reason& why, moment now);
  void has_stopped(child& one, const end_reason& why, moment now);
  void ended_late(child& one, const end_reason& why, moment now);
  void report_wrong_end(const child& one, const end_reason& why);
  void end_for_good(child& one, moment now);
  void restart_after_failure(child& one, const end_reason& why, bool by_event, moment now);
  bool spend(const child& one, const end_reason& why, moment now);
  void rebuild_group(child& one, moment now);
  void expire_child(child& one, moment now);

  // supervisor_rounds.cpp: plans over several children
  [[nodiscard]] bool is_pool() const { return options_.strategy == restart_strategy::pool; }
  [[nodiscard]] bool is_group() const;
  [[nodiscard]] bool joins_round(const child& one) const;
  void begin_round(std::uint64_t from, std::optional<moment> due, moment now);
  void begin_start(child& one, moment now);
  void request_stop(child& one, after_stop after, moment now);
  void kill(child& one, moment now);
  void wedge(child& one, moment now);
  void begin_stop(end_reason why, moment now);
  void advance(moment now);
  bool stop_from(std::uint64_t from, std::uint64_t& cursor, moment now);
  void start_next(moment now);
  void round_is_over(moment now);
  void advance_stop(moment now);
  void report_wrong_ends();

  // supervisor_commands.cpp
  void answer(command_token token, outcome what, std::string text = {});
  void run_start(child_spec spec, command_token token, moment now);
  void run_restart(std::string_view id, command_token token, moment now);
  void run_replace(std::string_view id, command_token token, moment now);
  void start_by_command(child& one, command_token token, moment now);
  bool defer(deferred_command command);
  void run_deferred(moment now);
  void reorder(std::vector<child_spec> specs, moment now);
  void answer_start(child& one, outcome what, std::string text = {});
  actions take() { return std::exchange(out_, {}); }

  template <class Action>
  void act(Action what) {
    out_.push_back(std::move(what));
  }
  /// Once for each time that a child will be started again without a command.
  void report_restart(const child& one, const end_reason& why);
  static inline const end_reason with_its_group{end_kind::shutdown, "with its group", {}};
  void report(base::severity level, std::string event, std::string id, std::string text) {
    act(tell{level, std::move(event), std::move(id), std::move(text)});
  }

  supervisor_options options_;
  base::random_source random_;
  restart_budget budget_;
  crash_memory memory_;
  supervisor_phase phase_ = supervisor_phase::starting;
  std::optional<child_spec> template_;  ///< of a pool
  children children_;
  std::unordered_map<std::string, std::uint64_t> position_of_id_;
  std::unordered_map<std::uint64_t, std::uint64_t> position_of_number_;
  std::uint64_t numbers_ = 0;
  std::uint64_t positions_ = 0;
  std::size_t running_ = 0;                         ///< starting, up or stopping
  std::size_t significant_active_ = 0;              ///< significant ones that run or will run again by themselves
  std::set<std::pair<moment, std::uint64_t>> due_;  ///< when, position
  std::optional<round> round_;
  std::vector<deferred_command> deferred_;
  bool hurried_ = false;
  end_reason ending_;
  std::uint64_t stop_cursor_ = 0;
  std::map<std::string, std::size_t> wrong_ends_;  ///< of a pool that stops, counted by text
  std::vector<std::uint64_t> changed_;
  actions out_;
};

}  // namespace musiccorp::supervision
