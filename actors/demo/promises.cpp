#include "demo/promises.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <set>

#include "demo/progress.hpp"

namespace musiccorp::demo {

using namespace messages;

namespace {

/// Gathers what speaks against one promise.
class trial {
 public:
  explicit trial(std::string promise) : promise_(std::move(promise)) {}

  /// `what` is asked only when it does not hold.
  void expect(bool holds, const std::function<std::string()>& what) {
    if (holds) return;
    if (broken_++ == 0) first_ = what();
  }
  [[nodiscard]] finding ends(std::string evidence) const {
    if (broken_ == 0) return {promise_, true, std::move(evidence)};
    return {promise_, false, grouped(static_cast<std::int64_t>(broken_)) + " times broken, first: " + first_};
  }

 private:
  std::string promise_;
  std::size_t broken_ = 0;
  std::string first_;
};

std::string count_text(std::size_t count) { return grouped(static_cast<std::int64_t>(count)); }

template <class T>
const T* find(const books::by_order<T>& all, std::string_view order_id) {
  const auto found = all.find(order_id);
  return found == all.end() ? nullptr : &found->second;
}

bool is_final(order_status status) { return status >= order_status::shipped; }

std::string about(const order_summary& one, const std::string& what) {
  return one.order_id + " (" + std::string{describe::name_of(one.status)} + ") " + what;
}

/// What one of the two books says about the money of an order.
struct money_moved {
  std::int64_t charges = 0;  ///< how many
  std::int64_t charged = 0;
  std::int64_t refunded = 0;
};

money_moved moved_by_payment(const books& all, std::string_view order_id) {
  money_moved moved;
  const auto* payment = find(all.payments, order_id);
  if (!payment) return moved;
  for (const auto& one : payment->charges) {
    ++moved.charges;
    moved.charged += one.amount_minor;
  }
  for (const auto& one : payment->refunds) moved.refunded += one.amount_minor;
  return moved;
}

money_moved moved_by_acquirer(const books& all, std::string_view order_id) {
  money_moved moved;
  const auto* ledger = find(all.ledgers, order_id);
  if (!ledger) return moved;
  for (const auto& one : ledger->entries) {
    if (one.kind == "charge") {
      ++moved.charges;
      moved.charged += one.amount.amount_minor;
    }
    if (one.kind == "refund") moved.refunded += one.amount.amount_minor;
  }
  return moved;
}

finding nothing_lost(const books& all) {
  trial orders{"no accepted order is lost"};
  for (const auto& one : all.accepted) {
    const auto* kept = find(all.orders, one.order_id);
    orders.expect(kept != nullptr, [&] { return one.order_id + " was answered with 201 and is not there"; });
    if (!kept) continue;
    orders.expect(kept->customer_id == one.customer_id && kept->total == one.total,
                  [&] { return about(*kept, "is not what was answered"); });
  }
  return orders.ends(count_text(all.accepted.size()) + " of " + count_text(all.accepted.size()) +
                     " accepted orders are there");
}

finding charged_once(const books& all) {
  trial charges{"at most one charge per order"};
  std::int64_t total = 0;
  for (const auto& [id, order] : all.orders) {
    const auto here = moved_by_payment(all, id).charges;
    const auto there = moved_by_acquirer(all, id).charges;
    total += there;
    charges.expect(here <= 1 && there <= 1, [&] {
      return about(order, "has " + std::to_string(here) + " charges in payment and " + std::to_string(there) +
                              " at the acquirer");
    });
  }
  return charges.ends(grouped(total) + " charges for " + count_text(all.orders.size()) + " orders, none has two");
}

finding money_adds_up(const books& all) {
  trial money{"charged - refunded = price if shipped, else 0"};
  std::int64_t charged = 0;
  std::int64_t refunded = 0;
  for (const auto& [id, order] : all.orders) {
    const auto here = moved_by_payment(all, id);
    const auto there = moved_by_acquirer(all, id);
    const auto due = order.status == order_status::shipped ? order.total.amount_minor : 0;
    charged += there.charged;
    refunded += there.refunded;
    money.expect(here.charged - here.refunded == due && there.charged - there.refunded == due, [&] {
      return about(order, "owes " + amount_text(due) + ", payment has " + amount_text(here.charged - here.refunded) +
                              ", the acquirer " + amount_text(there.charged - there.refunded));
    });
  }
  return money.ends(amount_text(charged) + " - " + amount_text(refunded) + " = " + amount_text(charged - refunded));
}

std::map<std::string, std::int64_t> shipped_pieces(const books& all) {
  std::map<std::string, std::int64_t> pieces;
  for (const auto& [id, order] : all.orders)
    if (order.status == order_status::shipped)
      for (const auto& line : order.lines) pieces[line.sku] += line.quantity;
  return pieces;
}

finding stock_adds_up(const books& all) {
  trial stock{"received = on hand + reserved + shipped"};
  const auto sold = shipped_pieces(all);
  std::int64_t received = 0;
  std::int64_t on_hand = 0;
  std::int64_t reserved = 0;
  std::int64_t shipped = 0;
  for (const auto& one : all.stock) {
    received += one.received;
    on_hand += one.on_hand;
    reserved += one.reserved;
    shipped += one.shipped;
    stock.expect(
        one.received == one.on_hand + one.reserved + one.shipped && one.on_hand >= 0 && one.reserved == 0, [&] {
          return one.sku + ": received " + std::to_string(one.received) + ", on hand " + std::to_string(one.on_hand) +
                 ", reserved " + std::to_string(one.reserved) + ", shipped " + std::to_string(one.shipped);
        });
    const auto wanted = sold.contains(one.sku) ? sold.at(one.sku) : 0;
    stock.expect(one.shipped == wanted, [&] {
      return one.sku + ": shipped " + std::to_string(one.shipped) + ", orders say " + std::to_string(wanted);
    });
  }
  return stock.ends(count_text(all.stock.size()) + " items: " + grouped(received) + " = " + grouped(on_hand) + " + " +
                    grouped(reserved) + " + " + grouped(shipped));
}

finding paid_before_shipped(const books& all) {
  trial history{"shipped only after paid"};
  std::size_t shipped = 0;
  for (const auto& [id, order] : all.orders) {
    const auto ship = std::ranges::find(order.history, order_status::shipped, &order_step::status);
    if (ship == order.history.end()) continue;
    ++shipped;
    const auto pay = std::ranges::find(order.history, order_status::paid, &order_step::status);
    history.expect(pay < ship && pay->at <= ship->at, [&] { return about(order, "was shipped before it was paid"); });
  }
  return history.ends(count_text(shipped) + " of " + count_text(shipped) + " shipped orders were paid first");
}

finding all_final(const books& all) {
  trial orders{"every order reaches a final state"};
  for (const auto& [id, order] : all.orders)
    orders.expect(is_final(order.status), [&] { return about(order, "is not final"); });
  return orders.ends(count_text(all.orders.size()) + " of " + count_text(all.orders.size()) + " orders are final");
}

finding no_message_vanishes(const books& all) {
  trial messages{"no message vanishes"};
  std::int64_t published = 0;
  std::int64_t processed = 0;
  std::int64_t dead = 0;
  std::int64_t discarded = 0;
  for (const auto& one : all.queues) {
    published += one.published;
    processed += one.processed;
    dead += one.dead;
    discarded += one.discarded;
    const bool balanced =
        one.imbalance == 0 && one.published == one.processed + one.dead + one.discarded + one.queued;
    messages.expect(balanced && one.queued == 0, [&] {
      return one.queue + ": published " + grouped(one.published) + ", processed " + grouped(one.processed) +
             ", dead " + grouped(one.dead) + ", discarded " + grouped(one.discarded) + ", queued " +
             grouped(one.queued) + ", imbalance " + grouped(one.imbalance);
    });
  }
  messages.expect(published > 0, [] { return std::string{"the metrics know of no message"}; });
  return messages.ends(count_text(all.queues.size()) + " queues: " + grouped(published) +
                       " published = " + grouped(processed) + " processed + " + grouped(dead) + " dead" +
                       (discarded > 0 ? " + " + grouped(discarded) + " discarded" : ""));
}

/// The kinds of mail that went out for an order, each as often as it did.
std::multiset<mail_kind> mails_of(const books& all, std::string_view order_id) {
  std::multiset<mail_kind> kinds;
  if (const auto* sent = find(all.mails, order_id))
    for (const auto& one : *sent) kinds.insert(one.kind);
  return kinds;
}

bool was(const order_summary& order, order_status status) {
  return std::ranges::find(order.history, status, &order_step::status) != order.history.end();
}

/// The first service that tells another story than order; empty when all agree.
std::string who_disagrees(const books& all, const order_summary& order) {
  const auto* payment = find(all.payments, order.order_id);
  const auto* package = find(all.packages, order.order_id);
  const auto* shipment = find(all.shipments, order.order_id);
  const bool shipped = order.status == order_status::shipped;
  const bool packed = package && package->status == package_status::packaged;
  const bool sent = shipment && shipment->status == shipment_status::shipped;

  std::multiset<mail_kind> mails;
  if (was(order, order_status::placed)) mails.insert(mail_kind::placed);
  if (shipped) mails.insert({mail_kind::packaged, mail_kind::shipped});
  if (order.status == order_status::rejected) mails.insert(mail_kind::rejected);
  if (payment && payment->status == payment_status::declined) mails.insert(mail_kind::declined);

  const bool paid_as_told =
      shipped ? payment && payment->status == payment_status::received
      : order.status == order_status::cancelled
          ? !payment || (payment->status != payment_status::received &&
                         payment->status != payment_status::requested && payment->status != payment_status::refunding)
          : payment == nullptr;
  if (!paid_as_told) return "payment says " + std::string{payment ? describe::name_of(payment->status) : "nothing"};
  if (packed != shipped) return packed ? "warehouse has packed it" : "warehouse has not packed it";
  if (sent != shipped) return sent ? "shipping has shipped it" : "shipping has not shipped it";
  if (mails_of(all, order.order_id) != mails) {
    std::string found;
    for (const auto kind : mails_of(all, order.order_id)) found += " " + std::string{describe::name_of(kind)};
    return "notification has sent" + (found.empty() ? " nothing" : found);
  }
  const auto refunded = order.refunded ? order.refunded->amount_minor : 0;
  if (refunded != moved_by_payment(all, order.order_id).refunded)
    return "order knows of " + amount_text(refunded) + " refunded";
  return {};
}

finding services_agree(const books& all) {
  trial stories{"services agree at rest"};
  for (const auto& [id, order] : all.orders) {
    const auto who = who_disagrees(all, order);
    stories.expect(who.empty(), [&] { return about(order, "but " + who); });
  }
  for (const auto& [id, payment] : all.payments)
    stories.expect(find(all.orders, id) != nullptr, [&] { return "payment knows " + id + ", order does not"; });
  return stories.ends("order, payment, acquirer, warehouse, shipping and notification tell one story of " +
                      count_text(all.orders.size()) + " orders");
}

}  // namespace

std::string amount_text(std::int64_t amount_minor, const std::string& currency) {
  const auto size = amount_minor < 0 ? -amount_minor : amount_minor;
  const auto cents = std::to_string(size % 100);
  return (amount_minor < 0 ? "-" : "") + grouped(size / 100) + "." + (cents.size() < 2 ? "0" : "") + cents + " " +
         currency;
}

std::vector<finding> judge(const books& all) {
  return {nothing_lost(all),        charged_once(all), money_adds_up(all),       stock_adds_up(all),
          paid_before_shipped(all), all_final(all),    no_message_vanishes(all), services_agree(all)};
}

result<std::vector<finding>> check_promises(const shop_client& shop, std::vector<accepted_order> accepted) {
  return read_books(shop, std::move(accepted)).map(judge);
}

bool all_hold(const std::vector<finding>& findings) {
  return std::ranges::all_of(findings, [](const finding& one) { return one.holds; });
}

}  // namespace musiccorp::demo
