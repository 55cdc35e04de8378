#include "fraud/fraud_rules.hpp"

#include <algorithm>
#include <chrono>

namespace musiccorp::fraud {

using namespace messages;

namespace {

constexpr std::int64_t points_max = 1'000'000'000;

/// The customer's score with the points of whole hours since the last time taken off.
score score_of(turn& now, const std::string& customer_id, const fraud_settings& settings) {
  auto known = now.find<score>(customer_id);
  if (!known) {
    score fresh;
    fresh.customer_id = customer_id;
    fresh.faded_at = now.now();
    return fresh;
  }
  const auto hours = std::chrono::floor<std::chrono::hours>(now.now() - known->faded_at);
  if (hours.count() <= 0) return *known;
  known->faded_at += hours;
  const auto hours_counted = std::min<std::int64_t>(hours.count(), points_max);  // Keeps the product small.
  known->points = std::max<std::int64_t>(0, known->points - hours_counted * settings.points_faded_hourly);
  return *known;
}

/// Adds the points, decides about the flag, and says so when it changed.
outcome settle(turn& now, score one, std::int64_t points, const fraud_settings& settings) {
  one.points = std::clamp<std::int64_t>(one.points + points, 0, points_max);
  const bool flagged = one.points >= settings.flagged_from || (one.flagged && one.points > settings.cleared_at);
  if (flagged != one.flagged) {
    one.flagged = flagged;
    ++one.version;
    now.publish(fraud_flag_updated{one.customer_id, one.flagged, one.points, one.version});
  }
  now.save(one);
  return done{};
}

}  // namespace

outcome meet(turn& now, const customer_registered& event, const fraud_settings& settings) {
  return settle(now, score_of(now, event.customer_id, settings), 0, settings);
}

outcome score_change(turn& now, const customer_updated& event, const fraud_settings& settings) {
  return settle(now, score_of(now, event.customer_id, settings), settings.points_changed, settings);
}

outcome score_order(turn& now, const order_placed& event, const fraud_settings& settings) {
  auto one = score_of(now, event.customer_id, settings);
  ++one.orders;
  const bool large = event.total.amount_minor > settings.large_order_minor;
  return settle(now, std::move(one), large ? settings.points_large_order : 0, settings);
}

outcome score_payment(turn& now, const payment_received& event, const fraud_settings& settings) {
  auto one = score_of(now, event.customer_id, settings);
  ++one.payments;
  return settle(now, std::move(one), -settings.points_received, settings);
}

outcome score_decline(turn& now, const payment_declined& event, const fraud_settings& settings) {
  auto one = score_of(now, event.customer_id, settings);
  ++one.declines;
  // Points for a decline that the flag itself has caused would keep the flag up for ever.
  return settle(now, std::move(one), event.reason == "fraud" ? 0 : settings.points_declined, settings);
}

outcome score_refund(turn& now, const payment_refunded& event, const fraud_settings& settings) {
  auto one = score_of(now, event.customer_id, settings);
  ++one.refunds;
  return settle(now, std::move(one), 0, settings);
}

outcome answer_score(turn& now, const show_fraud_score& query) {
  const auto one = now.find<score>(query.customer_id);
  if (!one) return no_such("score of customer", query.customer_id);
  return fraud_score{one->customer_id, one->points,   one->flagged,  one->version,
                     one->orders,      one->payments, one->declines, one->refunds};
}

}  // namespace musiccorp::fraud
