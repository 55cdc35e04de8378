#pragma once

#include <cstddef>

#include "demo/report.hpp"
#include "demo/shop_client.hpp"

namespace musiccorp::bench {

/// POST requests without an answer at a time.
inline constexpr std::size_t open_orders = 128;

/// A client for as many.
[[nodiscard]] http::client order_connection();

/// Drives so many orders through an open shop, all of which can be shipped, until every message of them is settled.
[[nodiscard]] demo::report drive_orders(const demo::shop_client& shop, std::size_t count);

}  // namespace musiccorp::bench
