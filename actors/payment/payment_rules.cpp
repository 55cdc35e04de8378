#include "payment/payment_rules.hpp"

namespace musiccorp::payment {

using namespace messages;

namespace {

using enum payment_status;

payment_summary summary_of(const payment& one) {
  return {one.order_id, one.customer_id, one.status, one.amount, one.reason, one.charges, one.refunds};
}

payment asked_by(const order_placed& event) {
  payment one;
  one.order_id = event.order_id;
  one.customer_id = event.customer_id;
  one.name = event.name;
  one.email = event.email;
  one.address = event.address;
  one.lines = event.lines;
  one.amount = event.total;
  return one;
}

/// Stands in the way of an order.placed that is still to come.
void save_voided(turn& now, const std::string& order_id, const std::string& customer_id, const money& amount) {
  payment one;
  one.order_id = order_id;
  one.customer_id = customer_id;
  one.status = voided;
  one.amount = amount;
  now.save(one);
}

void decline(turn& now, payment one, std::string reason) {
  one.status = declined;
  one.reason = std::move(reason);
  now.save(one);
  now.publish(payment_declined{one.order_id, one.customer_id, one.name, one.email, one.amount, one.reason});
}

void refund(turn& now, payment one) {
  one.status = refunding;
  now.save(one);
  now.request("acquirer", refund_card{one.order_id, "refund-" + one.order_id, one.amount});
}

bool is_flagged(turn& now, std::string_view customer_id) {
  const auto flag = now.find<fraud_flag>(customer_id);
  return flag && flag->flagged;
}

fault no_payment(std::string_view order_id) {
  return {fault_kind::not_found, "there is no payment for order " + std::string{order_id}, {}, {}};
}

}  // namespace

outcome take_payment(turn& now, const order_placed& event) {
  if (now.find<payment>(event.order_id)) return done{};  // A repeat, or voided before it began.
  auto one = asked_by(event);
  if (is_flagged(now, event.customer_id)) {
    decline(now, std::move(one), "fraud");
    return done{};
  }
  now.save(one);
  now.request("acquirer", charge_card{one.order_id, "charge-" + one.order_id, one.amount, event.card});
  return done{};
}

outcome book_charge(turn& now, const card_charged& answer) {
  auto one = now.find<payment>(answer.order_id);
  if (!one) return no_payment(answer.order_id);
  if (!one->charges.empty()) return done{};
  one->charges.push_back({answer.amount.amount_minor, answer.amount.currency, answer.at});
  if (one->status == voided) {
    refund(now, std::move(*one));
    return done{};
  }
  one->status = received;
  now.save(*one);
  now.publish(payment_received{one->order_id, one->customer_id, one->name, one->email, one->address, one->lines,
                               one->amount});
  return done{};
}

outcome book_decline(turn& now, const card_declined& answer) {
  auto one = now.find<payment>(answer.order_id);
  if (!one) return no_payment(answer.order_id);
  if (one->status == requested) decline(now, std::move(*one), answer.reason);
  return done{};
}

outcome decide_void(turn& now, const void_payment& request) {
  auto one = now.find<payment>(request.order_id);
  if (one && one->status == received) return payment_kept{request.order_id};
  if (!one) {
    save_voided(now, request.order_id, {}, {});
  } else if (one->status == requested) {
    one->status = voided;
    now.save(*one);
  }
  return payment_voided{request.order_id};
}

outcome give_back(turn& now, const order_cancelled& event) {
  auto one = now.find<payment>(event.order_id);
  if (!one) {
    save_voided(now, event.order_id, event.customer_id, event.total);
  } else if (one->status == received) {
    refund(now, std::move(*one));
  } else if (one->status == requested) {
    one->status = voided;
    now.save(*one);
  }
  return done{};
}

outcome book_refund(turn& now, const card_refunded& answer) {
  auto one = now.find<payment>(answer.order_id);
  if (!one) return no_payment(answer.order_id);
  if (one->status != refunding) return done{};
  one->refunds.push_back({answer.amount.amount_minor, answer.amount.currency, answer.at});
  one->status = refunded;
  now.save(*one);
  now.publish(payment_refunded{one->order_id, one->customer_id, answer.amount});
  return done{};
}

outcome remember_flag(turn& now, const fraud_flag_updated& event) {
  const auto known = now.find<fraud_flag>(event.customer_id);
  if (!known || known->version < event.version) now.save(fraud_flag{event.customer_id, event.flagged, event.version});
  return done{};
}

outcome answer_payment(turn& now, const show_payment& query) {
  const auto one = now.find<payment>(query.order_id);
  if (!one) return no_such("payment for order", query.order_id);
  return summary_of(*one);
}

outcome answer_payments(turn& now, const list_payments& query) {
  payment_page page;
  const auto found =
      now.list<payment>({.after = query.page_token, .limit = static_cast<std::size_t>(query.page_size)});
  for (const auto& one : found.items) page.payments.push_back(summary_of(one));
  page.next_page_token = found.next;
  return page;
}

}  // namespace musiccorp::payment
