#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "messages/order_messages.hpp"

/// The order saga as a chart: what each message means in each state. This is the only place that knows.
///
/// Messages of one service arrive in the order in which it wrote them; messages of different services overtake each
/// other: `order.packaged` of warehouse may be here before the `payment.received` that caused it. A message is
/// therefore taken as proof of everything that must have happened before it: the order catches up along
/// placed, paid, packaged, shipped, and the late message is a repeat that changes nothing. So among these nothing has
/// to wait, and the history stays in legal order.
///
/// A `pending` order is different: only the order's own step makes it placed, because that step says order.placed.
/// What can only follow from there (payment.received and all that it causes) is "not yet" until the order was written
/// again, however it got here first.
namespace musiccorp::order {

using messages::order_status;

enum class saga_message : std::uint8_t {
  stock_reserved,
  stock_rejected,
  payment_received,
  payment_declined,
  payment_refunded,
  payment_voided,
  payment_kept,
  order_packaged,
  order_unfulfillable,
  order_shipped,
  cancel_asked
};
inline constexpr std::size_t saga_messages = 11;
constexpr std::array<std::string_view, saga_messages> describe_choice(saga_message) {
  return {"stock_reserved",      "stock_rejected", "payment.received", "payment.declined",
          "payment.refunded",    "payment_voided", "payment_kept",     "order.packaged",
          "order.unfulfillable", "order.shipped",  "cancel_order"};
}

enum class saga_action : std::uint8_t {
  ignore,       ///< a repeat, or overtaken by what it caused
  advance,      ///< the status is the news
  place,        ///< publish order.placed
  reject,       ///< publish order.rejected
  cancel,       ///< publish order.cancelled
  ask_to_void,  ///< ask payment whether it is still possible
  note_refund,  ///< remember it
  refuse,       ///< a business no: too late to cancel
  wait,         ///< not yet: until the order's own step is done
  surprise      ///< can't be, if all others keep their promises: a permanent fault, kept as a dead letter
};
constexpr std::array<std::string_view, 10> describe_choice(saga_action) {
  return {"ignore",      "advance",     "place",  "reject", "cancel",
          "ask_to_void", "note_refund", "refuse", "wait",   "surprise"};
}

/// One cell of the chart: reach `to` (through every status before it), where the order did not yet know that it was
/// `proven`.
struct transition {
  saga_action action = saga_action::surprise;
  order_status to = order_status::pending;
  order_status proven = order_status::pending;  ///< reached first: a box that can't be packed was paid for
  friend bool operator==(const transition&, const transition&) = default;
};

[[nodiscard]] const transition& on_chart(order_status state, saga_message message);
[[nodiscard]] bool is_final(order_status state);

}  // namespace musiccorp::order
