#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace musiccorp::telemetry {

/// The numbers of one histogram: a counter for each bucket and the sum. Recording is lock-free and takes no more than
/// two atomic additions; prometheus-cpp's own histogram takes a mutex for each value. Thread-safe.
class bucket_counts {
 public:
  struct reading {
    std::vector<std::uint64_t> cumulative;  ///< one more than there are bounds; the last one counts everything
    double sum = 0;
  };

  /// `bounds` are inclusive upper ends, ascending, without infinity.
  explicit bucket_counts(std::span<const double> bounds)
      : bounds_(bounds.begin(), bounds.end()),
        counts_(std::make_unique<std::atomic<std::uint64_t>[]>(bounds.size() + 1)) {}

  /// A negative value counts as 0; one that is not finite is ignored.
  void observe(double value) noexcept {
    if (!std::isfinite(value)) return;
    const double counted = std::max(value, 0.0);
    const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), counted) - bounds_.begin();
    counts_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(counted, std::memory_order_relaxed);
  }

  /// Buckets that agree with each other; values that arrive meanwhile may be in the sum already.
  [[nodiscard]] reading read() const;
  [[nodiscard]] const std::vector<double>& bounds() const noexcept { return bounds_; }

 private:
  const std::vector<double> bounds_;
  const std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;
  std::atomic<double> sum_{0};
};

}  // namespace musiccorp::telemetry
