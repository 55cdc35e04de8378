#pragma once

#include <cstdint>
#include <optional>

#include "base/random.hpp"
#include "supervision/moment.hpp"

namespace musiccorp::cluster {

using supervision::moment;

struct backoff_limits {
  duration first{100'000};
  duration longest{5'000'000};
};

/// How long to wait before the next call of a peer: evenly between 0 and min(longest, first * 2^n), n counting the
/// failures in a row ("full jitter": nodes that lost one peer at the same time do not call it at the same time).
/// Never less than a tenth of `first`. A link that lasted for `longest` ends the row. One owner, no locking.
class reconnect_backoff {
 public:
  explicit reconnect_backoff(const backoff_limits& limits) : limits_(limits) {}

  void came_up(moment now) { up_since_ = now; }
  /// A call failed, or a link that was up ended.
  [[nodiscard]] duration failed(moment now, base::random_source& random);
  [[nodiscard]] std::uint32_t failures() const { return failures_; }

 private:
  backoff_limits limits_;
  std::uint32_t failures_ = 0;
  std::optional<moment> up_since_;
};

}  // namespace musiccorp::cluster
