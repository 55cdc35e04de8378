#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "describe/describe.hpp"
#include "describe/inspect.hpp"

namespace musiccorp::messages {

using describe::inspect;

/// An amount in the smallest unit of its currency (cents). Never a floating point number.
struct money {
  std::int64_t amount_minor = 0;
  std::string currency = "EUR";  ///< ISO 4217

  friend bool operator==(const money&, const money&) = default;
  static constexpr auto describe() {
    return describe_as("money", 1, field("amount_minor", &money::amount_minor, "in the currency's smallest unit"),
                       field("currency", &money::currency, "ISO 4217", between(3, 3)));
  }
};

/// `left + right`; nothing when the currencies differ or the sum does not fit.
[[nodiscard]] inline std::optional<money> sum(const money& left, const money& right) {
  money total{0, left.currency};
  if (left.currency != right.currency ||
      __builtin_add_overflow(left.amount_minor, right.amount_minor, &total.amount_minor))
    return std::nullopt;
  return total;
}

/// `price * count`; nothing when it does not fit.
[[nodiscard]] inline std::optional<money> times(const money& price, std::int64_t count) {
  money total{0, price.currency};
  if (__builtin_mul_overflow(price.amount_minor, count, &total.amount_minor)) return std::nullopt;
  return total;
}

}  // namespace musiccorp::messages
