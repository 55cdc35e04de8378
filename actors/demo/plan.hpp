#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "messages/inventory_messages.hpp"
#include "messages/order_messages.hpp"

/// What the demo's customers will do, decided by a seed before the first request leaves.
namespace musiccorp::demo {

enum class order_kind : std::uint8_t {
  ordinary,
  rush,           ///< many at once for the last pieces of one item
  unknown_item,   ///< 422
  without_stock,  ///< more than the shop ever had: 409
  declined,       ///< a card that the bank refuses
  twice,          ///< the same request two times under one Idempotency-Key
  cancelled,      ///< and a cancel right behind it
  too_big         ///< more than the largest box holds
};
constexpr std::array<std::string_view, 8> describe_choice(order_kind) {
  return {"ordinary", "rush", "unknown_item", "without_stock", "declined", "twice", "cancelled", "too_big"};
}
inline constexpr std::size_t order_kinds = 8;

struct planned_order {
  order_kind kind = order_kind::ordinary;
  std::string idempotency;
  messages::place_order command;
};

struct order_plan {
  std::vector<planned_order> orders;
  std::string poison_sku;   ///< the price job for it kills its worker each time
  std::string healthy_sku;  ///< the price job for it must get through meanwhile
};

/// `customers` are ids. From 20 orders on, every kind is among them. `name` makes the idempotency keys of this plan
/// different from those of another one. The same input gives the same plan.
[[nodiscard]] order_plan make_plan(std::uint64_t seed, std::size_t orders, const std::vector<std::string>& customers,
                                   const std::vector<messages::stock_summary>& stock, std::string_view name);

/// Customers to register first: number `index` of them, always the same.
[[nodiscard]] std::string customer_body(std::size_t index);

}  // namespace musiccorp::demo
