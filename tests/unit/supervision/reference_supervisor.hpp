#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "unit/supervision/rules_world.hpp"

/// A supervisor as one would explain it on a page: everything happens at once and in one go, as in OTP, where
/// starting and stopping are calls. The real rules, given children that obey at once and no delays, must tell the
/// same story.
namespace musiccorp::supervision::testing {

class reference_supervisor {
 public:
  struct member {
    child_spec spec;
    child_state state = child_state::none;
  };

  reference_supervisor(supervisor_options how, const std::vector<child_spec>& list) : options(how) {
    for (const auto& one : list) members.push_back({one});
  }

  void start() {
    for (auto& one : members)
      if (!try_start(one)) return end(end_kind::start_failed);
  }
  void ends(const std::string& id, end_kind why) {
    trace.push_back("end " + id);
    auto& one = named(id);
    one.state = child_state::finished;
    const bool ordinary = is_ordinary(why);
    if (one.spec.restart == restart_kind::permanent || (one.spec.restart == restart_kind::transient && !ordinary))
      return restart(id);
    const bool significant = one.spec.significant;
    if (one.spec.restart == restart_kind::temporary) forget(id);
    const bool left = std::ranges::any_of(
        members, [](const member& other) { return other.spec.significant && other.state == child_state::up; });
    if (significant && options.shutdown != auto_shutdown::never &&
        (options.shutdown == auto_shutdown::any_significant || !left))
      end(end_kind::shutdown);
  }
  outcome start_child(const child_spec& added) {
    if (const auto* known = find(added.id))
      return known->state == child_state::up ? outcome::already_started : outcome::already_present;
    members.push_back({added});
    if (try_start(members.back())) return outcome::done;
    members.pop_back();
    return outcome::not_started;
  }
  outcome restart_child(const std::string& id) {
    if (find(id) == nullptr) return outcome::not_found;
    if (named(id).state == child_state::up) return outcome::running;
    if (try_start(named(id))) return outcome::done;
    named(id).state = child_state::stopped;
    return outcome::not_started;
  }
  outcome terminate_child(const std::string& id) {
    if (find(id) == nullptr) return outcome::not_found;
    stop(named(id));
    named(id).state = child_state::stopped;
    if (named(id).spec.restart == restart_kind::temporary) forget(id);
    return outcome::done;
  }
  outcome delete_child(const std::string& id) {
    if (find(id) == nullptr) return outcome::not_found;
    if (named(id).state == child_state::up) return outcome::running;
    forget(id);
    return outcome::done;
  }
  void end(end_kind why) {
    for (auto at = members.rbegin(); at != members.rend(); ++at) stop(*at);
    ended = why;
  }

  supervisor_options options;
  std::vector<member> members;
  std::map<std::string, int> failing_starts;
  std::vector<moment> failures;
  moment now{std::chrono::hours{1}};
  std::vector<std::string> trace;
  std::optional<end_kind> ended;

  [[nodiscard]] std::uint32_t budget_left() const {
    const auto recent = static_cast<std::uint32_t>(
        std::ranges::count_if(failures, [&](moment at) { return at >= now - options.period; }));
    return recent < options.intensity ? options.intensity - recent : 0;
  }

 private:
  const member* find(const std::string& id) const {
    const auto at = std::ranges::find(members, id, [](const member& one) { return one.spec.id; });
    return at == members.end() ? nullptr : &*at;
  }
  member& named(const std::string& id) { return const_cast<member&>(*find(id)); }
  void forget(const std::string& id) {
    std::erase_if(members, [&](const member& one) { return one.spec.id == id; });
  }
  bool try_start(member& one) {
    if (failing_starts[one.spec.id] > 0) {
      --failing_starts[one.spec.id];
      trace.push_back("fail " + one.spec.id);
      return false;
    }
    trace.push_back("start " + one.spec.id);
    one.state = child_state::up;
    return true;
  }
  void stop(member& one) {
    if (one.state == child_state::up) trace.push_back("stop " + one.spec.id);
    if (one.state != child_state::stopped) one.state = child_state::restarting;
  }
  void restart(std::string victim) {
    for (;;) {
      failures.push_back(now);
      named(victim).state = child_state::restarting;
      if (std::ranges::count_if(failures, [&](moment at) { return at >= now - options.period; }) >
          static_cast<std::ptrdiff_t>(options.intensity))
        return end(end_kind::exhausted);
      const auto failed = try_restart(victim);
      if (failed.empty()) return;
      victim = failed;
    }
  }
  /// The child whose start failed, if any.
  std::string try_restart(const std::string& victim) {
    if (options.strategy == restart_strategy::one_for_one) return try_start(named(victim)) ? "" : victim;
    auto from = std::ranges::find(members, victim, [](const member& one) { return one.spec.id; }) - members.begin();
    if (options.strategy == restart_strategy::one_for_all) from = 0;
    for (auto i = std::ssize(members) - 1; i >= from; --i) {
      auto& one = members[static_cast<std::size_t>(i)];
      const bool was_up = one.state == child_state::up;
      stop(one);
      if (was_up && one.spec.restart == restart_kind::temporary) members.erase(members.begin() + i);
    }
    for (auto i = static_cast<std::size_t>(from); i < members.size(); ++i)
      if (members[i].state != child_state::stopped && !try_start(members[i])) return members[i].spec.id;
    return "";
  }
};

}  // namespace musiccorp::supervision::testing
