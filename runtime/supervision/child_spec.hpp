#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

/// What a supervisor is told about its children and about itself: plain data, checked before anything starts.
/// Words and rules are those of OTP's supervisor (its manual and its test suite); backoff is Pekko's.
namespace musiccorp::supervision {

using namespace std::chrono_literals;

enum class restart_kind : std::uint8_t {
  permanent,  ///< always restarted
  transient,  ///< restarted unless it ended normally or was asked to stop
  temporary   ///< never restarted; its spec is forgotten when it ends
};
enum class child_kind : std::uint8_t { worker, supervisor };
enum class restart_strategy : std::uint8_t {
  one_for_one,   ///< only the victim
  one_for_all,   ///< all of them: stopped in reverse order, started in order
  rest_for_one,  ///< the victim and those that were started after it
  pool           ///< like one_for_one, for many children of one spec that come and go; they stop in parallel
};
/// Whether the supervisor ends, as if asked to, when a significant child has ended by itself for good.
enum class auto_shutdown : std::uint8_t { never, any_significant, all_significant };

constexpr auto describe_choice(restart_kind) {
  return std::array<std::string_view, 3>{"permanent", "transient", "temporary"};
}
constexpr auto describe_choice(child_kind) { return std::array<std::string_view, 2>{"worker", "supervisor"}; }
constexpr auto describe_choice(restart_strategy) {
  return std::array<std::string_view, 4>{"one_for_one", "one_for_all", "rest_for_one", "pool"};
}
constexpr auto describe_choice(auto_shutdown) {
  return std::array<std::string_view, 3>{"never", "any_significant", "all_significant"};
}

/// How long a child may take to stop after it was asked, before it is killed.
class stop_limit {
 public:
  /// Killed without being asked.
  static constexpr stop_limit at_once() { return stop_limit{duration{0}}; }
  static constexpr stop_limit within(duration time) { return stop_limit{time}; }
  /// Never killed. Right for supervisors, whose children have limits of their own.
  static constexpr stop_limit unlimited() { return stop_limit{duration::max()}; }

  [[nodiscard]] constexpr bool is_at_once() const { return time_ == duration{0}; }
  [[nodiscard]] constexpr bool is_unlimited() const { return time_ == duration::max(); }
  [[nodiscard]] constexpr duration time() const { return time_; }
  friend bool operator==(const stop_limit&, const stop_limit&) = default;

 private:
  constexpr explicit stop_limit(duration time) : time_(time) {}
  duration time_;
};

struct child_spec {
  std::string id;  ///< unique below one supervisor
  restart_kind restart = restart_kind::permanent;
  child_kind kind = child_kind::worker;
  std::optional<stop_limit> stop{};  ///< empty: 5 s for a worker, unlimited for a supervisor
  bool significant = false;
  bool rebuilds = false;  ///< can rebuild its core in place when told to, keeping address and mailbox
  /// How long it may take from its start function's return until it says that it is up; empty: it is up at once.
  std::optional<duration> ready_within{};
  friend bool operator==(const child_spec&, const child_spec&) = default;
};

/// Delay before restart n (from 0, in a row) of a child: min(delay_max, delay_first * 2^n) * (1 + u * jitter), u
/// evenly in [0, 1).
struct backoff_policy {
  duration delay_first = 0us;   ///< 0: no delay at all, as in OTP
  duration delay_max = 30s;     ///< before jitter
  double jitter = 0.2;          ///< 0 to 1
  std::uint32_t immediate = 1;  ///< so many restarts in a row come without delay, before n counts
  /// A run of this length makes the row begin anew; empty: (delay_first + delay_max) / 2.
  std::optional<duration> reset_after{};
  friend bool operator==(const backoff_policy&, const backoff_policy&) = default;
};

struct supervisor_options {
  restart_strategy strategy = restart_strategy::one_for_one;
  /// More than `intensity` spendings within `period` exhaust the budget.
  std::uint32_t intensity = 1;
  duration period = 5s;
  auto_shutdown shutdown = auto_shutdown::never;
  backoff_policy backoff{};
  /// How long a killed child may take to end until it counts as wedged (an actor can't be pre-empted).
  duration kill_grace = 1s;
  /// A crash in place spends the budget when it is at least the n-th of differing messages in a row, without a
  /// message handled between them. 1: each differing crash. More: a core that works must bear single poison.
  std::uint32_t differing_in_row = 1;
  friend bool operator==(const supervisor_options&, const supervisor_options&) = default;
};

/// With the defaults that depend on other fields filled in.
[[nodiscard]] child_spec with_defaults(child_spec spec);
[[nodiscard]] duration reset_after(const backoff_policy& policy);

/// What is wrong with them, each finding with the JSON pointer of its field; empty when nothing is.
[[nodiscard]] std::vector<problem> check(const supervisor_options& options);
[[nodiscard]] std::vector<problem> check(const child_spec& spec, const supervisor_options& options);
/// The whole list: each spec, no id twice, and exactly one spec (the template) for a pool. Pointers begin with the
/// index.
[[nodiscard]] std::vector<problem> check(const std::vector<child_spec>& specs, const supervisor_options& options);

}  // namespace musiccorp::supervision
