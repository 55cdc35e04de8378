#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "order/order_rules.hpp"
#include "support/rule_bench.hpp"

namespace musiccorp::order {
namespace {

using namespace messages;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::rule_bench;
using ::testing::SizeIs;

const place_order wanted{"c-1", {{"MC-1", 2}, {"MC-2", 1}}, {"4000-0000-0000-0001"}};
const customer_summary ada{"c-1", "Ada", "ada@example.org", {"Main Street 1", "Turin", "10121", "IT"}};

price_quote quote(std::int64_t first = 1999, std::int64_t second = 3499) {
  return {{{"MC-1", "Nina Simone", "Pastel Blues", {first, "EUR"}}, {"MC-2", "Can", "Tago Mago", {second, "EUR"}}}};
}

class order_at : public rule_bench {
 public:
  order_at() : rule_bench{"order"} {
    order_id = run(place, wanted, quote(), stock_check{}, ada).as<order_summary>().order_id;
  }
  order now() { return stored<order>(order_id).value(); }
  std::vector<order_status> history() {
    std::vector<order_status> statuses;
    for (const auto& step : now().history) statuses.push_back(step.status);
    return statuses;
  }
  void place_it() { run(take_reservation, stock_reserved{order_id}); }
  void pay() { run(mark_paid, payment_received{.order_id = order_id}); }

  std::string order_id;
};

using enum order_status;

TEST(Order, IsPendingWithItsTotalAndAsksForTheGoods) {
  order_at bench;
  EXPECT_EQ(bench.now().status, pending);
  EXPECT_EQ(bench.now().total, (money{2 * 1999 + 3499, "EUR"}));
  EXPECT_THAT(bench.history(), ElementsAre(pending));
  ASSERT_THAT(bench.sent<reserve_stock>(), SizeIs(1));
  EXPECT_EQ(bench.sent<reserve_stock>()[0].lines, wanted.lines);
  EXPECT_EQ(bench.sent_envelopes()[0].to, "inventory");
  EXPECT_EQ(bench.sent_envelopes()[0].reply_to, "order");
}

TEST(Order, RemembersTheTraceInWhichItWasPlaced) {
  rule_bench bench{"order"};
  EXPECT_EQ(bench.run(place, wanted, quote(), stock_check{}, ada).as<order_summary>().trace_id, "");
  bench.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto traced = bench.run(place, wanted, quote(), stock_check{}, ada).as<order_summary>();
  bench.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  EXPECT_EQ(bench.run(answer_order, show_order{traced.order_id}).as<order_summary>().trace_id,
            "4bf92f3577b34da6a3ce929d0e0e4736");
}

TEST(Order, IsListedAsOpenUntilItIsFinal) {
  const auto is_listed = [](order_at& bench) { return bench.stored<open_order>(bench.order_id).has_value(); };
  order_at shipped;
  EXPECT_TRUE(is_listed(shipped));
  shipped.place_it();
  shipped.pay();
  shipped.run(mark_packaged, order_packaged{.order_id = shipped.order_id});
  EXPECT_TRUE(is_listed(shipped));
  shipped.run(mark_shipped, order_shipped{.order_id = shipped.order_id});
  EXPECT_FALSE(is_listed(shipped));
  order_at rejected;
  rejected.run(reject_without_stock, stock_rejected{.order_id = rejected.order_id});
  EXPECT_FALSE(is_listed(rejected));
  order_at cancelled;
  cancelled.run(cancel, cancel_order{cancelled.order_id});
  EXPECT_FALSE(is_listed(cancelled));
}

TEST(Order, RefusesATotalThatDoesNotFit) {
  rule_bench bench{"order"};
  const auto said =
      bench.run(place, wanted, quote(std::numeric_limits<std::int64_t>::max() / 2 + 1), stock_check{}, ada);
  ASSERT_TRUE(said.is<base::rejected>());
  EXPECT_EQ(said.is<base::rejected>()->pointer, "/lines");
  const auto large = std::numeric_limits<std::int64_t>::max() / 2;
  EXPECT_TRUE(bench.run(place, wanted, quote(large, large), stock_check{}, ada).is<base::rejected>());
}

TEST(Order, RefusesTwoCurrenciesInOneOrder) {
  rule_bench bench{"order"};
  auto mixed = quote();
  mixed.items[1].price.currency = "USD";
  EXPECT_TRUE(bench.run(place, wanted, mixed, stock_check{}, ada).is<base::rejected>());
}

TEST(Order, IsPlacedWithEverythingThatOthersNeedAndForgetsTheCard) {
  order_at bench;
  bench.place_it();
  ASSERT_THAT(bench.sent<order_placed>(), SizeIs(1));
  const auto event = bench.sent<order_placed>()[0];
  EXPECT_EQ(event.name, "Ada");
  EXPECT_EQ(event.email, "ada@example.org");
  EXPECT_EQ(event.address, ada.address);
  EXPECT_EQ(event.lines[0].title, "Pastel Blues");
  EXPECT_EQ(event.card, "4000-0000-0000-0001");
  EXPECT_EQ(event.total, (money{7497, "EUR"}));
  EXPECT_EQ(bench.now().card, "");
}

TEST(Order, IsRejectedWhenTheGoodsAreGone) {
  order_at bench;
  bench.run(reject_without_stock, stock_rejected{bench.order_id, "MC-1", "not enough in stock"});
  EXPECT_THAT(bench.sent<order_rejected>(), SizeIs(1));
  EXPECT_THAT(bench.history(), ElementsAre(pending, rejected));
  EXPECT_EQ(bench.now().reason, "not enough in stock: MC-1");
}

TEST(Order, CatchesUpWhenThePackageIsHeardBeforeThePayment) {
  order_at bench;
  bench.place_it();
  bench.run(mark_packaged, order_packaged{.order_id = bench.order_id});
  EXPECT_THAT(bench.history(), ElementsAre(pending, placed, paid, packaged));
  bench.pay();
  EXPECT_THAT(bench.history(), ElementsAre(pending, placed, paid, packaged));
  bench.run(mark_shipped, order_shipped{.order_id = bench.order_id});
  EXPECT_EQ(bench.now().status, shipped);
}

TEST(Order, WasPaidWhenItTurnsOutToBeUnfulfillableFirst) {
  order_at bench;
  bench.place_it();
  bench.run(cancel_unfulfillable, order_unfulfillable{bench.order_id, "c-1", "too much"});
  EXPECT_THAT(bench.history(), ElementsAre(pending, placed, paid, cancelled));
  ASSERT_THAT(bench.sent<order_cancelled>(), SizeIs(1));
  EXPECT_EQ(bench.sent<order_cancelled>()[0].reason, "unfulfillable: too much");
}

TEST(Order, IsCancelledWithTheReasonOfADecline) {
  order_at bench;
  bench.place_it();
  bench.run(cancel_unpaid, payment_declined{.order_id = bench.order_id, .reason = "card declined"});
  EXPECT_EQ(bench.now().reason, "payment declined: card declined");
  EXPECT_THAT(bench.sent<order_cancelled>(), SizeIs(1));
}

TEST(Order, SaysNothingTwice) {
  order_at bench;
  bench.place_it();
  bench.place_it();
  EXPECT_THAT(bench.sent_envelopes(), IsEmpty());
  EXPECT_THAT(bench.history(), ElementsAre(pending, placed));
}

TEST(Order, KeepsAContradictionAsADeadLetter) {
  order_at bench;
  bench.run(cancel, cancel_order{bench.order_id});
  const auto said = bench.run(mark_shipped, order_shipped{.order_id = bench.order_id});
  ASSERT_TRUE(said.is<fault>());
  EXPECT_EQ(said.is<fault>()->kind, fault_kind::conflict);
  EXPECT_EQ(bench.now().status, cancelled);
}

TEST(Order, PutsOffWhatCanOnlyFollowItsOwnStep) {
  order_at bench;
  const auto said = bench.run(mark_shipped, order_shipped{.order_id = bench.order_id});
  ASSERT_TRUE(said.is<not_yet>());
  EXPECT_EQ(said.is<not_yet>()->entity_key, bench.order_id);
  EXPECT_EQ(bench.now().status, pending);
}

TEST(CancelOrder, IsDoneAtOnceWhilePending) {
  order_at bench;
  const auto said = bench.run(cancel, cancel_order{bench.order_id});
  EXPECT_EQ(said.as<order_summary>().status, cancelled);
  EXPECT_THAT(bench.sent<order_cancelled>(), SizeIs(1));
  EXPECT_EQ(bench.now().card, "");
}

TEST(CancelOrder, AsksPaymentOnceWhenPlaced) {
  order_at bench;
  bench.place_it();
  const auto said = bench.run(cancel, cancel_order{bench.order_id}).as<order_summary>();
  EXPECT_EQ(said.status, placed);
  EXPECT_TRUE(said.cancel_requested);
  EXPECT_THAT(bench.sent<void_payment>(), SizeIs(1));
  EXPECT_TRUE(bench.run(cancel, cancel_order{bench.order_id}).as<order_summary>().cancel_requested);
  EXPECT_THAT(bench.sent<void_payment>(), IsEmpty());
}

TEST(CancelOrder, EndsTheOrderWhenPaymentCouldVoid) {
  order_at bench;
  bench.place_it();
  bench.run(cancel, cancel_order{bench.order_id});
  bench.run(cancel_voided, payment_voided{bench.order_id});
  EXPECT_EQ(bench.now().status, cancelled);
  EXPECT_THAT(bench.sent<order_cancelled>(), SizeIs(1));
}

TEST(CancelOrder, GoesOnWhenPaymentKeptTheMoney) {
  order_at bench;
  bench.place_it();
  bench.run(cancel, cancel_order{bench.order_id});
  bench.pay();
  bench.run(keep_paid, payment_kept{bench.order_id});
  EXPECT_EQ(bench.now().status, paid);
}

TEST(CancelOrder, IsRefusedWith409FromPaidOn) {
  order_at bench;
  bench.place_it();
  bench.pay();
  const auto said = bench.run(cancel, cancel_order{bench.order_id});
  ASSERT_TRUE(said.is<base::rejected>());
  EXPECT_EQ(base::status_of(*said.is<base::rejected>()), 409);
}

TEST(CancelOrder, KnowsNoOtherOrders) {
  order_at bench;
  EXPECT_EQ(base::status_of(*bench.run(cancel, cancel_order{"nobody's"}).is<base::rejected>()), 404);
}

TEST(Order, RemembersARefund) {
  order_at bench;
  bench.run(cancel, cancel_order{bench.order_id});
  bench.run(note_refund, payment_refunded{bench.order_id, "c-1", {100, "EUR"}});
  EXPECT_EQ(bench.now().refunded, (money{100, "EUR"}));
}

TEST(ListOrders, PagesThroughOrdersOfOneStatus) {
  order_at bench;
  for (int i = 0; i < 4; ++i) {
    bench.clock.advance(std::chrono::seconds{1});
    const auto other = bench.run(place, wanted, quote(), stock_check{}, ada).as<order_summary>().order_id;
    if (i % 2 == 0) bench.run(cancel, cancel_order{other});
  }
  list_orders query{.status = pending, .page_size = 2};
  const auto first = bench.run(answer_orders, query).as<order_page>();
  EXPECT_THAT(first.orders, SizeIs(2));
  query.page_token = first.next_page_token;
  const auto second = bench.run(answer_orders, query).as<order_page>();
  EXPECT_THAT(second.orders, SizeIs(1));
  EXPECT_EQ(second.next_page_token, "");
}

}  // namespace
}  // namespace musiccorp::order
