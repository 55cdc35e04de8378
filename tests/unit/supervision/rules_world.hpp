#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "supervision/supervisor_rules.hpp"

/// Children of straw around the real rules: they start, stop, fail and sulk as a test says, in simulated time. Checks
/// with every action what must always hold.
namespace musiccorp::supervision::testing {

inline end_reason crash_of(std::string text = "boom") { return {end_kind::crash, std::move(text), {}}; }
inline const end_reason asked{end_kind::shutdown, {}, {}};
inline const end_reason work_done{end_kind::normal, {}, {}};

inline child_spec spec(std::string id, restart_kind restart = restart_kind::permanent) {
  child_spec made;
  made.id = std::move(id);
  made.restart = restart;
  return made;
}
inline std::vector<child_spec> specs(std::initializer_list<const char*> ids) {
  std::vector<child_spec> made;
  for (const auto* id : ids) made.push_back(spec(id));
  return made;
}
/// No delay, as in OTP, and room for `intensity` failures in 5 s.
inline supervisor_options with(restart_strategy strategy, std::uint32_t intensity = 3) {
  supervisor_options made;
  made.strategy = strategy;
  made.intensity = intensity;
  return made;
}

class rules_world {
 public:
  struct manners {
    int failing_starts = 0;   ///< so many starts fail, then they succeed
    bool ignores = false;     ///< its start function says that there is nothing to do
    bool slow = false;        ///< does not say that it is up until told
    bool deaf = false;        ///< does not stop when asked
    bool immortal = false;    ///< does not even end when killed
    end_reason says = asked;  ///< when asked to stop
  };

  rules_world(supervisor_options options, std::vector<child_spec> list, std::uint64_t seed = 1)
      : rules(supervisor_rules::make(options, std::move(list), base::random_source{seed}).value()) {}

  void start() { run(rules.start(now)); }
  /// A running child ends by itself.
  void end(const std::string& id, end_reason why) {
    const auto which = running.at(id);
    running.erase(id);
    trace.push_back("end " + id);
    run(rules.child_ended(which, std::move(why), now));
  }
  void crash(const std::string& id, const std::string& text = "boom") { end(id, crash_of(text)); }
  void crash_in_place(const std::string& id, crash_report crash) {
    run(rules.child_crashed_in_place(running.at(id), std::move(crash), now));
  }
  void comes_up(const std::string& id) { run(rules.child_up(running.at(id), now)); }
  void fails_to_come_up(const std::string& id) {
    const auto which = running.at(id);
    running.erase(id);
    run(rules.child_ended(which, crash_of("not up"), now));
  }
  /// Lets time pass, with everything that becomes due on the way, at its moment.
  void pass(duration time) {
    const auto until = now + time;
    for (auto due = rules.next_due(now); due && *due <= until; due = rules.next_due(now)) {
      now = std::max(now, *due);
      run(rules.expire(now));
    }
    now = until;
  }

  command_token start_child(child_spec added) {
    return give([&](auto t) { return rules.start_child(added, t, now); });
  }
  command_token restart_child(const std::string& id) {
    return give([&](auto t) { return rules.restart_child(id, t, now); });
  }
  command_token terminate_child(const std::string& id) {
    return give([&](auto t) { return rules.terminate_child(id, t, now); });
  }
  command_token delete_child(const std::string& id) {
    return give([&](auto t) { return rules.delete_child(id, t, now); });
  }
  command_token replace_child(const std::string& id) {
    return give([&](auto t) { return rules.replace_child(id, t, now); });
  }
  command_token change(supervisor_options options, std::vector<child_spec> list) {
    return give([&](auto t) { return rules.change(options, std::move(list), t, now); });
  }
  void stop(bool hurry = false) { run(rules.stop(hurry, now)); }

  [[nodiscard]] std::optional<outcome> answer(command_token token) const {
    const auto found = answers.find(token);
    return found == answers.end() ? std::nullopt : std::optional{found->second.what};
  }
  /// The trace since the last call, as one text.
  std::string story() {
    std::string told;
    for (const auto& line : std::exchange(trace, {})) told += (told.empty() ? "" : ", ") + line;
    return told;
  }
  [[nodiscard]] child_state state(const std::string& id) const { return rules.state_of(id).value(); }
  [[nodiscard]] bool runs(const std::string& id) const { return running.contains(id); }
  [[nodiscard]] bool told(std::string_view event) const {
    return std::ranges::any_of(tellings, [&](const tell& one) { return one.event == event; });
  }
  [[nodiscard]] bool has_ended() const { return ended.has_value(); }

  moment now{std::chrono::hours{1}};
  supervisor_rules rules;
  std::map<std::string, manners> children;  ///< those that are not simply obedient
  std::map<std::string, child_ref> running;
  std::map<std::string, int> starts;  ///< tries, also failed ones
  std::map<command_token, give_answer> answers;
  std::vector<tell> tellings;
  std::vector<std::string> trace;
  std::set<std::string> forgotten;
  std::vector<std::string> rebuilt;
  std::optional<end_reason> ended;
  bool ready = false;
  bool holds = false;  ///< obedient children end only by end_asked()

  /// With `holds`: a child that was asked to stop does so now.
  void end_asked(const std::string& id) { end(id, children[id].says); }

 private:
  template <class Command>
  command_token give(Command command) {
    const auto token = ++tokens_;
    run(command(token));
    return token;
  }
  void run(actions todo) {
    std::deque<action> queue{std::make_move_iterator(todo.begin()), std::make_move_iterator(todo.end())};
    while (!queue.empty()) {
      const auto one = std::move(queue.front());
      queue.pop_front();
      EXPECT_FALSE(ended) << "an action after the end";
      auto more = std::visit([this](const auto& what) { return perform(what); }, one);
      for (auto& next : more) queue.push_back(std::move(next));
    }
  }
  std::string id_of(child_ref which) {
    for (const auto& [id, ref] : running)
      if (ref == which) return id;
    return {};
  }

  actions perform(const supervision::start_child& what) {
    auto& child = children[what.id];
    ++starts[what.id];
    EXPECT_FALSE(running.contains(what.id)) << what.id << " would run twice";
    if (child.failing_starts > 0) {
      --child.failing_starts;
      trace.push_back("fail " + what.id);
      return rules.child_start_failed(what.child, crash_of("can't start"), now);
    }
    if (child.ignores) {
      trace.push_back("ignore " + what.id);
      return rules.child_ignored(what.child, now);
    }
    trace.push_back("start " + what.id);
    running.emplace(what.id, what.child);
    return child.slow ? actions{} : rules.child_up(what.child, now);
  }
  actions perform(const stop_child& what) {
    const auto id = id_of(what.child);
    trace.push_back("stop " + id);
    if (id.empty() || children[id].deaf || children[id].immortal || holds) return {};
    running.erase(id);
    return rules.child_ended(what.child, children[id].says, now);
  }
  actions perform(const kill_child& what) {
    const auto id = id_of(what.child);
    trace.push_back("kill " + id);
    if (id.empty() || children[id].immortal) return {};
    running.erase(id);
    return rules.child_ended(what.child, {end_kind::killed, {}, {}}, now);
  }
  actions perform(const rebuild_child& what) {
    rebuilt.push_back(id_of(what.child));
    return {};
  }
  actions perform(const forget_child& what) {
    forgotten.insert(what.id);
    return {};
  }
  actions perform(const abandon_child& what) {
    trace.push_back("abandon " + what.id);
    return {};
  }
  actions perform(const give_answer& what) {
    EXPECT_TRUE(answers.emplace(what.token, what).second) << "a second answer";
    return {};
  }
  actions perform(const tell_ready&) {
    EXPECT_FALSE(std::exchange(ready, true));
    return {};
  }
  actions perform(const tell& what) {
    tellings.push_back(what);
    return {};
  }
  actions perform(const end_self& what) {
    ended = what.why;
    return {};
  }

  command_token tokens_ = 0;
};

}  // namespace musiccorp::supervision::testing
