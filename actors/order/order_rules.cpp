#include "order/order_rules.hpp"

#include "order/order_saga.hpp"
#include "telemetry/traceparent.hpp"

namespace musiccorp::order {

using namespace messages;

namespace {

order_summary summary_of(const order& one) {
  return {one.order_id, one.customer_id,      one.status, one.lines,    one.total,
          one.history,  one.cancel_requested, one.reason, one.refunded, one.trace_id};
}

std::vector<priced_line> priced(const std::vector<line>& lines, const price_quote& quote) {
  std::vector<priced_line> priced;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto& item = quote.items[i];
    priced.push_back({lines[i].sku, lines[i].quantity, item.artist, item.title, item.price});
  }
  return priced;
}

std::optional<money> total_of(const std::vector<priced_line>& lines) {
  std::optional<money> total = money{0, lines.front().unit_price.currency};
  for (const auto& one : lines) {
    const auto cost = times(one.unit_price, one.quantity);
    total = cost ? sum(*total, *cost) : std::nullopt;
    if (!total) break;
  }
  return total;
}

/// Reaches `to`. On the way to a later step of the happy path every step between is reached too, now.
void enter(order& one, order_status to, instant at) {
  const auto steps_on = [&](order_status next) {
    one.status = next;
    one.history.push_back({next, at});
  };
  if (to > order_status::shipped) return steps_on(to);
  while (one.status < to) steps_on(static_cast<order_status>(static_cast<int>(one.status) + 1));
}

order_placed placed_event(const order& one) {
  return {one.order_id, one.customer_id, one.name, one.email, one.address, one.lines, one.total, one.card};
}

void tell(turn& now, const order& one, saga_action action) {
  if (action == saga_action::place) now.publish(placed_event(one));
  if (action == saga_action::reject)
    now.publish(order_rejected{one.order_id, one.customer_id, one.name, one.email, one.lines, one.reason});
  if (action == saga_action::cancel)
    now.publish(order_cancelled{one.order_id, one.customer_id, one.total, one.reason});
}

/// Follows a chart cell that changes the status.
void step(turn& now, order& one, const transition& next, std::string_view reason) {
  enter(one, next.proven, now.now());
  enter(one, next.to, now.now());
  if (next.action != saga_action::advance && next.action != saga_action::place) one.reason = reason;
  tell(now, one, next.action);
  one.card.clear();  // Told to payment, or needed by nobody any more.
  now.save(one);
  if (is_final(one.status)) now.erase<open_order>(one.order_id);
}

fault surprise(const order& one, saga_message message) {
  return {fault_kind::conflict,
          "order " + one.order_id + " is " + std::string{describe::name_of(one.status)} + " and " +
              std::string{describe::name_of(message)} + " can't be",
          {},
          {}};
}

/// A message of another service about an order.
outcome follow(turn& now, std::string_view order_id, saga_message message, std::string_view reason = {}) {
  auto one = now.find<order>(order_id);
  if (!one) return fault{fault_kind::not_found, "there is no order " + std::string{order_id}, {}, {}};
  const auto& next = on_chart(one->status, message);
  if (next.action == saga_action::surprise) return surprise(*one, message);
  if (next.action == saga_action::wait)
    return not_yet::until<order>(
        order_id, std::string{describe::name_of(message)} + " is here before order " + one->order_id + " was placed");
  if (next.action != saga_action::ignore) step(now, *one, next, reason);
  return done{};
}

order_page page_with_status(turn& now, const list_orders& query) {
  order_page page;
  const auto size = static_cast<std::size_t>(query.page_size);
  const auto looked_at = now.list<order>({.after = query.page_token, .limit = looked_at_max});
  for (const auto& one : looked_at.items) {
    if (one.status != *query.status) continue;
    page.orders.push_back(summary_of(one));
    if (page.orders.size() < size) continue;
    page.next_page_token = one.order_id;
    return page;
  }
  page.next_page_token = looked_at.next;
  return page;
}

}  // namespace

quote_prices prices_of(const place_order& command) { return {command.lines}; }
check_stock stock_for(const place_order& command) { return {command.lines}; }
check_customer customer_of(const place_order& command) { return {command.customer_id}; }

outcome place(turn& now, const place_order& command, const price_quote& quote, const stock_check&,
              const customer_summary& customer) {
  if (command.lines.empty())
    return rejected{.text = "an order needs at least one line", .pointer = "/lines", .wanted = "at least 1 item"};
  ensure(quote.items.size() == command.lines.size(), "catalog quotes every line");

  order one;
  one.order_id = now.new_id();
  one.customer_id = customer.customer_id;
  one.name = customer.name;
  one.email = customer.email;
  one.address = customer.address;
  one.lines = priced(command.lines, quote);
  one.card = command.payment.card;
  const auto total = total_of(one.lines);
  if (!total) return rejected{"the total is too large, or in more than one currency", "/lines"};
  one.total = *total;
  one.history.push_back({order_status::pending, now.now()});
  one.trace_id = telemetry::trace_id_in(now.message().traceparent);

  now.save(one);
  now.save(open_order{one.order_id});
  now.request("inventory", reserve_stock{one.order_id, command.lines});
  return summary_of(one);
}

outcome cancel(turn& now, const cancel_order& command) {
  auto one = now.find<order>(command.order_id);
  if (!one) return no_such("order", command.order_id);
  const auto& next = on_chart(one->status, saga_message::cancel_asked);
  if (next.action == saga_action::refuse)
    return rejected{"the order is " + std::string{describe::name_of(one->status)} + ", too late to cancel it"};

  if (next.action == saga_action::cancel) {
    step(now, *one, next, "cancelled by the customer");
  } else if (!one->cancel_requested) {
    one->cancel_requested = true;
    now.save(*one);
    now.request("payment", void_payment{one->order_id});
  }
  return summary_of(*one);
}

outcome take_reservation(turn& now, const stock_reserved& answer) {
  return follow(now, answer.order_id, saga_message::stock_reserved);
}

outcome reject_without_stock(turn& now, const stock_rejected& answer) {
  return follow(now, answer.order_id, saga_message::stock_rejected, answer.reason + ": " + answer.sku);
}

outcome mark_paid(turn& now, const payment_received& event) {
  return follow(now, event.order_id, saga_message::payment_received);
}

outcome cancel_unpaid(turn& now, const payment_declined& event) {
  return follow(now, event.order_id, saga_message::payment_declined, "payment declined: " + event.reason);
}

outcome note_refund(turn& now, const payment_refunded& event) {
  auto one = now.find<order>(event.order_id);
  if (!one) return fault{fault_kind::not_found, "there is no order " + event.order_id, {}, {}};
  if (on_chart(one->status, saga_message::payment_refunded).action != saga_action::note_refund)
    return surprise(*one, saga_message::payment_refunded);
  one->refunded = event.amount;
  now.save(*one);
  return done{};
}

outcome cancel_voided(turn& now, const payment_voided& answer) {
  return follow(now, answer.order_id, saga_message::payment_voided, "cancelled by the customer");
}

outcome keep_paid(turn& now, const payment_kept& answer) {
  return follow(now, answer.order_id, saga_message::payment_kept);
}

outcome mark_packaged(turn& now, const order_packaged& event) {
  return follow(now, event.order_id, saga_message::order_packaged);
}

outcome cancel_unfulfillable(turn& now, const order_unfulfillable& event) {
  return follow(now, event.order_id, saga_message::order_unfulfillable, "unfulfillable: " + event.reason);
}

outcome mark_shipped(turn& now, const order_shipped& event) {
  return follow(now, event.order_id, saga_message::order_shipped);
}

outcome answer_order(turn& now, const show_order& query) {
  const auto one = now.find<order>(query.order_id);
  if (!one) return no_such("order", query.order_id);
  return summary_of(*one);
}

outcome answer_orders(turn& now, const list_orders& query) {
  if (query.status) return page_with_status(now, query);
  order_page page;
  const auto found = now.list<order>({.after = query.page_token, .limit = static_cast<std::size_t>(query.page_size)});
  for (const auto& one : found.items) page.orders.push_back(summary_of(one));
  page.next_page_token = found.next;
  return page;
}

}  // namespace musiccorp::order
