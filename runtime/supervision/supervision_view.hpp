#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "describe/describe.hpp"
#include "supervision/child_spec.hpp"
#include "supervision/end_reason.hpp"

/// The tree of supervisors as data, for people and programs: what `GET /supervision` serves. A copy; any thread.
namespace musiccorp::supervision {

enum class child_state : std::uint8_t {
  none,        ///< not started yet, or its start function said that there is nothing to do
  starting,    ///< started, has not yet said that it is up
  up,          ///< running
  restarting,  ///< down; will be started again by itself, after its delay or when its turn comes
  stopping,    ///< asked to stop, or killed
  stopped,     ///< stopped by a command; stays so until a command starts it
  finished,    ///< ended by itself for good
  wedged       ///< did not end although it was killed; nobody waits for it, and nothing takes its place until it ends
};
constexpr auto describe_choice(child_state) {
  return std::array<std::string_view, 8>{"none",     "starting", "up",       "restarting",
                                         "stopping", "stopped",  "finished", "wedged"};
}

enum class supervisor_phase : std::uint8_t { starting, running, stopping, ended };
constexpr auto describe_choice(supervisor_phase) {
  return std::array<std::string_view, 4>{"starting", "running", "stopping", "ended"};
}

/// One end, failed start or crash in place.
struct cause_view {
  instant at{};
  end_kind kind = end_kind::normal;
  bool in_place = false;
  std::string text;
  std::string message;
  std::string backtrace;

  static constexpr auto describe() {
    return describe_as("cause", 1, field("at", &cause_view::at), field("kind", &cause_view::kind),
                       field("in_place", &cause_view::in_place, "survived: the core was rebuilt"),
                       field("text", &cause_view::text),
                       field("message", &cause_view::message, "id of the message being handled, if any"),
                       field("backtrace", &cause_view::backtrace));
  }
};

struct supervisor_view;

struct child_view {
  std::string id;
  child_kind kind = child_kind::worker;
  restart_kind restart = restart_kind::permanent;
  bool significant = false;
  child_state state = child_state::none;
  instant since{};
  std::int64_t restarts = 0;
  std::int64_t rebuilds = 0;
  std::vector<cause_view> causes;
  std::optional<instant> next_retry;
  std::vector<supervisor_view> supervises;

  static constexpr auto describe() {
    return describe_as(
        "child", 1, field("id", &child_view::id), field("kind", &child_view::kind),
        field("restart", &child_view::restart), field("significant", &child_view::significant),
        field("state", &child_view::state), field("since", &child_view::since, "of the state"),
        field("restarts", &child_view::restarts, "started again after an end or a failed start"),
        field("rebuilds", &child_view::rebuilds, "crashes survived in place"),
        field("causes", &child_view::causes, "the last ones, oldest first"),
        field("next_retry", &child_view::next_retry),
        field("supervises", &child_view::supervises, "when it is a supervisor: itself, seen from inside"));
  }
};

struct supervisor_view {
  std::string path;
  supervisor_phase phase = supervisor_phase::starting;
  restart_strategy strategy = restart_strategy::one_for_one;
  std::int64_t intensity = 0;
  std::int64_t period_ms = 0;
  std::int64_t budget_left = 0;
  std::vector<child_view> children;

  static constexpr auto describe() {
    return describe_as("supervisor", 1, field("path", &supervisor_view::path, "names from the root, with slashes"),
                       field("phase", &supervisor_view::phase), field("strategy", &supervisor_view::strategy),
                       field("intensity", &supervisor_view::intensity),
                       field("period_ms", &supervisor_view::period_ms),
                       field("budget_left", &supervisor_view::budget_left,
                             "restarts that are still allowed; one more ends the supervisor"),
                       field("children", &supervisor_view::children, "in start order"));
  }
};

}  // namespace musiccorp::supervision
