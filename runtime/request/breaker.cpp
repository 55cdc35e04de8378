#include "request/breaker.hpp"

#include <algorithm>

#include "base/ensure.hpp"

namespace musiccorp::request {
namespace {

/// Whoever wants to be left alone for longer is asked all the same: a slip over there must not end here in years.
constexpr duration retry_after_longest = std::chrono::minutes{10};

bool is_failure(base::fault_kind kind) {
  return kind == base::fault_kind::unavailable || kind == base::fault_kind::overloaded ||
         kind == base::fault_kind::timeout;
}

}  // namespace

ask_end end_of(const reply& said) {
  const auto* trouble = std::get_if<base::fault>(&said);
  if (trouble == nullptr || !is_failure(trouble->kind)) return {};
  return {trouble->kind, trouble->retry_after.value_or(std::chrono::milliseconds{0})};
}

breaker::breaker(const breaker_policy& policy, std::uint64_t seed, instant now)
    : policy_{policy},
      part_length_{std::max<duration::rep>(policy.window.count() / parts, 1)},
      random_{seed},
      since_{now} {
  policy_.open_first = std::max(policy_.open_first, duration{1});
  policy_.open_longest = std::max(policy_.open_longest, policy_.open_first);
  policy_.probes_max = std::max(policy_.probes_max, 1U);
  policy_.jitter_percent = std::clamp(policy_.jitter_percent, 0, 100);
}

breaker::permit breaker::ask(instant now, instant deadline) {
  if (state_ == breaker_state::closed) return {*this, generation_};
  if (state_ == breaker_state::open) {
    if (now < open_until_) return {};
    change(breaker_state::half_open, now);
  }
  if (probes_ >= policy_.probes_max) {
    if (now < probes_lost_at_) return {};
    change(breaker_state::half_open, now);
  }
  ++probes_;
  probes_lost_at_ = std::max(probes_lost_at_, std::min(deadline, now + policy_.open_longest));
  return {*this, generation_};
}

breaker::permit breaker::accompany(const permit& first) {
  ensure(first.whose_ == this && first.generation_ == generation_, "an ask goes along with one of its own time");
  if (state_ == breaker_state::half_open) ++probes_;
  return {*this, generation_};
}

std::optional<instant> breaker::next_probe() const {
  if (state_ == breaker_state::closed) return std::nullopt;
  if (state_ == breaker_state::open) return open_until_;
  return probes_ < policy_.probes_max ? since_ : probes_lost_at_;
}

duration breaker::wait(instant now) const {
  if (state_ == breaker_state::open && now < open_until_) return open_until_ - now;
  return policy_.open_first;
}

void breaker::ended(std::uint64_t generation, const ask_end& how, instant now) {
  if (generation != generation_) return;
  if (state_ == breaker_state::half_open) return how.failure ? open(how, now) : close(now);
  auto& current = part_of(now);
  ++current.calls;
  if (!how.failure) {
    failed_in_row_ = 0;
    return;
  }
  ++current.failures;
  ++failed_in_row_;
  const bool row_is_full = policy_.failures_in_row > 0 && failed_in_row_ >= policy_.failures_in_row;
  if (row_is_full || share_is_too_high()) open(how, now);
}

void breaker::abandoned(std::uint64_t generation) noexcept {
  if (generation == generation_ && state_ == breaker_state::half_open) --probes_;
}

breaker::part& breaker::part_of(instant now) {
  const auto number = now.time_since_epoch().count() / part_length_;
  if (number > newest_) {
    for (auto fresh = std::max(newest_ + 1, number - parts + 1); fresh <= number; ++fresh)
      window_[static_cast<std::size_t>(fresh % parts)] = {};
    newest_ = number;
  }
  return window_[static_cast<std::size_t>(newest_ % parts)];
}

bool breaker::share_is_too_high() const {
  if (policy_.failures_percent == 0) return false;
  std::uint64_t calls = 0;
  std::uint64_t failures = 0;
  for (const auto& one : window_) {
    calls += one.calls;
    failures += one.failures;
  }
  return calls >= policy_.calls_min && failures * 100 >= calls * policy_.failures_percent;
}

void breaker::change(breaker_state state, instant now) {
  state_ = state;
  since_ = now;
  ++generation_;
  probes_ = 0;
  probes_lost_at_ = {};
}

void breaker::open(const ask_end& why, instant now) {
  change(breaker_state::open, now);
  cause_ = why.failure;
  open_until_ = now + std::max(next_wait(), std::min(why.retry_after, retry_after_longest));
}

void breaker::close(instant now) {
  change(breaker_state::closed, now);
  failed_in_row_ = 0;
  window_ = {};
  openings_ = 0;
}

duration breaker::next_wait() {
  auto ceiling = policy_.open_first;
  for (std::uint32_t i = 0; i < openings_ && ceiling < policy_.open_longest; ++i) ceiling *= 2;
  ceiling = std::min(ceiling, policy_.open_longest);
  ++openings_;
  const auto random_part = ceiling.count() * policy_.jitter_percent / 100;
  const auto random = random_part == 0 ? 0 : 1 + random_.below(static_cast<std::uint64_t>(random_part));
  return std::max(ceiling - duration{random_part} + duration{static_cast<duration::rep>(random)}, duration{1});
}

}  // namespace musiccorp::request
