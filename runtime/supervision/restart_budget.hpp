#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "supervision/moment.hpp"

namespace musiccorp::supervision {

/// How many restarts are still allowed: a sliding log, as in OTP's supervisor, with finer time. A spending is
/// forgotten when it is older than the period; one of exactly that age still counts. More than `intensity` of them
/// exhaust the budget, so an intensity of 0 allows none.
///
/// Keeps at most intensity + 1 entries. One owner, no locking.
class restart_budget {
 public:
  restart_budget(std::uint32_t intensity, duration period) : intensity_(intensity), period_(period) {}

  /// Spends one. False when the budget is exhausted by it.
  [[nodiscard]] bool spend(moment now);
  [[nodiscard]] std::uint32_t left(moment now) const;
  /// When `left` grows next by itself; nothing when the budget is full.
  [[nodiscard]] std::optional<moment> refills_at(moment now) const;
  /// What was spent stays spent.
  void change(std::uint32_t intensity, duration period);

 private:
  std::uint32_t intensity_;
  duration period_;
  std::deque<moment> spent_;  ///< oldest first
};

}  // namespace musiccorp::supervision
