#pragma once

#include <cstdint>
#include <string>

#include "messages/customer_messages.hpp"
#include "messages/fraud_messages.hpp"
#include "messages/order_messages.hpp"
#include "messages/payment_messages.hpp"
#include "service/outcome.hpp"
#include "service/turn.hpp"

/// Scores customers from what happens in the shop, ahead of time: nobody waits for it. Points:
///
///     a card declined by its bank          + points_declined      (a decline because of the flag: none)
///     an order above large_order_minor     + points_large_order
///     name, email or address changed       + points_changed
///     a payment received                   - points_received
///     an hour in which nothing happened    - points_faded_hourly
///
/// At flagged_from points the customer is flagged, at cleared_at and below no longer: the gap keeps the flag from
/// flapping. fraud.flag_updated is said only when the flag changes.
namespace musiccorp::fraud {

struct fraud_settings {
  std::int64_t points_declined = 30;
  std::int64_t points_large_order = 5;
  std::int64_t points_changed = 2;
  std::int64_t points_received = 10;
  std::int64_t points_faded_hourly = 10;
  std::int64_t large_order_minor = 100'000;
  std::int64_t flagged_from = 100;
  std::int64_t cleared_at = 40;

  static constexpr auto describe() {
    constexpr auto points = between(0, 1'000'000);
    return describe_as("fraud_settings", 1,
                       field("points_declined", &fraud_settings::points_declined, defaulted, points),
                       field("points_large_order", &fraud_settings::points_large_order, defaulted, points),
                       field("points_changed", &fraud_settings::points_changed, defaulted, points),
                       field("points_received", &fraud_settings::points_received, defaulted, points),
                       field("points_faded_hourly", &fraud_settings::points_faded_hourly, defaulted, points),
                       field("large_order_minor", &fraud_settings::large_order_minor, defaulted, at_least(0)),
                       field("flagged_from", &fraud_settings::flagged_from, defaulted, between(1, 1'000'000)),
                       field("cleared_at", &fraud_settings::cleared_at, defaulted, points));
  }
};

/// What is known of one customer.
struct score {
  std::string customer_id;
  std::int64_t points = 0;
  instant faded_at{};  ///< the hours before this are already taken off
  bool flagged = false;
  std::int64_t version = 0;
  std::int64_t orders = 0;
  std::int64_t payments = 0;
  std::int64_t declines = 0;
  std::int64_t refunds = 0;

  static constexpr auto describe() {
    return describe_as("score", 1, key("customer_id", &score::customer_id), field("points", &score::points),
                       field("faded_at", &score::faded_at), field("flagged", &score::flagged),
                       field("version", &score::version), field("orders", &score::orders),
                       field("payments", &score::payments), field("declines", &score::declines),
                       field("refunds", &score::refunds));
  }
};

outcome meet(turn& now, const messages::customer_registered& event, const fraud_settings& settings);
outcome score_change(turn& now, const messages::customer_updated& event, const fraud_settings& settings);
outcome score_order(turn& now, const messages::order_placed& event, const fraud_settings& settings);
outcome score_payment(turn& now, const messages::payment_received& event, const fraud_settings& settings);
outcome score_decline(turn& now, const messages::payment_declined& event, const fraud_settings& settings);
outcome score_refund(turn& now, const messages::payment_refunded& event, const fraud_settings& settings);
outcome answer_score(turn& now, const messages::show_fraud_score& query);

}  // namespace musiccorp::fraud
