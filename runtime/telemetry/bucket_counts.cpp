#include "telemetry/bucket_counts.hpp"

namespace musiccorp::telemetry {

bucket_counts::reading bucket_counts::read() const {
  reading now;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i <= bounds_.size(); ++i)
    now.cumulative.push_back(total += counts_[i].load(std::memory_order_relaxed));
  now.sum = sum_.load(std::memory_order_relaxed);
  return now;
}

}  // namespace musiccorp::telemetry
