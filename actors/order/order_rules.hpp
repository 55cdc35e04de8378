#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "messages/catalog_messages.hpp"
#include "messages/customer_messages.hpp"
#include "messages/inventory_messages.hpp"
#include "messages/order_messages.hpp"
#include "messages/payment_messages.hpp"
#include "messages/shipping_messages.hpp"
#include "messages/warehouse_messages.hpp"
#include "service/outcome.hpp"
#include "service/turn.hpp"

/// The process manager: it knows how far each order is and asks the others for the next step. What a message means in
/// which state is in order_saga.
namespace musiccorp::order {

/// What order keeps: what it shows, and what the others will need.
struct order {
  std::string order_id;
  std::string customer_id;
  std::string name;
  std::string email;
  messages::address address;
  messages::order_status status = messages::order_status::pending;
  std::vector<messages::priced_line> lines;
  messages::money total;
  std::string card;  ///< until the order is placed or over, then empty
  std::vector<messages::order_step> history;
  bool cancel_requested = false;
  std::string reason;
  std::optional<messages::money> refunded;
  std::string trace_id;  ///< of the request that placed it; empty: it was not traced

  static constexpr auto describe() {
    return describe_as("order", 1, key("order_id", &order::order_id), field("customer_id", &order::customer_id),
                       field("name", &order::name, pii), field("email", &order::email, pii),
                       field("address", &order::address), field("status", &order::status),
                       field("lines", &order::lines), field("total", &order::total), field("card", &order::card, pii),
                       field("history", &order::history), field("cancel_requested", &order::cancel_requested),
                       field("reason", &order::reason), field("refunded", &order::refunded),
                       field("trace_id", &order::trace_id, defaulted));
  }
};

/// An order that is not final has one, written and erased in the turns that make it so: a start reads these few and
/// not every order that there ever was.
struct open_order {
  std::string order_id;

  static constexpr auto describe() { return describe_as("open_order", 1, key("order_id", &open_order::order_id)); }
};

/// Says of the store that it is in: of all that was written up to message `seq` of its log, and by that generation of
/// the log, no `open_order` is missing. Whatever else wrote there may be a program that does not list.
struct open_orders_listed {
  std::string store = "order";
  std::uint64_t seq = 0;
  std::string generation{};

  static constexpr auto describe() {
    return describe_as("open_orders_listed", 1, key("store", &open_orders_listed::store),
                       field("seq", &open_orders_listed::seq, defaulted),
                       field("generation", &open_orders_listed::generation, defaulted));
  }
};

/// The questions that are asked in parallel before `place` runs.
[[nodiscard]] messages::quote_prices prices_of(const messages::place_order& command);
[[nodiscard]] messages::check_stock stock_for(const messages::place_order& command);
[[nodiscard]] messages::check_customer customer_of(const messages::place_order& command);

/// Saves the order as pending and asks inventory for the goods. Lines that name the same item stay as they are; stock
/// is counted by item.
outcome place(turn& now, const messages::place_order& command, const messages::price_quote& quote,
              const messages::stock_check& stock, const messages::customer_summary& customer);
/// At once while pending; from then on payment decides (`cancel_requested`), and from paid on it is refused with 409.
outcome cancel(turn& now, const messages::cancel_order& command);

outcome take_reservation(turn& now, const messages::stock_reserved& answer);
outcome reject_without_stock(turn& now, const messages::stock_rejected& answer);
outcome mark_paid(turn& now, const messages::payment_received& event);
outcome cancel_unpaid(turn& now, const messages::payment_declined& event);
outcome note_refund(turn& now, const messages::payment_refunded& event);
outcome cancel_voided(turn& now, const messages::payment_voided& answer);
outcome keep_paid(turn& now, const messages::payment_kept& answer);
outcome mark_packaged(turn& now, const messages::order_packaged& event);
outcome cancel_unfulfillable(turn& now, const messages::order_unfulfillable& event);
outcome mark_shipped(turn& now, const messages::order_shipped& event);

outcome answer_order(turn& now, const messages::show_order& query);
/// With a status, at most `looked_at_max` orders are looked at for one page: a page may be short and have a next one.
outcome answer_orders(turn& now, const messages::list_orders& query);
inline constexpr std::size_t looked_at_max = 1000;

}  // namespace musiccorp::order
