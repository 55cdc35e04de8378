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
  const auto ceiling = delay_ceiling(policy, failed_attempts).count();
  const duration jittered{
      1 + static_cast<duration::rep>(random.below(static_cast<std::uint64_t>(std::max<duration::rep>(ceiling, 1))))};
  return trouble.retry_after ? std::max<duration>(jittered, *trouble.retry_after) : jittered;
}

verdict judge(const retry_policy& policy, int attempts, const base::fault& trouble, instant now,
              base::random_source& random) {
  if (base::facts_of(trouble.kind).what == base::fault_class::permanent)
    return {true, {}, std::string{base::name_of(trouble.kind)}};
  if (attempts >= policy.attempts_max) return {true, {}, "attempts"};
  return {false, now + delay_after(policy, attempts, trouble, random), {}};
}

}  // namespace musiccorp::delivery
