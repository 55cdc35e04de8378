// Every order in which the shop's messages can overtake each other. Services are their rules and their logs, nothing
// else; at the end of each way the promises of the shop must hold.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <unordered_set>

#include "acquirer/acquirer_service.hpp"
#include "catalog/catalog_service.hpp"
#include "customer/customer_service.hpp"
#include "fraud/fraud_service.hpp"
#include "inventory/inventory_rules.hpp"
#include "inventory/inventory_service.hpp"
#include "notification/notification_service.hpp"
#include "order/order_rules.hpp"
#include "order/order_service.hpp"
#include "payment/payment_rules.hpp"
#include "payment/payment_service.hpp"
#include "rule_world.hpp"
#include "shipping/shipping_rules.hpp"
#include "shipping/shipping_service.hpp"
#include "warehouse/warehouse_service.hpp"

namespace musiccorp {
namespace {

using namespace messages;
using ::testing::IsEmpty;
using testing::rule_world;

constexpr const char* good_card = "4000-0000-0000-0001";
constexpr const char* bad_card = "4000-0000-0000-0002";

/// Letters to nobody.
struct silent_office final : notification::post_office {
  result<void> deliver(const notification::mail&) override { return {}; }
};

std::vector<catalog_entry> shelf(std::int64_t stock) {
  return {{"MC-1", "Nina Simone", "Pastel Blues", 1965, "LP", "Philips", {1999, "EUR"}, stock},
          {"MC-2", "Can", "Tago Mago", 1971, "2LP", "United Artists", {3499, "EUR"}, stock}};
}

/// The services that move goods and money.
std::vector<service_definition> small_shop(std::int64_t stock) {
  return {catalog::catalog_service(shelf(stock)),
          inventory::inventory_service(shelf(stock)),
          customer::customer_service(),
          order::order_service(),
          payment::payment_service(),
          acquirer::acquirer_service({}),
          warehouse::warehouse_service({}),
          shipping::shipping_service()};
}

std::vector<service_definition> whole_shop(std::int64_t stock, fraud::fraud_settings suspicion) {
  auto services = small_shop(stock);
  services.push_back(fraud::fraud_service(suspicion));
  services.push_back(notification::notification_service({}, std::make_shared<silent_office>()));
  return services;
}

std::string a_customer(rule_world& world) {
  return world.ask("customer", register_customer{"Ada", "ada@example.org", {"Main Street 1", "Turin", "10121", "IT"}})
      .as<customer_summary>()
      .customer_id;
}

std::string an_order(rule_world& world, const std::string& customer, std::vector<line> lines,
                     const std::string& card) {
  return world.ask("order", place_order{customer, std::move(lines), {card}}).as<order_summary>().order_id;
}

// ---- The promises.

std::int64_t net(const payment::payment& paid) {
  std::int64_t sum = 0;
  for (const auto& one : paid.charges) sum += one.amount_minor;
  for (const auto& one : paid.refunds) sum -= one.amount_minor;
  return sum;
}

bool is_legal(const std::vector<order_step>& history) {
  for (std::size_t i = 0; i < history.size(); ++i) {
    const bool is_last = i + 1 == history.size();
    if (history[i].status != static_cast<order_status>(i) && !(is_last && history[i].status > order_status::shipped))
      return false;
  }
  return true;
}

std::vector<std::string> stock_troubles(const rule_world& world) {
  std::vector<std::string> troubles;
  for (const auto& item : world.all<stock_summary>("inventory"))
    if (item.received != item.on_hand + item.reserved + item.shipped || item.on_hand < 0 || item.reserved < 0)
      troubles.push_back("stock of " + item.sku + " is not conserved");
  return troubles;
}

/// What must hold after each step.
std::vector<std::string> troubles_on_the_way(const rule_world& world) {
  auto troubles = stock_troubles(world);
  for (const auto& trouble : world.dead()) troubles.push_back("dead letter: " + trouble);
  for (const auto& paid : world.all<payment::payment>("payment"))
    if (paid.charges.size() > 1 || net(paid) < 0) troubles.push_back("more than one charge or refund");
  for (const auto& one : world.all<order::order>("order"))
    if (!is_legal(one.history)) troubles.push_back("history of an order is not legal");
  return troubles;
}

template <class E>
const E* of_order(const std::vector<E>& all, const std::string& order_id) {
  const auto found = std::ranges::find(all, order_id, &E::order_id);
  return found == all.end() ? nullptr : &*found;
}

/// What must hold for one order when nothing is under way any more.
std::vector<std::string> troubles_of(const order::order& one, const rule_world& world) {
  std::vector<std::string> troubles;
  const auto payments = world.all<payment::payment>("payment");
  const auto shipments = world.all<shipping::shipment>("shipping");
  const auto reservations = world.all<inventory::reservation>("inventory");
  const bool shipped = one.status == order_status::shipped;
  const auto* paid = of_order(payments, one.order_id);
  const auto* shipment = of_order(shipments, one.order_id);
  const auto* goods = of_order(reservations, one.order_id);
  if (one.status < order_status::shipped) troubles.push_back("order has no final state");
  if ((paid ? net(*paid) : 0) != (shipped ? one.total.amount_minor : 0)) troubles.push_back("money does not balance");
  if ((shipment && !shipment->tracking.empty()) != shipped) troubles.push_back("shipping and order disagree");
  if (shipped && (!goods || goods->state != inventory::reservation_state::shipped))
    troubles.push_back("shipped without goods");
  if (!shipped && goods && goods->state == inventory::reservation_state::shipped)
    troubles.push_back("goods are gone, and nothing was shipped");
  if (!one.card.empty()) troubles.push_back("a card is kept after it was needed");
  return troubles;
}

std::int64_t provider_net(const rule_world& world) {
  std::int64_t sum = 0;
  for (const auto& entry : world.all<acquirer::ledger_entry>("acquirer")) {
    if (entry.kind == acquirer::entry_kind::charge) sum += entry.amount.amount_minor;
    if (entry.kind == acquirer::entry_kind::refund) sum -= entry.amount.amount_minor;
  }
  return sum;
}

std::vector<std::string> troubles_at_rest(const rule_world& world) {
  auto troubles = troubles_on_the_way(world);
  for (const auto& one : world.all<order::order>("order"))
    std::ranges::move(troubles_of(one, world), std::back_inserter(troubles));
  for (const auto& item : world.all<stock_summary>("inventory"))
    if (item.reserved != 0) troubles.push_back("stock of " + item.sku + " is reserved for nobody");
  std::int64_t booked = 0;
  for (const auto& paid : world.all<payment::payment>("payment")) booked += net(paid);
  if (booked != provider_net(world)) troubles.push_back("payment and provider disagree");
  return troubles;
}

// ---- All ways through a small world.

struct journey {
  rule_world world;
  std::vector<std::string> to_cancel;  ///< orders that the customer may still want to cancel, at any moment
};

struct survey {
  std::size_t states = 0;
  std::map<std::string, int> ends;  ///< how orders ended, in all worlds at rest
};

class explorer {
 public:
  explicit explorer(int times = 1) : times_{times} {}

  survey all_ways_from(journey start) {
    open_.push_back(std::move(start));
    while (!open_.empty() && !::testing::Test::HasFailure()) {
      const auto here = std::move(open_.back());
      open_.pop_back();
      visit(here);
    }
    return std::move(found_);
  }

 private:
  void visit(const journey& here) {
    auto name = here.world.fingerprint();
    for (const auto& order : here.to_cancel) name += "\nmay cancel " + order;
    if (!seen_.insert(std::move(name)).second) return;
    ++found_.states;
    EXPECT_THAT(troubles_on_the_way(here.world), IsEmpty());
    const auto links = here.world.ready();
    if (links.empty()) rest(here.world);
    for (const auto& link : links) {
      auto next = here;
      next.world.deliver(link, times_);
      open_.push_back(std::move(next));
    }
    for (const auto& order : here.to_cancel) {
      auto next = here;
      next.world.ask("order", cancel_order{order});
      std::erase(next.to_cancel, order);
      open_.push_back(std::move(next));
    }
  }

  void rest(const rule_world& world) {
    EXPECT_THAT(troubles_at_rest(world), IsEmpty());
    for (const auto& one : world.all<order::order>("order"))
      ++found_.ends[std::string{describe::name_of(one.status)}];
  }

  int times_;
  std::vector<journey> open_;
  std::unordered_set<std::string> seen_;
  survey found_;
};

TEST(ShopInterleavings, AnOrderEndsShippedOrCancelledWheneverItIsCancelled) {
  const auto services = small_shop(5);
  rule_world world{services};
  const auto order = an_order(world, a_customer(world), {{"MC-1", 2}, {"MC-2", 1}}, good_card);
  const auto found = explorer{}.all_ways_from({world, {order}});
  EXPECT_GT(found.states, 50U);
  EXPECT_GT(found.ends.at("shipped"), 0);
  EXPECT_GT(found.ends.at("cancelled"), 0);
}

TEST(ShopInterleavings, NothingHappensTwiceWhenEveryMessageComesTwice) {
  const auto services = small_shop(5);
  rule_world world{services};
  const auto order = an_order(world, a_customer(world), {{"MC-1", 2}, {"MC-1", 1}}, good_card);
  const auto found = explorer{2}.all_ways_from({world, {order}});
  EXPECT_GT(found.ends.at("shipped"), 0);
  EXPECT_GT(found.ends.at("cancelled"), 0);
}

TEST(ShopInterleavings, ADeclinedCardEndsInACancelledOrderWithoutACharge) {
  const auto services = small_shop(5);
  rule_world world{services};
  const auto order = an_order(world, a_customer(world), {{"MC-1", 1}}, bad_card);
  const auto found = explorer{}.all_ways_from({world, {order}});
  EXPECT_EQ(found.ends.count("shipped"), 0U);
  EXPECT_GT(found.ends.at("cancelled"), 0);
}

TEST(ShopInterleavings, WhatDoesNotFitIntoABoxIsRefunded) {
  const auto services = small_shop(100);
  rule_world world{services};
  const auto order = an_order(world, a_customer(world), {{"MC-1", 31}}, good_card);
  const auto found = explorer{}.all_ways_from({world, {order}});
  EXPECT_EQ(found.ends.count("shipped"), 0U);
  EXPECT_GT(found.ends.at("cancelled"), 0);
}

TEST(ShopInterleavings, TwoOrdersForTheLastPiece) {
  const auto services = small_shop(1);
  rule_world world{services};
  const auto customer = a_customer(world);
  const auto first = an_order(world, customer, {{"MC-1", 1}}, good_card);
  an_order(world, customer, {{"MC-1", 1}}, good_card);
  const auto found = explorer{}.all_ways_from({world, {first}});
  EXPECT_GT(found.ends.at("shipped"), 0);
  EXPECT_GT(found.ends.at("rejected"), 0);
}

// ---- Some ways through a larger world.

struct wish {
  std::int64_t quantity;
  const char* card;
};

wish any_wish(base::random_source& random) {
  return {static_cast<std::int64_t>(random.below(10) == 0 ? 31 + random.below(3) : 1 + random.below(4)),
          random.below(4) == 0 ? bad_card : good_card};
}

/// One step of a busy shop: a message is delivered, or somebody orders, cancels or moves house.
void any_step(rule_world& world, const std::vector<std::string>& customers, base::random_source& random,
              int& orders) {
  const auto links = world.ready();
  const auto choice = random.below(8);
  if (orders > 0 && (links.empty() || choice == 0)) {
    --orders;
    const auto [quantity, card] = any_wish(random);
    world.ask("order", place_order{customers[random.below(customers.size())],
                                   {{"MC-1", quantity}, {random.below(2) == 0 ? "MC-1" : "MC-2", 1}},
                                   {card}});
  } else if (choice == 1 && !world.all<order::order>("order").empty()) {
    const auto known = world.all<order::order>("order");
    world.ask("order", cancel_order{known[random.below(known.size())].order_id});
  } else if (!links.empty()) {
    world.deliver(links[random.below(links.size())], random.below(10) == 0 ? 2 : 1);
  }
}

TEST(ShopInterleavings, ABusyShopKeepsItsPromisesInAnyOrder) {
  const auto services = whole_shop(60, {.points_declined = 40, .flagged_from = 100});
  bool was_flagged = false;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    base::random_source random{seed};
    rule_world world{services};
    std::vector<std::string> customers;
    for (int i = 0; i < 3; ++i) customers.push_back(a_customer(world));
    for (int orders = 25; orders > 0 || !world.ready().empty();) any_step(world, customers, random, orders);
    ASSERT_THAT(troubles_at_rest(world), IsEmpty());
    for (const auto& declined : world.said<payment_declined>("payment")) was_flagged |= declined.reason == "fraud";
  }
  EXPECT_TRUE(was_flagged) << "fraud never declined anything: this test says nothing about it";
}

}  // namespace
}  // namespace musiccorp
