#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>

#include "base/clock.hpp"

namespace musiccorp::telemetry {

/// The highest value of the last 15 seconds, so that a spike between two scrapes is seen, and by each of two
/// scrapers.
///
/// The writers need no clock: a value belongs to the reading that finds it, and is reported for 15 s from there.
class sliding_peak {
 public:
  static constexpr auto window = std::chrono::seconds{15};

  /// Any thread; one load unless it is a new peak.
  void saw(std::uint64_t value) noexcept {
    auto highest = latest_.load(std::memory_order_relaxed);
    while (value > highest && !latest_.compare_exchange_weak(highest, value, std::memory_order_relaxed)) {
    }
  }

  /// The highest value that was seen since the reading before this one or reported within the window.
  [[nodiscard]] std::uint64_t read(instant now);

 private:
  struct peak {
    instant at;
    std::uint64_t value;
  };
  std::atomic<std::uint64_t> latest_{0};
  std::mutex mutex_;
  std::deque<peak> peaks_;  // Falling values: a smaller older one will never be the highest again.
};

}  // namespace musiccorp::telemetry
