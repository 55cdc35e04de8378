#include "delivery/retry_policy.hpp"

#include <algorithm>

namespace musiccorp::delivery {

duration delay_ceiling(const retry_policy& policy, int failed_attempts) {
  auto ceiling = policy.delay_first;
  for (int i = 1; i < failed_attempts && ceiling < policy.delay_longest; ++i) ceiling *= 2;
  return std::min(ceiling, policy.delay_longest);
}

duration delay_after(const retry_policy& policy, int failed_attempts, const base::fault& trouble,
                     base::random_source& random) {
  const auto ceiling = std::max<duration::rep>(delay_ceiling(policy, failed_attempts).count(), 1);
  const auto random_part = ceiling * std::clamp(policy.jitter_percent, 0, 100) / 100;
  auto wait = ceiling - random_part;
  if (random_part > 0) wait += 1 + static_cast<duration::rep>(random.below(static_cast<std::uint64_t>(random_part)));
  if (!trouble.retry_after) return duration{wait};
  // Compared in the coarser unit: what another side asked for may be too long for ours.
  const auto longest = std::chrono::floor<std::chrono::milliseconds>(policy.retry_after_longest);
  return std::max<duration>(duration{wait}, std::min(*trouble.retry_after, longest));
}

verdict judge(const retry_policy& policy, order_policy order, const failed_attempt& failure, instant now,
              base::random_source& random) {
  if (base::facts_of(failure.trouble.kind).what == base::fault_class::permanent)
    return {true, {}, std::string{base::name_of(failure.trouble.kind)}};
  const auto due = now + delay_after(policy, failure.attempts, failure.trouble, random);
  if (order == order_policy::block) return {false, due, {}};
  if (failure.attempts >= policy.attempts_max) return {true, {}, "attempts"};
  if (due - failure.first_failed > policy.deadline) return {true, {}, "deadline"};
  return {false, due, {}};
}

}  // namespace musiccorp::delivery
