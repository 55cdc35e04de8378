#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "hospital/case_messages.hpp"
#include "hospital/settings.hpp"
#include "service/outcome.hpp"
#include "service/turn.hpp"

/// What people order: replay, edit and replay, discard, keep. Each names the version of the case that it was decided
/// on; another one is a 409, so nobody acts twice. Accepted means requested: the outcome comes from the service.
namespace musiccorp::hospital {

/// An order, by hand or by a batch.
struct order {
  case_action action = case_action::replay;
  std::string by{};
  std::string reason{};
  bool with_followers = false;           ///< discard
  std::optional<std::string> payload{};  ///< edit
  std::string batch_id{};
  std::optional<std::int64_t> batch_item{};
  std::chrono::seconds held{};  ///< discard: before the service hears of it
};

/// Why this can't be done to the case as it is; empty: it can.
[[nodiscard]] std::string objection_to(case_action action, const case_file& one);
/// Sends the request to the service, or holds it, saves the case in its new state and writes the audit line. Only
/// when there is no objection. Gives the case as it is now: closed at once when it is a stray message, which no
/// service has, and nothing is held.
case_file carry_out(turn& now, const case_file& before, const order& what, const ward& in);

outcome replay(turn& now, const replay_case& command, const ward& in);
outcome discard(turn& now, const discard_case& command, const ward& in);
outcome edit(turn& now, const edit_case& command, const ward& in);
outcome keep(turn& now, const keep_case& command, const ward& in);
/// Says so until then, however short a while the service's other messages may be put off.
[[nodiscard]] not_yet held_until(turn& now, instant then);
/// Not yet, as long as the discard is held; done without a change when it was taken back.
outcome bury(turn& now, const bury_case& command, const ward& in);

}  // namespace musiccorp::hospital
