#include "hospital/case_actions.hpp"

#include "base/ensure.hpp"
#include "hospital/audit.hpp"
#include "hospital/case_index.hpp"
#include "hospital/case_payloads.hpp"
#include "hospital/limits.hpp"

namespace musiccorp::hospital {
namespace {

constexpr int conflict = 409;

void send_burial(turn& now, case_file& one, bool with_followers) {
  if (one.upstream == delivery::stray_upstream) {  // No service has it; the case is all there is.
    one.state = case_state::discarded;
    one.closed_at = now.now();
    return;
  }
  now.request(one.service, delivery::discard_message{one.case_id, one.upstream, one.seq, with_followers});
}

/// `one` has the version that the case will be saved with.
void send(turn& now, case_file& one, const order& what, const ward& in) {
  if (what.action == case_action::keep) return one.held_until.reset();
  if (what.action == case_action::discard) {
    if (what.held == what.held.zero()) return send_burial(now, one, what.with_followers);
    one.held_until = now.now() + what.held;
    return now.request("hospital", bury_case{one.case_id, one.version, what.with_followers});
  }
  delivery::replay_message treatment{one.case_id, one.upstream, one.seq, ++one.replay, {}, {}};
  if (what.payload) {
    treatment.payload = *what.payload;
    treatment.edited_id =
        add_edit(now, one, *what.payload, in.types.find(one.message.type)->version, what.by, what.reason);
  }
  now.request(one.service, treatment);
}

/// The case and its version, or the no that everybody gets who is late.
template <class Command>
outcome on_case(turn& now, const Command& command, order what, const ward& in) {
  const auto one = now.find<case_file>(command.case_id);
  if (!one) return no_such("case", command.case_id);
  if (command.version != one->version)
    return rejected{.text = "the case has changed: it has version " + std::to_string(one->version) + ", state " +
                            std::string{describe::name_of(one->state)},
                    .pointer = "/version",
                    .status = conflict,
                    .wanted = std::to_string(one->version)};
  if (auto objection = objection_to(what.action, *one); !objection.empty())
    return rejected{std::move(objection), {}, {}, conflict};
  const bool needs_reason = what.action == case_action::discard || what.action == case_action::edit;
  if (auto no = needs_reason ? wrong_signature(what.by, what.reason) : wrong_signature(what.by))
    return std::move(*no);
  if (what.payload) {
    if (auto good = check_payload(in.types, one->message.type, *what.payload, "/payload"); !good)
      return std::move(good.error());
  }
  return summary_of(carry_out(now, *one, what, in));
}

}  // namespace

std::string objection_to(case_action action, const case_file& one) {
  if (auto objection = objection_to(action, one.state); !objection.empty()) return objection;
  if (action == case_action::keep && !one.held_until)
    return one.service + " was told to bury it, too late to keep it";
  const bool tries = action == case_action::replay || action == case_action::edit;
  if (tries && one.upstream == delivery::stray_upstream)
    return "the message came through no log and can't be tried again, only discarded";
  if (action == case_action::edit && one.payloads.size() > edits_max)
    return "the case was edited " + std::to_string(edits_max) + " times, that is enough";
  return {};
}

case_file carry_out(turn& now, const case_file& before, const order& what, const ward& in) {
  ensure(objection_to(what.action, before).empty(), "orders are checked before they are carried out");
  auto one = before;
  one.state = state_after(what.action);
  ++one.version;
  send(now, one, what, in);
  one.notes.push_back({now.now(), std::string{describe::name_of(what.action)}, what.by, what.reason, one.replay});
  if (one.notes.size() > notes_kept) one.notes.erase(one.notes.begin());
  one.batch_id = what.batch_id;
  if (!is_closed(one.state)) one.batch_item = what.batch_item;
  record(now, before, one);
  if (is_closed(one.state)) forget_old_cases(now, in.settings);
  write_audit(now, in.settings,
              {{},
               {},
               what.by,
               std::string{describe::name_of(what.action)},
               one.case_id,
               what.batch_id,
               what.reason,
               before.version,
               one.version});
  return one;
}

outcome replay(turn& now, const replay_case& command, const ward& in) {
  return on_case(now, command, {case_action::replay, command.by, command.reason, false, {}, {}, {}, {}}, in);
}

outcome discard(turn& now, const discard_case& command, const ward& in) {
  const std::chrono::seconds held{command.held_s};
  return on_case(now, command,
                 {case_action::discard, command.by, command.reason, command.with_followers, {}, {}, {}, held}, in);
}

outcome edit(turn& now, const edit_case& command, const ward& in) {
  return on_case(now, command,
                 {case_action::edit, command.by, command.reason, false, command.payload.text, {}, {}, {}}, in);
}

outcome keep(turn& now, const keep_case& command, const ward& in) {
  return on_case(now, command, {case_action::keep, command.by, command.reason, false, {}, {}, {}, {}}, in);
}

not_yet held_until(turn& now, instant then) {
  return {.text = "it is held", .wait = then - now.now(), .deadline = 2 * std::chrono::seconds{held_max_s}};
}

outcome bury(turn& now, const bury_case& command, const ward& in) {
  const auto before = now.find<case_file>(command.case_id);
  if (!before || before->version != command.version || !before->held_until) return done{};
  if (*before->held_until > now.now()) {
    auto later = held_until(now, *before->held_until);
    later.entity_type = describe::name_of<case_file>();  // Taken back, it must not keep the next discard waiting.
    later.entity_key = command.case_id;
    return later;
  }
  auto one = *before;
  ++one.version;
  one.held_until.reset();
  send_burial(now, one, command.with_followers);
  record(now, before, one);
  if (is_closed(one.state)) forget_old_cases(now, in.settings);
  return done{};
}

}  // namespace musiccorp::hospital
