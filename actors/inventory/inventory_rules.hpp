#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "messages/catalog_entry.hpp"
#include "messages/inventory_messages.hpp"
#include "messages/order_messages.hpp"
#include "messages/warehouse_messages.hpp"
#include "service/outcome.hpp"
#include "service/turn.hpp"

/// Stock, and what is put aside for orders. Stock is kept as messages::stock_summary.
/// For each item, after every turn: received = on_hand + reserved + shipped, all at least 0.
namespace musiccorp::inventory {

enum class reservation_state { reserved, rejected, released, shipped };
constexpr std::array<std::string_view, 4> describe_choice(reservation_state) {
  return {"reserved", "rejected", "released", "shipped"};
}

/// What happened to the goods of one order. Only `reserved` holds stock.
struct reservation {
  std::string order_id;
  reservation_state state = reservation_state::reserved;
  std::vector<messages::line> lines;  ///< one for each sku
  std::string short_of;               ///< rejected: the first sku that was short

  static constexpr auto describe() {
    return describe_as("reservation", 1, key("order_id", &reservation::order_id), field("state", &reservation::state),
                       field("lines", &reservation::lines), field("short_of", &reservation::short_of, defaulted));
  }
};

/// The first delivery.
void receive_stock(turn& now, const std::vector<messages::catalog_entry>& entries);

/// Items that inventory has never heard of are not its business: catalog refuses them.
outcome check(turn& now, const messages::check_stock& question);
/// All lines or none. A repeat gets the answer of the first time.
outcome reserve(turn& now, const messages::reserve_stock& request);
/// order.cancelled: what is reserved goes back on the shelf. When the reservation is not there yet, a later one is
/// refused.
outcome release(turn& now, const messages::order_cancelled& event);
/// order.packaged: what was reserved is gone.
outcome ship(turn& now, const messages::order_packaged& event);

outcome answer_stock(turn& now, const messages::show_stock& query);
outcome answer_all_stock(turn& now, const messages::list_stock& query);

}  // namespace musiccorp::inventory
