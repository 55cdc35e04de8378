#pragma once

#include <cstdint>
#include <string>

#include "messages/money.hpp"

namespace musiccorp::messages {

inline constexpr auto sku_length = between(1, 40);
inline constexpr auto id_length = between(1, 64);
inline constexpr auto quantity_limits = between(1, 100);
inline constexpr auto lines_limits = between(1, 50);

/// How many of one item. Several lines may name the same item: whoever counts stock adds them up.
struct line {
  std::string sku{};
  std::int64_t quantity = 1;

  friend bool operator==(const line&, const line&) = default;
  static constexpr auto describe() {
    return describe_as("line", 1, field("sku", &line::sku, sku_length),
                       field("quantity", &line::quantity, quantity_limits));
  }
};

/// A line with what was promised for it: the price of that moment.
struct priced_line {
  std::string sku{};
  std::int64_t quantity = 1;
  std::string artist{};
  std::string title{};
  money unit_price{};

  friend bool operator==(const priced_line&, const priced_line&) = default;
  static constexpr auto describe() {
    return describe_as("priced_line", 1, field("sku", &priced_line::sku, sku_length),
                       field("quantity", &priced_line::quantity, quantity_limits),
                       field("artist", &priced_line::artist, defaulted),
                       field("title", &priced_line::title, defaulted),
                       field("unit_price", &priced_line::unit_price, "of one piece, when the order was accepted"));
  }
};

}  // namespace musiccorp::messages
