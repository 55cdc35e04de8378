#include "supervision/supervisor_rules.hpp"

#include <algorithm>

#include "base/ensure.hpp"

namespace musiccorp::supervision {

using base::severity;

supervisor_rules::supervisor_rules(supervisor_options options, base::random_source random)
    : options_{options}, random_{random}, budget_{options.intensity, options.period} {}

result<supervisor_rules> supervisor_rules::make(supervisor_options options, std::vector<child_spec> specs,
                                                base::random_source random) {
  auto problems = check(options);
  auto wrong_specs = check(specs, options);
  problems.insert(problems.end(), wrong_specs.begin(), wrong_specs.end());
  if (!problems.empty())
    return failure(fault{fault_kind::invalid, "a supervisor can't be made of these options and specs", problems, {}});
  supervisor_rules made{options, random};
  if (made.is_pool())
    made.template_ = with_defaults(std::move(specs.front()));
  else
    for (auto& spec : specs) made.add(std::move(spec), moment{});
  return made;
}

// --- what children do ---

actions supervisor_rules::child_up(child_ref which, moment now) {
  auto* one = current(which);
  if (one == nullptr || one->state != child_state::starting) return take();
  set_state(*one, child_state::up, now);
  one->row.came_up(now);
  one->was_up = true;
  one->wanted = false;
  answer_start(*one, outcome::done);
  advance(now);
  return take();
}

actions supervisor_rules::child_ignored(child_ref which, moment now) {
  auto* one = current(which);
  if (one != nullptr && one->state == child_state::stopping) {
    has_stopped(*one, {end_kind::normal, {}, {}}, now);
  } else if (one != nullptr && one->state == child_state::starting) {
    one->wanted = false;
    answer_start(*one, outcome::ignored);
    set_state(*one, child_state::none, now);
    if (one->spec.restart == restart_kind::temporary || is_pool()) drop(*one);
    advance(now);
  }
  return take();
}

actions supervisor_rules::child_start_failed(child_ref which, end_reason why, moment now) {
  auto* one = current(which);
  if (one != nullptr && one->state == child_state::starting)
    start_failed(*one, why, now);
  else if (one != nullptr && one->state == child_state::stopping)
    has_stopped(*one, why, now);
  return take();
}

actions supervisor_rules::child_ended(child_ref which, end_reason why, moment now) {
  auto* one = current(which);
  if (one == nullptr) return take();
  switch (one->state) {
    case child_state::starting:
      start_failed(*one, why, now);
      break;
    case child_state::up:
      ended_by_itself(*one, why, now);
      break;
    case child_state::stopping:
      has_stopped(*one, why, now);
      break;
    case child_state::wedged:
      ended_late(*one, why, now);
      break;
    default:
      break;  // Told twice.
  }
  return take();
}

actions supervisor_rules::child_crashed_in_place(child_ref which, crash_report crash, moment now) {
  auto* one = current(which);
  if (one == nullptr || (one->state != child_state::up && one->state != child_state::starting)) return take();
  const end_reason why{end_kind::crash, crash.text, crash.backtrace};
  note(*one, why, true, crash.message, now);
  ++one->rebuilds;
  const bool costs =
      memory_.spends(one->spec.id, crash, options_.differing_in_row) && one->spec.restart != restart_kind::temporary;
  if (phase_ == supervisor_phase::stopping) return take();
  if (costs && !spend(*one, why, now)) return take();
  if (is_group()) rebuild_group(*one, now);
  return take();
}

/// The others have built on what is gone now. A place in the order that can't rebuild in place needs the full round.
void supervisor_rules::rebuild_group(child& one, moment now) {
  const auto from = options_.strategy == restart_strategy::one_for_all ? 0 : one.position;
  if (round_ && one.position >= round_->from && one.wanted) return;  // It is about to be stopped anyway.
  const auto first = children_.lower_bound(from);
  const bool all_can = !round_ && std::all_of(first, children_.end(), [&](const auto& entry) {
    const auto& other = entry.second;
    return other.number == one.number || other.state == child_state::stopped || other.state == child_state::wedged ||
           (other.state == child_state::up && other.spec.rebuilds);
  });
  if (!all_can) return begin_round(from, std::nullopt, now);
  for (auto at = first; at != children_.end(); ++at)
    if (at->second.number != one.number && at->second.state == child_state::up)
      act(rebuild_child{{at->second.number, at->second.run}});
}

// --- one child's end ---

void supervisor_rules::ended_by_itself(child& one, const end_reason& why, moment now) {
  note(one, why, false, {}, now);
  if (phase_ == supervisor_phase::stopping) {
    report_wrong_end(one, why);
    set_state(one, child_state::stopped, now);
    return advance(now);
  }
  const bool ordinary = is_ordinary(why.kind);
  report(ordinary ? severity::info : severity::warning, "child-ended", one.spec.id, why.text);
  if (round_ && round_->at == round::stage::stopping && one.wanted) {  // A bystander that went ahead.
    if (one.spec.restart == restart_kind::temporary) {
      drop(one);
    } else {
      set_state(one, child_state::restarting, now);
      report_restart(one, why);
    }
    return advance(now);
  }
  const bool again =
      one.spec.restart == restart_kind::permanent || (one.spec.restart == restart_kind::transient && !ordinary);
  if (again) return restart_after_failure(one, why, false, now);
  end_for_good(one, now);
  advance(now);
}

void supervisor_rules::end_for_good(child& one, moment now) {
  const bool significant = one.spec.significant;
  const auto id = one.spec.id;
  if (one.spec.restart == restart_kind::temporary || is_pool())
    drop(one);
  else
    set_state(one, child_state::finished, now);
  if (!significant || options_.shutdown == auto_shutdown::never) return;
  if (options_.shutdown == auto_shutdown::any_significant || significant_active_ == 0)
    begin_stop({end_kind::shutdown, "the significant child " + id + " has ended", {}}, now);
}

void supervisor_rules::start_failed(child& one, const end_reason& why, moment now) {
  note(one, why, false, {}, now);
  if (phase_ == supervisor_phase::stopping) {
    answer_start(one, outcome::stopping);
    set_state(one, child_state::stopped, now);
    return advance(now);
  }
  report(severity::warning, "child-not-started", one.spec.id, why.text);
  const bool by_command = one.by_command;
  const bool forget = one.fresh || one.spec.restart == restart_kind::temporary || is_pool();
  answer_start(one, outcome::not_started, why.text);
  if (by_command) {
    set_state(one, child_state::stopped, now);
    if (forget) drop(one);
    return advance(now);
  }
  if (round_ && round_->at == round::stage::stopping && one.wanted) {  // It would have been stopped anyway.
    set_state(one, child_state::restarting, now);
    report_restart(one, why);
    return advance(now);
  }
  if (phase_ == supervisor_phase::starting && !one.was_up) {
    set_state(one, child_state::stopped, now);
    return begin_stop({end_kind::start_failed, one.spec.id + ": " + why.text, why.backtrace}, now);
  }
  restart_after_failure(one, why, true, now);
}

/// `by_event`: not before `expire`, even without a delay; a start that fails at once would otherwise go round here.
void supervisor_rules::restart_after_failure(child& one, const end_reason& why, bool by_event, moment now) {
  set_state(one, child_state::restarting, now);
  if (!spend(one, why, now)) return;
  ++one.restarts;
  report_restart(one, why);
  const auto delay = one.row.failed(options_.backoff, now, random_);
  const auto due = by_event || delay > duration{0} ? std::optional{now + delay} : std::nullopt;
  if (is_group()) return begin_round(options_.strategy == restart_strategy::one_for_all ? 0 : one.position, due, now);
  if (due) return set_due(one, due);
  begin_start(one, now);
}

bool supervisor_rules::spend(const child& one, const end_reason& why, moment now) {
  if (budget_.spend(now)) return true;
  const auto text = "more than " + std::to_string(options_.intensity) + " failures within " +
                    std::to_string(options_.period / 1ms) + " ms, the last of " + one.spec.id + ": " + why.text;
  report(severity::error, std::string{budget_exhausted}, one.spec.id, text);
  begin_stop({end_kind::exhausted, text, why.backtrace}, now);
  return false;
}

void supervisor_rules::has_stopped(child& one, const end_reason& why, moment now) {
  note(one, why, false, {}, now);
  report_wrong_end(one, why);
  for (const auto token : std::exchange(one.stop_tokens, {})) answer(token, outcome::done);
  const bool forget = one.spec.restart == restart_kind::temporary || is_pool();
  if (phase_ == supervisor_phase::stopping) {
    answer_start(one, outcome::stopping);
    set_state(one, child_state::stopped, now);
    return advance(now);
  }
  switch (one.after) {
    case after_stop::stay:
      answer_start(one, outcome::not_started, "it was stopped before it was up");
      set_state(one, child_state::stopped, now);
      if (forget) drop(one);
      break;
    case after_stop::start_again:
      set_state(one, child_state::stopped, now);
      begin_start(one, now);
      break;
    case after_stop::join_round:
      answer_start(one, outcome::restarting, "its group restarts");
      set_state(one, child_state::restarting, now);
      if (one.spec.restart == restart_kind::temporary)
        drop(one);
      else
        report_restart(one, with_its_group);
      break;
    case after_stop::start_failed:
      set_state(one, child_state::starting, now);
      return start_failed(one, one.start_failure, now);
  }
  advance(now);
}

/// A wedged child has ended after all.
void supervisor_rules::ended_late(child& one, const end_reason& why, moment now) {
  note(one, why, false, {}, now);
  report(severity::warning, "wedged-child-ended", one.spec.id, why.text);
  set_state(one, child_state::stopped, now);
  const bool forget = one.spec.restart == restart_kind::temporary || is_pool();
  if (one.after == after_stop::stay || phase_ == supervisor_phase::stopping || forget) {
    if (forget && phase_ != supervisor_phase::stopping) drop(one);
    return;
  }
  set_state(one, child_state::restarting, now);
  report_restart(one, {end_kind::wedged, why.text, {}});
  if (round_ && one.position >= round_->from) {
    one.wanted = true;  // Started when its turn comes, or now when that has passed.
    if (round_->at != round::stage::starting || round_->cursor <= one.position) return advance(now);
  }
  begin_start(one, now);
}

void supervisor_rules::report_restart(const child& one, const end_reason& why) {
  act(tell{severity::info, "child-restarts", one.spec.id, std::string{describe::name_of(why.kind)} + ": " + why.text,
           why.kind});
}

/// An end other than the asked one is told, never hidden.
void supervisor_rules::report_wrong_end(const child& one, const end_reason& why) {
  const bool as_asked = why.kind == end_kind::shutdown ||
                        (why.kind == end_kind::normal && one.spec.restart != restart_kind::permanent) ||
                        (why.kind == end_kind::killed && one.killed && (one.spec.stop->is_at_once() || hurried_));
  if (as_asked) return;
  const auto text = std::string{describe::name_of(why.kind)} + (why.text.empty() ? "" : ": " + why.text);
  if (is_pool() && phase_ == supervisor_phase::stopping)
    ++wrong_ends_[text];
  else
    report(severity::warning, "child-stopped-wrongly", one.spec.id, text);
}

// --- records ---

/// Nobody any more once it has ended: what a wedged child does then is not for it to decide.
supervisor_rules::child* supervisor_rules::current(child_ref which) {
  if (phase_ == supervisor_phase::ended) return nullptr;
  const auto found = position_of_number_.find(which.child);
  if (found == position_of_number_.end()) return nullptr;
  auto& one = children_.at(found->second);
  return one.run == which.run ? &one : nullptr;
}

supervisor_rules::child* supervisor_rules::find(std::string_view id) {
  return const_cast<child*>(std::as_const(*this).find(id));
}

const supervisor_rules::child* supervisor_rules::find(std::string_view id) const {
  const auto found = position_of_id_.find(std::string{id});
  return found == position_of_id_.end() ? nullptr : &children_.at(found->second);
}

supervisor_rules::child& supervisor_rules::add(child_spec spec, moment now) {
  auto& one = children_[++positions_];
  one.number = ++numbers_;
  one.position = positions_;
  one.spec = with_defaults(std::move(spec));
  one.since = now;
  position_of_id_.emplace(one.spec.id, one.position);
  position_of_number_.emplace(one.number, one.position);
  mark(one);
  return one;
}

void supervisor_rules::drop(child& one) {
  set_state(one, child_state::stopped, one.since);
  changed_.push_back(one.number);
  memory_.forget(one.spec.id);
  act(forget_child{one.spec.id});
  position_of_id_.erase(one.spec.id);
  position_of_number_.erase(one.number);
  children_.erase(one.position);
}

void supervisor_rules::set_state(child& one, child_state to, moment now) {
  const auto runs = [](child_state s) {
    return s == child_state::starting || s == child_state::up || s == child_state::stopping;
  };
  const auto lives = [&](child_state s) { return runs(s) || s == child_state::restarting; };
  running_ += std::size_t{runs(to)} - std::size_t{runs(one.state)};
  if (one.spec.significant) significant_active_ += std::size_t{lives(to)} - std::size_t{lives(one.state)};
  set_due(one, std::nullopt);
  one.state = to;
  one.since = now;
  mark(one);
}

void supervisor_rules::set_due(child& one, std::optional<moment> when) {
  if (one.due) due_.erase({*one.due, one.position});
  one.due = when;
  if (when) due_.emplace(*when, one.position);
  mark(one);
}

void supervisor_rules::mark(child& one) {
  if (!std::exchange(one.changed, true)) changed_.push_back(one.number);
}

void supervisor_rules::note(child& one, end_reason why, bool in_place, std::string message, moment now) {
  one.causes.push_back({now, std::move(why), in_place, std::move(message)});
  if (one.causes.size() > causes_max) one.causes.pop_front();
  mark(one);
}

std::vector<std::uint64_t> supervisor_rules::take_changes() {
  auto taken = std::exchange(changed_, {});
  for (const auto number : taken)
    if (const auto found = position_of_number_.find(number); found != position_of_number_.end())
      children_.at(found->second).changed = false;
  return taken;
}

// --- time ---

std::optional<moment> supervisor_rules::next_due(moment now) const {
  if (phase_ == supervisor_phase::ended) return std::nullopt;
  std::optional<moment> next = budget_.refills_at(now);
  const auto consider = [&](moment when) { next = next ? std::min(*next, when) : when; };
  if (!due_.empty()) consider(due_.begin()->first);
  if (round_ && round_->at == round::stage::waiting && round_->due) consider(*round_->due);
  return next;
}

actions supervisor_rules::expire(moment now) {
  if (phase_ == supervisor_phase::ended) return take();
  // What becomes due by what is done here waits for the next call, so this ends.
  std::vector<std::uint64_t> ready;
  for (const auto& [when, position] : due_) {
    if (when > now) break;
    ready.push_back(position);
  }
  for (const auto position : ready)
    if (const auto found = children_.find(position); found != children_.end())
      if (found->second.due && *found->second.due <= now) expire_child(found->second, now);
  if (round_ && round_->at == round::stage::waiting && round_->due && *round_->due <= now) {
    round_->due.reset();
    advance(now);
  }
  return take();
}

void supervisor_rules::expire_child(child& one, moment now) {
  set_due(one, std::nullopt);
  switch (one.state) {
    case child_state::starting:
      one.start_failure = {
          end_kind::start_failed,
          "not up within " + std::to_string(one.spec.ready_within.value_or(duration{0}) / 1ms) + " ms",
          {}};
      set_state(one, child_state::stopping, now);
      one.after = after_stop::start_failed;
      return kill(one, now);
    case child_state::restarting:
      return begin_start(one, now);
    case child_state::stopping:
      if (!one.killed) return kill(one, now);
      return wedge(one, now);
    default:
      return;
  }
}

}  // namespace musiccorp::supervision
