#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "supervision/end_reason.hpp"

/// What `supervisor_rules` decides, as data. Whoever executes them does so in their order, and may call the rules
/// again before the rest is executed only for a `start_child` that failed or came up at once (its event goes behind
/// the rest).
namespace musiccorp::supervision {

/// One run of one child. `child` is never used again below one supervisor; `run` counts its starts. Events that name
/// an older run change nothing.
struct child_ref {
  std::uint64_t child = 0;
  std::uint64_t run = 0;
  friend bool operator==(const child_ref&, const child_ref&) = default;
};

/// Chosen by whoever gives a command, to know its answer; 0 wants none.
using command_token = std::uint64_t;

enum class outcome : std::uint8_t {
  done,
  ignored,          ///< the start function said that there is nothing to do
  not_started,      ///< the start failed; `text` says why
  already_started,  ///< start: a child of this id runs or will run again by itself
  already_present,  ///< start: a child of this id is known and stopped
  running,          ///< restart, delete: it must be stopped first
  restarting,       ///< restart, delete: it will be started by itself
  wedged,           ///< it does not end
  not_found,
  is_pool,  ///< not for members of a pool
  refused,  ///< a bad spec; `problems` says what
  stopping  ///< the supervisor is stopping
};
constexpr auto describe_choice(outcome) {
  return std::array<std::string_view, 12>{
      "done",       "ignored", "not_started", "already_started", "already_present", "running",
      "restarting", "wedged",  "not_found",   "is_pool",         "refused",         "stopping"};
}

/// Call the start function of this child; then report child_up, child_ignored or child_start_failed.
struct start_child {
  child_ref child;
  std::string id;
};
/// Ask it to stop. Its end is reported with child_ended, also when it has ended already.
struct stop_child {
  child_ref child;
};
/// End it without asking.
struct kill_child {
  child_ref child;
};
/// Tell it to rebuild its core in place.
struct rebuild_child {
  child_ref child;
};
/// Its spec is gone; nothing of it (start function and its arguments) may be kept.
struct forget_child {
  std::string id;
};
/// Raise the alarm: it does not end. Still report its end should it ever come.
struct abandon_child {
  child_ref child;
  std::string id;
};
struct give_answer {
  command_token token = 0;
  outcome what = outcome::done;
  std::string text{};
  std::vector<problem> problems{};
};
/// Everything that was to be started is up.
struct tell_ready {};
/// The event of a supervisor that spent its budget: it ends now.
inline constexpr std::string_view budget_exhausted = "budget-exhausted";
/// For the log: a short stable event name, the child (may be empty) and a text.
struct tell {
  base::severity level = base::severity::info;
  std::string event;
  std::string child;
  std::string text;
  std::optional<end_kind>
      restarts{};  ///< the child will be started again, because of this; `shutdown`: with its group
};
/// The supervisor's own end; the last action there is.
struct end_self {
  end_reason why;
};

using action = std::variant<start_child, stop_child, kill_child, rebuild_child, forget_child, abandon_child,
                            give_answer, tell_ready, tell, end_self>;
using actions = std::vector<action>;

}  // namespace musiccorp::supervision
