// Plans over several children: the first start, the restart of a group, the stop of all. Each advances as far as it
// can and then waits for the next event.
#include "base/ensure.hpp"
#include "supervision/supervisor_rules.hpp"

namespace musiccorp::supervision {

using base::severity;

bool supervisor_rules::is_group() const {
  return options_.strategy == restart_strategy::one_for_all || options_.strategy == restart_strategy::rest_for_one;
}

actions supervisor_rules::start(moment now) {
  ensure(phase_ == supervisor_phase::starting && !round_, "start() is called once, at first");
  for (auto& [position, one] : children_) {
    one.wanted = true;
    one.since = now;
  }
  round_ = round{round::stage::starting, 0, 0, std::nullopt};
  advance(now);
  return take();
}

/// A command's stop is respected; what ended for good or had nothing to do gets a new chance, as in OTP.
bool supervisor_rules::joins_round(const child& one) const {
  switch (one.state) {
    case child_state::stopped:
    case child_state::wedged:
      return false;
    case child_state::stopping:
      return one.after != after_stop::stay;
    default:
      return true;
  }
}

/// A round takes over from one that is under way. While that one stops or waits, everything from its beginning on is
/// down and needs the new one; once it starts, what it has started needs nothing.
void supervisor_rules::begin_round(std::uint64_t from, std::optional<moment> due, moment now) {
  if (round_ && round_->at != round::stage::starting) {
    from = std::min(from, round_->from);
    if (round_->due) due = due ? std::max(*due, *round_->due) : *round_->due;
  }
  for (auto at = children_.lower_bound(from); at != children_.end(); ++at) {
    auto& one = at->second;
    one.wanted = joins_round(one);
    if (one.wanted) one.after = after_stop::join_round;
  }
  round_ = round{round::stage::stopping, from, positions_ + 1, due};
  advance(now);
}

void supervisor_rules::advance(moment now) {
  if (phase_ == supervisor_phase::stopping) return advance_stop(now);
  if (!round_) return;
  if (round_->at == round::stage::stopping) {
    if (!stop_from(round_->from, round_->cursor, now)) return;
    round_->at = round::stage::waiting;
  }
  if (round_->at == round::stage::waiting) {
    if (round_->due) return;  // `expire` goes on.
    round_->at = round::stage::starting;
    round_->cursor = round_->from;
  }
  start_next(now);
}

/// True when everything from this position on is down. `cursor` moves towards it.
bool supervisor_rules::stop_from(std::uint64_t from, std::uint64_t& cursor, moment now) {
  for (;;) {
    auto at = children_.lower_bound(cursor);
    if (at == children_.begin()) return true;
    --at;
    if (at->first < from) return true;
    auto& one = at->second;
    if (one.state == child_state::starting || one.state == child_state::up)
      request_stop(one, after_stop::join_round, now);
    if (one.state == child_state::stopping) return false;
    cursor = at->first;
  }
}

void supervisor_rules::start_next(moment now) {
  for (auto at = children_.lower_bound(round_->cursor); at != children_.end(); ++at) {
    auto& one = at->second;
    round_->cursor = at->first;
    if (!one.wanted) continue;
    if (one.state == child_state::stopping || one.state == child_state::starting) return;  // Its event goes on.
    if (one.state == child_state::up || one.state == child_state::stopped || one.state == child_state::wedged) {
      one.wanted = false;
      continue;
    }
    if (one.state != child_state::restarting && one.run > 0) report_restart(one, with_its_group);  // It had finished.
    return begin_start(one, now);
  }
  round_is_over(now);
}

void supervisor_rules::round_is_over(moment now) {
  round_.reset();
  if (phase_ == supervisor_phase::starting) {
    phase_ = supervisor_phase::running;
    act(tell_ready{});
  }
  run_deferred(now);
}

void supervisor_rules::begin_start(child& one, moment now) {
  ensure(one.state != child_state::starting && one.state != child_state::up && one.state != child_state::stopping &&
             one.state != child_state::wedged,
         "no child runs twice");
  ++one.run;
  set_state(one, child_state::starting, now);
  if (one.spec.ready_within) set_due(one, now + *one.spec.ready_within);
  act(supervision::start_child{{one.number, one.run}, one.spec.id});
}

void supervisor_rules::request_stop(child& one, after_stop after, moment now) {
  one.after = after;
  if (one.state == child_state::stopping) return;
  one.killed = false;
  set_state(one, child_state::stopping, now);
  if (hurried_ || one.spec.stop->is_at_once()) return kill(one, now);
  act(supervision::stop_child{{one.number, one.run}});
  if (!one.spec.stop->is_unlimited()) set_due(one, now + one.spec.stop->time());
}

void supervisor_rules::kill(child& one, moment now) {
  one.killed = true;
  act(supervision::kill_child{{one.number, one.run}});
  set_due(one, now + options_.kill_grace);
}

void supervisor_rules::wedge(child& one, moment now) {
  note(one, {end_kind::wedged, "it did not end when it was killed", {}}, false, {}, now);
  set_state(one, child_state::wedged, now);
  one.wanted = false;
  for (const auto token : std::exchange(one.stop_tokens, {})) answer(token, outcome::wedged);
  if (one.by_command) one.after = after_stop::stay;  // A command's start that fails costs nothing and stays down.
  answer_start(one, outcome::wedged);
  report(severity::error, "child-wedged", one.spec.id, "it did not end when it was killed; nobody waits for it");
  act(abandon_child{{one.number, one.run}, one.spec.id});
  if (one.after == after_stop::start_failed && phase_ != supervisor_phase::stopping) {
    if (phase_ == supervisor_phase::starting && !one.was_up)
      return begin_stop({end_kind::start_failed, one.spec.id + ": " + one.start_failure.text, {}}, now);
    if (!spend(one, one.start_failure, now)) return;
  }
  advance(now);
}

// --- the end ---

actions supervisor_rules::stop(bool hurry, moment now) {
  if (phase_ == supervisor_phase::ended) return take();
  hurried_ = hurried_ || hurry;
  if (phase_ != supervisor_phase::stopping) {
    begin_stop({end_kind::shutdown, "it was asked to stop", {}}, now);
  }
  if (hurry) {
    for (auto at = children_.rbegin(); at != children_.rend(); ++at) {
      auto& one = at->second;
      if (one.state == child_state::up || one.state == child_state::starting)
        request_stop(one, after_stop::stay, now);
      else if (one.state == child_state::stopping && !one.killed)
        kill(one, now);
    }
  }
  return take();
}

void supervisor_rules::begin_stop(end_reason why, moment now) {
  if (phase_ == supervisor_phase::stopping || phase_ == supervisor_phase::ended) return;
  phase_ = supervisor_phase::stopping;
  ending_ = std::move(why);
  round_.reset();
  for (auto& command : std::exchange(deferred_, {})) answer(command.token, outcome::stopping);
  for (auto& [position, one] : children_) {
    one.wanted = false;
    if (one.state == child_state::restarting) set_state(one, child_state::stopped, now);
  }
  stop_cursor_ = positions_ + 1;
  if (is_pool())
    for (auto at = children_.rbegin(); at != children_.rend(); ++at)
      if (at->second.state == child_state::up || at->second.state == child_state::starting)
        request_stop(at->second, after_stop::stay, now);
  advance_stop(now);
}

void supervisor_rules::advance_stop(moment now) {
  if (phase_ != supervisor_phase::stopping) return;
  if (is_pool() ? running_ > 0 : !stop_from(0, stop_cursor_, now)) return;
  phase_ = supervisor_phase::ended;
  report_wrong_ends();
  act(end_self{ending_});
}

void supervisor_rules::report_wrong_ends() {
  for (const auto& [text, count] : wrong_ends_)
    report(severity::warning, "children-stopped-wrongly", {}, std::to_string(count) + " times " + text);
  wrong_ends_.clear();
}

}  // namespace musiccorp::supervision
