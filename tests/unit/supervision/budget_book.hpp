#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "unit/supervision/rules_world.hpp"

/// The law of one supervisor's budget, kept from outside by what it is told and what it does: which failures cost,
/// and whether the last one must end it. A failure costs when the child is to come back by itself: an end of one that
/// was up, or a start that failed, but neither of a first start, nor of a command's, nor of a bystander that its
/// group would have stopped anyway; a crash in place costs once for each message.
namespace musiccorp::supervision::testing {

class budget_book {
 public:
  explicit budget_book(const supervisor_options& options) : options_{options} {}

  /// Before each call of the rules.
  void look(const supervisor_rules& rules) {
    phase_ = rules.phase();
    began_.reset();
    std::erase_if(children_, [&](const auto& entry) { return !rules.position_of(entry.first); });
    for (auto& [number, one] : children_) one.state = rules.state_of(one.id).value();
  }

  // --- what the rules are about to hear; true when it must exhaust the budget ---

  bool ends(child_ref which, const end_reason& why, moment now) {
    auto* one = current(which);
    if (one == nullptr) return false;
    if (one->state == child_state::wedged && round_is_on()) certain = false;  // It may join the round, or not.
    if (one->state != child_state::up) return start_fails(which, now);
    const bool again = one->restart == restart_kind::permanent ||
                       (one->restart == restart_kind::transient && !is_ordinary(why.kind));
    return again && !is_bystander(*one) && costs(which.child, now);
  }
  bool start_fails(child_ref which, moment now) {
    auto* one = current(which);
    const bool failed =
        one != nullptr && (one->state == child_state::starting || (one->state == child_state::stopping && one->late));
    return failed && start_costs(*one) && !is_bystander(*one) && costs(which.child, now);
  }
  bool crashes_in_place(const supervisor_rules& rules, child_ref which, const std::string& message, moment now) {
    auto* one = current(which);
    if (one == nullptr || (one->state != child_state::up && one->state != child_state::starting)) return false;
    const bool is_new = messages_.emplace(one->id, message).second;
    const bool ends_it = is_new && one->restart != restart_kind::temporary && costs(which.child, now);
    began_.reset();
    if (ends_it || !in_group()) return ends_it;
    if (phase_ == supervisor_phase::starting || round_is_on()) certain = false;  // It may be in the round, or not.
    const bool all_can = std::ranges::all_of(children_, [&](const auto& entry) {
      const auto& [number, other] = entry;
      return number == which.child ||
             (options_.strategy == restart_strategy::rest_for_one && other.position < one->position) ||
             other.state == child_state::stopped || other.state == child_state::wedged ||
             (other.state == child_state::up && rules.spec_of(other.id)->rebuilds);
    });
    if (!all_can) began_ = which.child;
    return false;
  }
  void comes_up(child_ref which) {
    auto* one = current(which);
    if (one == nullptr || one->state != child_state::starting) return;
    one->was_up = true;
    one->due = one->commanded = false;
  }
  void is_terminated(const std::string& id) {
    if (auto* one = named(id)) {
      one->due = one->late = false;
      one->terminated =
          one->state == child_state::starting || one->state == child_state::up || one->state == child_state::stopping;
    }
  }
  /// A replacement that has to wait for the end of a round happens when it can't be seen.
  void is_replaced(const std::string& id) {
    auto* one = named(id);
    if (one == nullptr || one->restart == restart_kind::temporary || one->state == child_state::wedged) return;
    if (phase_ != supervisor_phase::running || round_is_on()) certain = false;
    one->late = one->terminated = one->commanded = false;
  }

  // --- what the rules have done ---

  /// First of all: a failure that did not end it made its group stop from here on; it will start again.
  void is_done(const supervisor_rules& rules) {
    if (!began_ || !in_group()) return;
    auto from = options_.strategy == restart_strategy::one_for_all ? 0 : children_.at(*began_).position;
    if (stopping_from_) from = std::min(from, *stopping_from_);
    stopping_from_ = from;
    for (auto& [number, one] : children_) {
      if (one.position < from || !rules.position_of(number)) continue;
      const auto state = rules.state_of(one.id).value();
      one.due = state != child_state::stopped && state != child_state::wedged && !one.terminated;
      if (one.due) one.late = false;
    }
  }
  void starts(const supervisor_rules& rules, const supervision::start_child& what, moment now) {
    const auto [at, is_new] = children_.try_emplace(what.child.child);
    auto& one = at->second;
    const bool was_down = is_new || one.state == child_state::none || one.state == child_state::stopped ||
                          one.state == child_state::finished;
    const bool at_first = what.child.run == 1 && phase_ == supervisor_phase::starting && !ready_;
    const auto spec = rules.spec_of(what.id).value();
    one.id = what.id;
    one.run = what.child.run;
    one.position = rules.position_of(what.child.child).value();
    one.restart = spec.restart;
    one.commanded = was_down && !one.due && !at_first;
    one.terminated = one.late = false;
    one.up_until = spec.ready_within ? std::optional{now + *spec.ready_within} : std::nullopt;
    if (stopping_from_ && one.position >= *stopping_from_) stopping_from_.reset();
  }
  void is_ready() { ready_ = true; }
  /// By `expire`, while it was starting: when its time was up, that is a start that fails with its end.
  void kills_at_expiry(child_ref which, moment now) {
    if (auto* one = current(which))
      one->late = one->state == child_state::starting && one->up_until && *one->up_until <= now;
  }
  /// Nobody waits for it; true when this must exhaust the budget.
  bool abandons(child_ref which, moment now) {
    auto* one = current(which);
    if (one == nullptr) return false;
    one->due = false;
    const bool ends_it = one->late && start_costs(*one) && costs(which.child, now);
    began_.reset();
    return ends_it;
  }

  /// False once something happened whose time can't be seen from outside; from then on nothing is known.
  bool certain = true;
  std::size_t spent = 0;  ///< failures that cost something, also the one that ends it

 private:
  struct child {
    std::string id;
    std::uint64_t run = 0;
    std::uint64_t position = 0;
    restart_kind restart = restart_kind::permanent;
    child_state state = child_state::none;  ///< before the call
    std::optional<moment> up_until;
    bool was_up = false;
    bool commanded = false;   ///< a command starts it
    bool late = false;        ///< killed because it did not come up in time
    bool terminated = false;  ///< a command stops it
    bool due = false;         ///< its group's round will start it
  };

  child* current(child_ref which) {
    const auto found = children_.find(which.child);
    return found == children_.end() || found->second.run != which.run ? nullptr : &found->second;
  }
  child* named(const std::string& id) {
    const auto found = std::ranges::find(children_, id, [](const auto& entry) { return entry.second.id; });
    return found == children_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] bool in_group() const {
    return options_.strategy == restart_strategy::one_for_all || options_.strategy == restart_strategy::rest_for_one;
  }
  [[nodiscard]] bool is_bystander(const child& one) const {
    return stopping_from_ && one.position >= *stopping_from_;
  }
  [[nodiscard]] bool round_is_on() const {
    return stopping_from_ || std::ranges::any_of(children_, [](const auto& entry) { return entry.second.due; });
  }
  [[nodiscard]] bool start_costs(const child& one) const {
    return !one.commanded && (phase_ != supervisor_phase::starting || one.was_up);
  }
  bool costs(std::uint64_t number, moment now) {
    if (phase_ == supervisor_phase::stopping || phase_ == supervisor_phase::ended) return false;
    ++spent;
    failures_.push_back(now);
    const auto recent = std::ranges::count_if(failures_, [&](moment when) { return when >= now - options_.period; });
    if (recent > static_cast<std::ptrdiff_t>(options_.intensity)) return true;
    began_ = number;
    return false;
  }

  supervisor_options options_;
  std::map<std::uint64_t, child> children_;  ///< by number
  std::vector<moment> failures_;
  std::set<std::pair<std::string, std::string>> messages_;
  std::optional<std::uint64_t> stopping_from_;
  std::optional<std::uint64_t> began_;  ///< whose failure makes its group restart
  supervisor_phase phase_ = supervisor_phase::starting;
  bool ready_ = false;
};

}  // namespace musiccorp::supervision::testing
