#pragma once

#include <string>
#include <vector>

#include "messages/acquirer_messages.hpp"
#include "messages/fraud_messages.hpp"
#include "messages/order_messages.hpp"
#include "messages/payment_messages.hpp"
#include "service/outcome.hpp"
#include "service/turn.hpp"

/// The money of each order. The payment provider is reached by the messages of acquirer_messages.hpp only; the fraud
/// flag is known before it is needed, nobody is asked for it.
///
///     requested -> received -> refunding -> refunded      taken; given back after order.cancelled
///     requested -> declined                               by fraud or by the card's bank
///     requested -> voided [-> refunding -> refunded]      cancelled first; a charge that comes in later goes back
namespace musiccorp::payment {

struct payment {
  std::string order_id;
  std::string customer_id;
  std::string name;
  std::string email;
  messages::address address;
  std::vector<messages::priced_line> lines;
  messages::payment_status status = messages::payment_status::requested;
  messages::money amount;
  std::string reason;
  std::vector<messages::movement> charges;
  std::vector<messages::movement> refunds;

  static constexpr auto describe() {
    return describe_as(
        "payment", 1, key("order_id", &payment::order_id), field("customer_id", &payment::customer_id),
        field("name", &payment::name, pii), field("email", &payment::email, pii), field("address", &payment::address),
        field("lines", &payment::lines), field("status", &payment::status), field("amount", &payment::amount),
        field("reason", &payment::reason), field("charges", &payment::charges), field("refunds", &payment::refunds));
  }
};

/// The latest that fraud has said about a customer.
struct fraud_flag {
  std::string customer_id;
  bool flagged = false;
  std::int64_t version = 0;

  static constexpr auto describe() {
    return describe_as("fraud_flag", 1, key("customer_id", &fraud_flag::customer_id),
                       field("flagged", &fraud_flag::flagged), field("version", &fraud_flag::version));
  }
};

/// order.placed: a flagged customer is declined, for all others the provider is asked.
outcome take_payment(turn& now, const messages::order_placed& event);
outcome book_charge(turn& now, const messages::card_charged& answer);
outcome book_decline(turn& now, const messages::card_declined& answer);
/// Decides whether an order can still be cancelled. After payment_voided no payment.received is ever published.
outcome decide_void(turn& now, const messages::void_payment& request);
/// order.cancelled: what was received goes back, what was not will not be.
outcome give_back(turn& now, const messages::order_cancelled& event);
outcome book_refund(turn& now, const messages::card_refunded& answer);
outcome remember_flag(turn& now, const messages::fraud_flag_updated& event);

outcome answer_payment(turn& now, const messages::show_payment& query);
outcome answer_payments(turn& now, const messages::list_payments& query);

}  // namespace musiccorp::payment
