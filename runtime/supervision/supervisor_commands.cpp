// Commands, their answers (OTP's matrix), and what can be asked.
#include <algorithm>

#include "supervision/supervisor_rules.hpp"

namespace musiccorp::supervision {
namespace {

bool runs(child_state state) {
  return state == child_state::starting || state == child_state::up || state == child_state::stopping;
}

}  // namespace

actions supervisor_rules::start_child(child_spec spec, command_token token, moment now) {
  if (is_pool()) {
    auto id = std::move(spec.id);
    spec = *template_;
    spec.id = std::move(id);
  }
  if (auto problems = check(spec, options_); !problems.empty())
    act(give_answer{token, outcome::refused, "a bad spec", std::move(problems)});
  else if (phase_ == supervisor_phase::stopping || phase_ == supervisor_phase::ended)
    answer(token, outcome::stopping);
  else if (const auto* known = find(spec.id))
    answer(token, runs(known->state) || known->state == child_state::restarting || known->state == child_state::wedged
                      ? outcome::already_started
                      : outcome::already_present);
  else if (!defer({deferred_command::kind::start, spec, token}))
    run_start(std::move(spec), token, now);
  return take();
}

void supervisor_rules::run_start(child_spec spec, command_token token, moment now) {
  auto& one = add(std::move(spec), now);
  one.fresh = true;
  start_by_command(one, token, now);
}

actions supervisor_rules::restart_child(std::string_view id, command_token token, moment now) {
  if (is_pool())
    answer(token, outcome::is_pool);
  else if (phase_ == supervisor_phase::stopping || phase_ == supervisor_phase::ended)
    answer(token, outcome::stopping);
  else
    run_restart(id, token, now);
  return take();
}

void supervisor_rules::run_restart(std::string_view id, command_token token, moment now) {
  auto* one = find(id);
  if (one == nullptr) return answer(token, outcome::not_found);
  if (runs(one->state)) return answer(token, outcome::running);
  if (one->state == child_state::restarting) return answer(token, outcome::restarting);
  if (one->state == child_state::wedged) return answer(token, outcome::wedged);
  child_spec named;
  named.id = id;
  if (!defer({deferred_command::kind::restart, std::move(named), token})) start_by_command(*one, token, now);
}

actions supervisor_rules::replace_child(std::string_view id, command_token token, moment now) {
  if (phase_ == supervisor_phase::stopping || phase_ == supervisor_phase::ended)
    answer(token, outcome::stopping);
  else
    run_replace(id, token, now);
  return take();
}

void supervisor_rules::run_replace(std::string_view id, command_token token, moment now) {
  auto* one = find(id);
  if (one == nullptr) return answer(token, outcome::not_found);
  if (one->state == child_state::wedged) return answer(token, outcome::wedged);
  if (one->spec.restart == restart_kind::temporary)
    return answer(token, outcome::refused, "a temporary child is never started again");
  child_spec named;
  named.id = id;
  if (defer({deferred_command::kind::replace, std::move(named), token})) return;
  answer_start(*one, outcome::not_started, "another command came");
  if (!runs(one->state) && one->state != child_state::restarting) return start_by_command(*one, token, now);
  one->start_token = token;  // It is meant to run: should the start fail, it is tried again.
  if (one->state == child_state::restarting) return begin_start(*one, now);
  request_stop(*one, after_stop::start_again, now);
}

void supervisor_rules::start_by_command(child& one, command_token token, moment now) {
  one.start_token = token;
  one.by_command = true;
  begin_start(one, now);
}

actions supervisor_rules::terminate_child(std::string_view id, command_token token, moment now) {
  auto* one = find(id);
  const auto forget = [&] { return one->spec.restart == restart_kind::temporary || is_pool(); };
  if (one == nullptr) {
    answer(token, outcome::not_found);
  } else if (one->state == child_state::wedged) {
    one->after = after_stop::stay;
    answer(token, outcome::wedged);
  } else if (runs(one->state)) {
    if (token != 0) one->stop_tokens.push_back(token);
    one->wanted = false;
    if (phase_ != supervisor_phase::stopping) request_stop(*one, after_stop::stay, now);  // Else when its turn comes.
  } else {
    one->wanted = false;
    set_state(*one, child_state::stopped, now);
    answer(token, outcome::done);
    if (forget() && phase_ != supervisor_phase::stopping) drop(*one);
    advance(now);
  }
  return take();
}

actions supervisor_rules::delete_child(std::string_view id, command_token token, moment now) {
  auto* one = find(id);
  if (is_pool()) {
    answer(token, outcome::is_pool);
  } else if (one == nullptr) {
    answer(token, outcome::not_found);
  } else if (runs(one->state)) {
    answer(token, outcome::running);
  } else if (one->state == child_state::restarting || one->wanted) {
    answer(token, outcome::restarting);
  } else if (one->state == child_state::wedged) {
    answer(token, outcome::wedged);
  } else {
    drop(*one);
    answer(token, outcome::done);
    advance(now);
  }
  return take();
}

actions supervisor_rules::change(supervisor_options options, std::vector<child_spec> specs, command_token token,
                                 moment now) {
  auto problems = check(options);
  auto wrong_specs = check(specs, options);
  problems.insert(problems.end(), wrong_specs.begin(), wrong_specs.end());
  if ((options.strategy == restart_strategy::pool) != is_pool())
    problems.push_back({"/strategy", std::string{describe::name_of(options.strategy)},
                        "a supervisor stays a pool, or not, for its whole life"});
  if (!problems.empty()) {
    act(give_answer{token, outcome::refused, "bad options or specs", std::move(problems)});
    return take();
  }
  if (phase_ != supervisor_phase::running || round_) {
    answer(token, phase_ == supervisor_phase::running || phase_ == supervisor_phase::starting ? outcome::restarting
                                                                                              : outcome::stopping);
    return take();
  }
  options_ = options;
  budget_.change(options.intensity, options.period);
  if (is_pool()) {
    template_ = with_defaults(std::move(specs.front()));
  } else {
    reorder(std::move(specs), now);
  }
  answer(token, outcome::done);
  return take();
}

/// The order of the new list first, then what it does not name.
void supervisor_rules::reorder(std::vector<child_spec> specs, moment now) {
  children before = std::exchange(children_, {});
  auto old_places = std::exchange(position_of_id_, {});
  position_of_number_.clear();
  due_.clear();
  significant_active_ = 0;
  const auto keep = [&](child one) {
    one.position = ++positions_;
    position_of_id_.emplace(one.spec.id, one.position);
    position_of_number_.emplace(one.number, one.position);
    if (one.due) due_.emplace(*one.due, one.position);
    if (one.spec.significant && (runs(one.state) || one.state == child_state::restarting)) ++significant_active_;
    mark(children_.emplace(one.position, std::move(one)).first->second);
  };
  for (auto& spec : specs) {
    const auto old = old_places.find(spec.id);
    if (old == old_places.end()) {
      add(std::move(spec), now);
      continue;
    }
    auto known = before.extract(old->second);
    known.mapped().spec = with_defaults(std::move(spec));
    keep(std::move(known.mapped()));
  }
  for (auto& [position, one] : before) keep(std::move(one));
}

// --- answers ---

void supervisor_rules::answer(command_token token, outcome what, std::string text) {
  if (token != 0) act(give_answer{token, what, std::move(text), {}});
}

void supervisor_rules::answer_start(child& one, outcome what, std::string text) {
  one.fresh = one.by_command = false;
  answer(std::exchange(one.start_token, 0), what, std::move(text));
}

/// While a group restarts, and before everything is up for the first time, starting something else has to wait.
bool supervisor_rules::defer(deferred_command command) {
  if (!round_) return false;
  deferred_.push_back(std::move(command));
  return true;
}

void supervisor_rules::run_deferred(moment now) {
  for (auto& command : std::exchange(deferred_, {})) {
    if (round_ || phase_ != supervisor_phase::running) {
      if (phase_ == supervisor_phase::running)
        deferred_.push_back(std::move(command));
      else
        answer(command.token, outcome::stopping);
      continue;
    }
    switch (command.what) {
      case deferred_command::kind::start:
        if (find(command.spec.id) != nullptr)
          answer(command.token, outcome::already_started);
        else
          run_start(std::move(command.spec), command.token, now);
        break;
      case deferred_command::kind::restart:
        run_restart(command.spec.id, command.token, now);
        break;
      case deferred_command::kind::replace:
        run_replace(command.spec.id, command.token, now);
        break;
    }
  }
}

// --- queries ---

child_counts supervisor_rules::counts() const {
  child_counts counted;
  for (const auto& [position, one] : children_) {
    ++counted.specs;
    ++(one.spec.kind == child_kind::supervisor ? counted.supervisors : counted.workers);
  }
  counted.active = running_;
  if (is_pool()) counted.specs = 1;
  return counted;
}

std::optional<child_spec> supervisor_rules::spec_of(std::string_view id) const {
  const auto* one = find(id);
  return one == nullptr ? std::nullopt : std::optional{one->spec};
}

std::optional<child_state> supervisor_rules::state_of(std::string_view id) const {
  const auto* one = find(id);
  return one == nullptr ? std::nullopt : std::optional{one->state};
}

std::vector<std::string> supervisor_rules::ids() const {
  std::vector<std::string> named;
  for (const auto& [position, one] : children_) named.push_back(one.spec.id);
  return named;
}

supervisor_view supervisor_rules::view(moment now) const {
  supervisor_view seen;
  seen.phase = phase_;
  seen.strategy = options_.strategy;
  seen.intensity = options_.intensity;
  seen.period_ms = options_.period / 1ms;
  seen.budget_left = budget_.left(now);
  return seen;
}

std::optional<std::uint64_t> supervisor_rules::position_of(std::uint64_t number) const {
  const auto found = position_of_number_.find(number);
  return found == position_of_number_.end() ? std::nullopt : std::optional{found->second};
}

std::optional<child_view> supervisor_rules::view_of(std::uint64_t number, const wall_time& time) const {
  const auto position = position_of(number);
  if (!position) return std::nullopt;
  const auto& one = children_.at(*position);
  child_view seen;
  seen.id = one.spec.id;
  seen.kind = one.spec.kind;
  seen.restart = one.spec.restart;
  seen.significant = one.spec.significant;
  seen.state = one.state;
  seen.since = time.of(one.since);
  seen.restarts = one.restarts;
  seen.rebuilds = one.rebuilds;
  for (const auto& [at, why, in_place, message] : one.causes)
    seen.causes.push_back({time.of(at), why.kind, in_place, why.text, message, why.backtrace});
  if (one.state == child_state::restarting) {
    if (one.due) seen.next_retry = time.of(*one.due);
    if (round_ && round_->due) seen.next_retry = time.of(*round_->due);
  }
  return seen;
}

}  // namespace musiccorp::supervision
