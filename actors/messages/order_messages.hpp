#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "messages/address.hpp"
#include "messages/line.hpp"
#include "messages/page.hpp"

/// What order, the process manager, answers and says.
namespace musiccorp::messages {

/// The first five in this order; the last three are final.
enum class order_status { pending, placed, paid, packaged, shipped, rejected, cancelled };
constexpr std::array<std::string_view, 7> describe_choice(order_status) {
  return {"pending", "placed", "paid", "packaged", "shipped", "rejected", "cancelled"};
}

struct card_payment {
  std::string card{};

  static constexpr auto describe() {
    return describe_as("card_payment", 1, field("card", &card_payment::card, pii, between(1, 64), "card token"));
  }
};

/// Command: I want these.
struct place_order {
  std::string customer_id{};
  std::vector<line> lines{};
  card_payment payment{};

  static constexpr auto describe() {
    return describe_as("place_order", 1, field("customer_id", &place_order::customer_id, id_length),
                       field("lines", &place_order::lines, lines_limits), field("payment", &place_order::payment));
  }
};

/// Command: I changed my mind.
struct cancel_order {
  std::string order_id{};

  static constexpr auto describe() {
    return describe_as("cancel_order", 1, key("order_id", &cancel_order::order_id, id_length));
  }
};

/// Query: one order.
struct show_order {
  std::string order_id{};

  static constexpr auto describe() {
    return describe_as("show_order", 1, key("order_id", &show_order::order_id, id_length));
  }
};

/// Query: orders, oldest first.
struct list_orders {
  std::optional<order_status> status{};
  std::int64_t page_size = 50;
  std::string page_token{};

  static constexpr auto describe() {
    return describe_as("list_orders", 1, field("status", &list_orders::status, "nothing: all"),
                       field("page_size", &list_orders::page_size, defaulted, page_size_limits),
                       field("page_token", &list_orders::page_token, defaulted, page_token_length));
  }
};

struct order_step {
  order_status status = order_status::pending;
  instant at{};

  friend bool operator==(const order_step&, const order_step&) = default;
  static constexpr auto describe() {
    return describe_as("order_step", 1, field("status", &order_step::status), field("at", &order_step::at));
  }
};

struct order_summary {
  std::string order_id{};
  std::string customer_id{};
  order_status status = order_status::pending;
  std::vector<priced_line> lines{};
  money total{};
  std::vector<order_step> history{};
  bool cancel_requested = false;  ///< payment decides whether it is still possible
  std::string reason{};           ///< why it was rejected or cancelled
  std::optional<money> refunded{};
  std::string trace_id{};  ///< of the request that placed it; empty: it was not traced

  static constexpr auto describe() {
    return describe_as("order_summary", 1, key("order_id", &order_summary::order_id),
                       field("customer_id", &order_summary::customer_id), field("status", &order_summary::status),
                       field("lines", &order_summary::lines), field("total", &order_summary::total),
                       field("history", &order_summary::history),
                       field("cancel_requested", &order_summary::cancel_requested, defaulted),
                       field("reason", &order_summary::reason, defaulted, "why it was rejected or cancelled"),
                       field("refunded", &order_summary::refunded),
                       field("trace_id", &order_summary::trace_id, defaulted,
                             "of the request that placed it; empty: it was not traced"));
  }
};

struct order_page {
  std::vector<order_summary> orders{};
  std::string next_page_token{};

  static constexpr auto describe() {
    return describe_as("order_page", 1, field("orders", &order_page::orders),
                       field("next_page_token", &order_page::next_page_token, "empty at the end"));
  }
};

/// Event: the goods are put aside, and the customer will be charged.
struct order_placed {
  std::string order_id{};
  std::string customer_id{};
  std::string name{};
  std::string email{};
  messages::address address{};
  std::vector<priced_line> lines{};
  money total{};
  std::string card{};

  static constexpr auto describe() {
    return describe_as("order.placed", 1, key("order_id", &order_placed::order_id),
                       field("customer_id", &order_placed::customer_id), field("name", &order_placed::name, pii),
                       field("email", &order_placed::email, pii), field("address", &order_placed::address),
                       field("lines", &order_placed::lines), field("total", &order_placed::total, "tax included"),
                       field("card", &order_placed::card, pii, "card token"));
  }
};

/// Event: somebody else was faster and the goods are gone.
struct order_rejected {
  std::string order_id{};
  std::string customer_id{};
  std::string name{};
  std::string email{};
  std::vector<priced_line> lines{};
  std::string reason{};

  static constexpr auto describe() {
    return describe_as("order.rejected", 1, key("order_id", &order_rejected::order_id),
                       field("customer_id", &order_rejected::customer_id), field("name", &order_rejected::name, pii),
                       field("email", &order_rejected::email, pii), field("lines", &order_rejected::lines),
                       field("reason", &order_rejected::reason));
  }
};

/// Event: nothing will be delivered. Stock goes back on the shelf and money back to the customer.
struct order_cancelled {
  std::string order_id{};
  std::string customer_id{};
  money total{};
  std::string reason{};

  static constexpr auto describe() {
    return describe_as("order.cancelled", 1, key("order_id", &order_cancelled::order_id),
                       field("customer_id", &order_cancelled::customer_id), field("total", &order_cancelled::total),
                       field("reason", &order_cancelled::reason));
  }
};

}  // namespace musiccorp::messages
