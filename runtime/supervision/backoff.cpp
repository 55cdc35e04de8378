#include "supervision/backoff.hpp"

#include <algorithm>
#include <limits>

namespace musiccorp::supervision {

duration delay_of(const backoff_policy& policy, std::uint32_t row, base::random_source& random) {
  if (row <= policy.immediate || policy.delay_first == duration{0}) return duration{0};
  const auto doublings = row - policy.immediate - 1;
  auto delay = policy.delay_first;
  for (std::uint32_t i = 0; i < doublings && delay < policy.delay_max; ++i)
    delay = delay > policy.delay_max / 2 ? policy.delay_max : delay * 2;
  delay = std::min(delay, policy.delay_max);
  return delay +
         duration{static_cast<duration::rep>(static_cast<double>(delay.count()) * policy.jitter * random.unit())};
}

duration failure_row::failed(const backoff_policy& policy, moment now, base::random_source& random) {
  if (up_since_ && now - *up_since_ >= reset_after(policy)) length_ = 0;
  up_since_.reset();
  if (length_ < std::numeric_limits<std::uint32_t>::max()) ++length_;
  return delay_of(policy, length_, random);
}

}  // namespace musiccorp::supervision
