#include "telemetry/sliding_peak.hpp"

#include <algorithm>

namespace musiccorp::telemetry {

std::uint64_t sliding_peak::read(instant now) {
  const std::scoped_lock lock{mutex_};
  const auto value = latest_.exchange(0, std::memory_order_relaxed);
  std::erase_if(peaks_, [&](const peak& old) { return old.value <= value || now - old.at > window; });
  const bool same_second = !peaks_.empty() && now - peaks_.back().at < std::chrono::seconds{1};
  if (!same_second) peaks_.push_back({now, value});  // Otherwise a higher one of this second stands for it.
  return peaks_.front().value;
}

}  // namespace musiccorp::telemetry
