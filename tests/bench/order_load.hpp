#pragma once

#include <cstddef>
#include <string_view>

#include "demo/load.hpp"
#include "demo/plan.hpp"
#include "demo/report.hpp"
#include "demo/shop_client.hpp"

namespace musiccorp::bench {

/// POST requests without an answer at a time.
inline constexpr std::size_t open_orders = 128;

/// A client for as many.
[[nodiscard]] http::client order_connection();

/// So many baskets that can all be shipped, for new customers; `name` tells the plans of one shop apart.
[[nodiscard]] demo::order_plan ordinary_orders(const demo::shop_client& shop, std::size_t count,
                                               std::string_view name);
/// The orders of a plan, from eight clients; returns when each has its answer.
[[nodiscard]] demo::load_result place_orders(const demo::shop_client& shop, const demo::order_plan& plan);

/// Drives so many orders through an open shop, all of which can be shipped, until every message of them is settled.
[[nodiscard]] demo::report drive_orders(const demo::shop_client& shop, std::size_t count);

}  // namespace musiccorp::bench
