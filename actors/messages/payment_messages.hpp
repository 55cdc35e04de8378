#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "messages/address.hpp"
#include "messages/line.hpp"
#include "messages/page.hpp"

/// What payment answers and says.
namespace musiccorp::messages {

enum class payment_status { requested, received, declined, voided, refunding, refunded };
constexpr std::array<std::string_view, 6> describe_choice(payment_status) {
  return {"requested", "received", "declined", "voided", "refunding", "refunded"};
}

/// Durable request: never take money for this order. Payment decides, because only it knows whether it is too late.
/// Answered with payment_voided or payment_kept.
struct void_payment {
  std::string order_id{};

  static constexpr auto describe() {
    return describe_as("void_payment", 1, key("order_id", &void_payment::order_id));
  }
};

/// There is no payment.received for this order, and there will be none.
struct payment_voided {
  std::string order_id{};

  static constexpr auto describe() {
    return describe_as("payment_voided", 1, key("order_id", &payment_voided::order_id));
  }
};

/// Too late: payment.received is said.
struct payment_kept {
  std::string order_id{};

  static constexpr auto describe() {
    return describe_as("payment_kept", 1, key("order_id", &payment_kept::order_id));
  }
};

/// Query: the payment of one order.
struct show_payment {
  std::string order_id{};

  static constexpr auto describe() {
    return describe_as("show_payment", 1, key("order_id", &show_payment::order_id, id_length));
  }
};

/// Money that really moved.
struct movement {
  std::int64_t amount_minor = 0;
  std::string currency = "EUR";
  instant at{};

  friend bool operator==(const movement&, const movement&) = default;
  static constexpr auto describe() {
    return describe_as("movement", 1, field("amount_minor", &movement::amount_minor),
                       field("currency", &movement::currency), field("at", &movement::at));
  }
};

struct payment_summary {
  std::string order_id{};
  std::string customer_id{};
  payment_status status = payment_status::requested;
  money amount{};
  std::string reason{};  ///< why it was declined
  std::vector<movement> charges{};
  std::vector<movement> refunds{};

  static constexpr auto describe() {
    return describe_as("payment_summary", 1, key("order_id", &payment_summary::order_id),
                       field("customer_id", &payment_summary::customer_id), field("status", &payment_summary::status),
                       field("amount", &payment_summary::amount, "what the order costs"),
                       field("reason", &payment_summary::reason, defaulted, "why it was declined"),
                       field("charges", &payment_summary::charges), field("refunds", &payment_summary::refunds));
  }
};

/// Query: all payments, oldest order first.
struct list_payments {
  std::int64_t page_size = 100;
  std::string page_token{};

  static constexpr auto describe() {
    return describe_as("list_payments", 1, field("page_size", &list_payments::page_size, defaulted, page_size_limits),
                       field("page_token", &list_payments::page_token, defaulted, page_token_length));
  }
};

struct payment_page {
  std::vector<payment_summary> payments{};
  std::string next_page_token{};

  static constexpr auto describe() {
    return describe_as("payment_page", 1, field("payments", &payment_page::payments),
                       field("next_page_token", &payment_page::next_page_token, "empty at the end"));
  }
};

/// Event: the money is in. Carries what warehouse and shipping need, so that nobody must ask.
struct payment_received {
  std::string order_id{};
  std::string customer_id{};
  std::string name{};
  std::string email{};
  messages::address address{};
  std::vector<priced_line> lines{};
  money amount{};

  static constexpr auto describe() {
    return describe_as("payment.received", 1, key("order_id", &payment_received::order_id),
                       field("customer_id", &payment_received::customer_id),
                       field("name", &payment_received::name, pii), field("email", &payment_received::email, pii),
                       field("address", &payment_received::address), field("lines", &payment_received::lines),
                       field("amount", &payment_received::amount, "tax included"));
  }
};

/// Event: no money was taken. `reason` is "fraud" or the provider's.
struct payment_declined {
  std::string order_id{};
  std::string customer_id{};
  std::string name{};
  std::string email{};
  money amount{};
  std::string reason{};

  static constexpr auto describe() {
    return describe_as("payment.declined", 1, key("order_id", &payment_declined::order_id),
                       field("customer_id", &payment_declined::customer_id),
                       field("name", &payment_declined::name, pii), field("email", &payment_declined::email, pii),
                       field("amount", &payment_declined::amount), field("reason", &payment_declined::reason));
  }
};

/// Event: the customer has the money back.
struct payment_refunded {
  std::string order_id{};
  std::string customer_id{};
  money amount{};

  static constexpr auto describe() {
    return describe_as("payment.refunded", 1, key("order_id", &payment_refunded::order_id),
                       field("customer_id", &payment_refunded::customer_id),
                       field("amount", &payment_refunded::amount));
  }
};

}  // namespace musiccorp::messages
