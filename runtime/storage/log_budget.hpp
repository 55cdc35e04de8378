#pragma once

#include <algorithm>

#include "storage/store.hpp"

namespace musiccorp::storage {

/// Counts messages against the limits of one reading of the log. Private to this room.
class log_budget {
 public:
  explicit log_budget(const log_limits& limits) : limits_(limits) {}

  /// True when this message may still be returned, and the first one always.
  [[nodiscard]] bool take(const envelope& message) {
    const auto size = message.size();
    if (messages_ > 0 && (messages_ >= limits_.messages || size > limits_.bytes - bytes_)) return false;
    ++messages_;
    bytes_ = std::min(limits_.bytes, bytes_ + size);
    return true;
  }

 private:
  log_limits limits_;
  std::size_t messages_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace musiccorp::storage
