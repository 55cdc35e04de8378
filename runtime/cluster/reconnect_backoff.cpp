#include "cluster/reconnect_backoff.hpp"

#include <algorithm>

namespace musiccorp::cluster {

duration reconnect_backoff::failed(moment now, base::random_source& random) {
  if (up_since_ && now - *up_since_ >= limits_.longest) failures_ = 0;
  up_since_.reset();
  auto most = limits_.first;
  for (std::uint32_t n = 0; n < failures_ && most < limits_.longest; ++n) most *= 2;
  most = std::min(most, limits_.longest);
  ++failures_;
  const auto drawn = random.below(static_cast<std::uint64_t>(most.count()) + 1);
  return std::max(duration{static_cast<duration::rep>(drawn)}, std::min(limits_.first / 10, most));
}

}  // namespace musiccorp::cluster
