#include "hospital/case_table.hpp"

#include "describe/describe.hpp"

namespace musiccorp::hospital {
namespace {

/// Of the replay that the case is at.
std::optional<case_state> after_outcome(case_state now, case_event event) {
  if (now != case_state::replaying) return std::nullopt;
  return event == case_event::healed ? case_state::healed : case_state::open;
}

}  // namespace

std::optional<case_state> state_after(case_state now, std::int32_t replay, case_event event, std::int32_t of_replay) {
  switch (event) {
    case case_event::discarded:
      return is_closed(now) ? std::nullopt : std::optional{case_state::discarded};
    case case_event::discard_refused:
      return now == case_state::discarding ? std::optional{case_state::open} : std::nullopt;
    case case_event::replay_refused:
      return of_replay == replay ? after_outcome(now, event) : std::nullopt;
    case case_event::died:
    case case_event::healed:
      break;
  }
  if (of_replay < replay) return std::nullopt;
  if (of_replay > replay) return event == case_event::died ? case_state::open : case_state::healed;
  return after_outcome(now, event);
}

std::string objection_to(case_action action, case_state now) {
  const std::string wanted = "to " + std::string{describe::name_of(action)} + " it";
  switch (now) {
    case case_state::open:
      return action == case_action::keep ? "the case is open, no discard of it is held" : "";
    case case_state::replaying:
      return "the case is being replayed; its outcome is needed " + wanted;
    case case_state::discarding:
      if (action == case_action::keep) return {};
      return "the case is being discarded, too late " + wanted;
    case case_state::healed:
      return "the case is healed, there is nothing left " + wanted;
    case case_state::discarded:
      return "the case is discarded, there is nothing left " + wanted;
  }
  return {};
}

}  // namespace musiccorp::hospital
