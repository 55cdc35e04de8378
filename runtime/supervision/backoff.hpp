#pragma once

#include <cstdint>
#include <optional>

#include "base/random.hpp"
#include "supervision/child_spec.hpp"
#include "supervision/moment.hpp"

namespace musiccorp::supervision {

/// The delay before restart `row` (1 is the first) of failures in a row. Never overflows, whatever the row.
[[nodiscard]] duration delay_of(const backoff_policy& policy, std::uint32_t row, base::random_source& random);

/// Counts one child's failures in a row. A stable run ends the row; it is measured when the run ends, so there is no
/// timer that could come too late and reset a newer row (Pekko arms one and compares counts).
class failure_row {
 public:
  /// A run began: the child is up.
  void came_up(moment now) { up_since_ = now; }
  /// The run ended, or a start failed. Returns the delay before the next start.
  [[nodiscard]] duration failed(const backoff_policy& policy, moment now, base::random_source& random);
  [[nodiscard]] std::uint32_t length() const { return length_; }

 private:
  std::uint32_t length_ = 0;
  std::optional<moment> up_since_;
};

}  // namespace musiccorp::supervision
