// Services that know money: payment, acquirer, fraud, pricing; and money itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>

#include "acquirer/acquirer_rules.hpp"
#include "fraud/fraud_rules.hpp"
#include "payment/payment_rules.hpp"
#include "pricing/pricing_rules.hpp"
#include "support/rule_bench.hpp"

namespace musiccorp {
namespace {

using namespace messages;
using namespace std::chrono_literals;
using ::testing::IsEmpty;
using testing::rule_bench;
using ::testing::SizeIs;

TEST(Money, IsNeverAddedPastItsLimitOrAcrossCurrencies) {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(sum({1, "EUR"}, {2, "EUR"}), (money{3, "EUR"}));
  EXPECT_FALSE(sum({most, "EUR"}, {1, "EUR"}));
  EXPECT_FALSE(sum({1, "EUR"}, {1, "USD"}));
  EXPECT_EQ(times({1999, "EUR"}, 3), (money{5997, "EUR"}));
  EXPECT_FALSE(times({most / 2, "EUR"}, 3));
}

// ---- payment

const order_placed placed{.order_id = "o-1",
                          .customer_id = "c-1",
                          .name = "Ada",
                          .email = "ada@example.org",
                          .address = {"Main Street 1", "Turin", "10121", "IT"},
                          .lines = {{"MC-1", 1, "Can", "Tago Mago", {100, "EUR"}}},
                          .total = {100, "EUR"},
                          .card = "4000"};
const card_charged charged{"o-1", "charge-o-1", {100, "EUR"}, {}};

class till : public rule_bench {
 public:
  till() : rule_bench{"payment"} {}
  payment_status status() { return stored<payment::payment>("o-1")->status; }
};

TEST(Payment, AsksTheProviderUnderAKeyOfTheOrder) {
  till bench;
  bench.run(payment::take_payment, placed);
  ASSERT_THAT(bench.sent<charge_card>(), SizeIs(1));
  EXPECT_EQ(bench.sent<charge_card>()[0].idempotency, "charge-o-1");
  EXPECT_EQ(bench.sent_envelopes()[0].to, "acquirer");
  bench.run(payment::take_payment, placed);
  EXPECT_THAT(bench.sent_envelopes(), IsEmpty());
}

TEST(Payment, TellsWhatWarehouseAndShippingNeed) {
  till bench;
  bench.run(payment::take_payment, placed);
  bench.run(payment::book_charge, charged);
  ASSERT_THAT(bench.sent<payment_received>(), SizeIs(1));
  EXPECT_EQ(bench.sent<payment_received>()[0].address, placed.address);
  EXPECT_EQ(bench.sent<payment_received>()[0].lines, placed.lines);
  bench.run(payment::book_charge, charged);
  EXPECT_THAT(bench.sent_envelopes(), IsEmpty());
  EXPECT_THAT(bench.run(payment::answer_payment, show_payment{"o-1"}).as<payment_summary>().charges, SizeIs(1));
}

TEST(Payment, DeclinesAFlaggedCustomerWithoutCharging) {
  till bench;
  bench.run(payment::remember_flag, fraud_flag_updated{"c-1", true, 100, 2});
  bench.run(payment::remember_flag, fraud_flag_updated{"c-1", false, 0, 1});  // Older.
  bench.run(payment::take_payment, placed);
  EXPECT_THAT(bench.sent<charge_card>(), IsEmpty());
  ASSERT_THAT(bench.sent<payment_declined>(), SizeIs(1));
  EXPECT_EQ(bench.sent<payment_declined>()[0].reason, "fraud");
}

TEST(Payment, PassesOnTheNoOfTheBank) {
  till bench;
  bench.run(payment::take_payment, placed);
  bench.run(payment::book_decline, card_declined{"o-1", "charge-o-1", "card declined"});
  EXPECT_THAT(bench.sent<payment_declined>(), SizeIs(1));
  EXPECT_EQ(bench.status(), payment_status::declined);
}

TEST(Payment, GivesBackAChargeThatComesAfterTheVoid) {
  till bench;
  bench.run(payment::take_payment, placed);
  EXPECT_EQ(bench.run(payment::decide_void, void_payment{"o-1"}).as<payment_voided>().order_id, "o-1");
  bench.run(payment::book_charge, charged);
  EXPECT_THAT(bench.sent<payment_received>(), IsEmpty());
  ASSERT_THAT(bench.sent<refund_card>(), SizeIs(1));
  bench.run(payment::book_refund, card_refunded{"o-1", "refund-o-1", {100, "EUR"}, {}});
  EXPECT_THAT(bench.sent<payment_refunded>(), SizeIs(1));
  EXPECT_EQ(bench.status(), payment_status::refunded);
}

TEST(Payment, KeepsWhatIsReceived) {
  till bench;
  bench.run(payment::take_payment, placed);
  bench.run(payment::book_charge, charged);
  const auto said = bench.run(payment::decide_void, void_payment{"o-1"});
  EXPECT_EQ(said.is<service::answer>()->type, "payment_kept");
  EXPECT_EQ(bench.status(), payment_status::received);
}

TEST(Payment, NeverBeginsWhatWasVoidedBefore) {
  till bench;
  EXPECT_EQ(bench.run(payment::decide_void, void_payment{"o-1"}).is<service::answer>()->type, "payment_voided");
  bench.run(payment::take_payment, placed);
  EXPECT_THAT(bench.sent_envelopes(), IsEmpty());
  EXPECT_EQ(bench.status(), payment_status::voided);
}

TEST(Payment, GivesBackOnceWhenAPaidOrderIsCancelled) {
  till bench;
  bench.run(payment::take_payment, placed);
  bench.run(payment::book_charge, charged);
  bench.run(payment::give_back, order_cancelled{.order_id = "o-1"});
  EXPECT_THAT(bench.sent<refund_card>(), SizeIs(1));
  bench.run(payment::give_back, order_cancelled{.order_id = "o-1"});
  EXPECT_THAT(bench.sent_envelopes(), IsEmpty());
}

// ---- acquirer

const charge_card request{"o-1", "charge-o-1", {100, "EUR"}, "4000-0000-0000-0001"};

struct provider : rule_bench {
  provider() : rule_bench{"acquirer"} {}
  outcome charge(const charge_card& what, const acquirer::acquirer_settings& settings = {}) {
    return run([&](turn& now, const charge_card& one) { return acquirer::charge(now, one, settings); }, what);
  }
  outcome refund(const refund_card& what) {
    return run([&](turn& now, const refund_card& one) { return acquirer::refund(now, one, {}); }, what);
  }
  std::vector<ledger_line> books() {
    return run(acquirer::answer_ledger, show_ledger{"o-1"}).as<acquirer_ledger>().entries;
  }
};

TEST(Acquirer, ChargesOnceUnderOneKey) {
  provider bench;
  const auto first = bench.charge(request).as<card_charged>();
  bench.clock.advance(5s);
  const auto again = bench.charge(request).as<card_charged>();
  EXPECT_EQ(first.at, again.at);
  ASSERT_THAT(bench.books(), SizeIs(1));
  EXPECT_EQ(bench.books()[0].repeats, 1);
}

TEST(Acquirer, DeclinesTheListedCardsEachTime) {
  provider bench;
  auto bad = request;
  bad.card = "4000-0000-0000-0002";
  for (int i = 0; i < 2; ++i) EXPECT_EQ(bench.charge(bad).is<service::answer>()->type, "card_declined");
  EXPECT_EQ(bench.books()[0].kind, "decline");
}

TEST(Acquirer, RefundsAChargeOnceAndNothingElse) {
  provider bench;
  EXPECT_TRUE(bench.refund({"o-1", "refund-o-1", {100, "EUR"}}).is<fault>());
  bench.charge(request);
  EXPECT_TRUE(bench.refund({"o-1", "refund-o-1", {101, "EUR"}}).is<fault>());
  EXPECT_EQ(bench.refund({"o-1", "refund-o-1", {100, "EUR"}}).is<service::answer>()->type, "card_refunded");
  EXPECT_EQ(bench.refund({"o-1", "refund-o-1", {100, "EUR"}}).is<service::answer>()->type, "card_refunded");
  EXPECT_TRUE(bench.refund({"o-1", "another key", {100, "EUR"}}).is<fault>());
  EXPECT_THAT(bench.books(), SizeIs(2));
}

TEST(Acquirer, KeepsOnlyTheEndOfACardNumber) {
  provider bench;
  bench.charge(request);
  EXPECT_EQ(bench.stored<acquirer::ledger_entry>("o-1/charge-o-1")->card_end, "0001");
}

TEST(Acquirer, IsAsSlowAsItIsTold) {
  provider bench;
  bench.run(acquirer::set_behaviour, set_acquirer_behaviour{.delay_ms = 500});
  const auto said = bench.charge(request);
  ASSERT_TRUE(said.is<not_yet>());
  EXPECT_EQ(said.is<not_yet>()->wait, 500ms);
}

TEST(Acquirer, AnswersWhenTheRequestIsOldEnough) {
  const auto store = storage::make_memory_store();
  base::random_source random{1};
  const envelope message{.id = "m", .type = "charge_card", .occurred = instant{1s}};
  turn early{message, "acquirer", *store, instant{1400ms}, random};
  EXPECT_EQ(acquirer::charge(early, request, {.delay_ms = 500}).is<not_yet>()->wait, 100ms);
  turn late{message, "acquirer", *store, instant{1500ms}, random};
  EXPECT_TRUE(acquirer::charge(late, request, {.delay_ms = 500}).is<service::answer>());
}

TEST(Acquirer, FailsAsOftenAsItIsToldWithoutCharging) {
  provider bench;
  bench.run(acquirer::set_behaviour, set_acquirer_behaviour{.fail_percent = 100});
  const auto said = bench.charge(request);
  ASSERT_TRUE(said.is<fault>());
  EXPECT_EQ(said.is<fault>()->kind, fault_kind::unavailable);
  EXPECT_TRUE(bench.run(acquirer::answer_ledger, show_ledger{"o-1"}).is<rejected>());
  bench.run(acquirer::set_behaviour, set_acquirer_behaviour{});
  EXPECT_TRUE(bench.charge(request).is<service::answer>());
}

// ---- fraud

struct suspicion : rule_bench {
  suspicion() : rule_bench{"fraud"} {}
  void decline(const std::string& reason = "card declined") {
    run([&](turn& now, const payment_declined& event) { return fraud::score_decline(now, event, settings); },
        payment_declined{.order_id = "o-1", .customer_id = "c-1", .reason = reason});
  }
  void order(std::int64_t total) {
    run([&](turn& now, const order_placed& event) { return fraud::score_order(now, event, settings); },
        order_placed{.order_id = "o-1", .customer_id = "c-1", .total = {total, "EUR"}});
  }
  fraud_score score() { return run(fraud::answer_score, show_fraud_score{"c-1"}).as<fraud_score>(); }

  fraud::fraud_settings settings{
      .points_declined = 40, .points_faded_hourly = 10, .flagged_from = 100, .cleared_at = 50};
};

TEST(Fraud, FlagsAfterSeveralDeclinesAndSaysItOnce) {
  suspicion bench;
  bench.decline();
  bench.decline();
  EXPECT_THAT(bench.sent_envelopes(), IsEmpty());
  bench.decline();
  ASSERT_THAT(bench.sent<fraud_flag_updated>(), SizeIs(1));
  EXPECT_TRUE(bench.sent<fraud_flag_updated>()[0].flagged);
  EXPECT_EQ(bench.sent<fraud_flag_updated>()[0].version, 1);
  bench.decline();
  EXPECT_THAT(bench.sent_envelopes(), IsEmpty());
}

TEST(Fraud, DoesNotKeepAFlagUpByItsOwnDeclines) {
  suspicion bench;
  for (int i = 0; i < 3; ++i) bench.decline();
  const auto points = bench.score().points;
  bench.decline("fraud");
  EXPECT_EQ(bench.score().points, points);
}

TEST(Fraud, ForgetsWithTime) {
  suspicion bench;
  for (int i = 0; i < 3; ++i) bench.decline();
  bench.clock.advance(6h);
  bench.order(100);
  EXPECT_TRUE(bench.score().flagged);  // 60 points: below the limit, and not yet cleared.
  bench.clock.advance(1h);
  bench.order(100);
  EXPECT_FALSE(bench.score().flagged);
  EXPECT_EQ(bench.score().version, 2);
  bench.clock.advance(24h * 365 * 100);
  bench.order(100);
  EXPECT_EQ(bench.score().points, 0);
}

TEST(Fraud, MindsLargeOrders) {
  suspicion bench;
  bench.order(bench.settings.large_order_minor);
  EXPECT_EQ(bench.score().points, 0);
  bench.order(bench.settings.large_order_minor + 1);
  EXPECT_EQ(bench.score().points, bench.settings.points_large_order);
}

// ---- pricing

const quoted_item item{"MC-1", "Can", "Tago Mago", {2000, "EUR"}};

outcome reprice_as_it_is(turn& now, const reprice& job) { return pricing::reprice_item(now, job, {}); }
outcome reprice_mended(turn& now, const reprice& job) { return pricing::reprice_item(now, job, {true}); }

TEST(Pricing, PutsTheJobIntoItsOwnLog) {
  rule_bench bench{"pricing"};
  const auto job = bench.run(pricing::create, create_price_job{"MC-1", 10}, item).as<price_job_summary>();
  ASSERT_THAT(bench.sent<reprice>(), SizeIs(1));
  EXPECT_EQ(bench.sent_envelopes()[0].to, "pricing");
  EXPECT_EQ(bench.sent_envelopes()[0].key, "MC-1");
  EXPECT_EQ(bench.sent<reprice>()[0].job_id, job.job_id);
}

TEST(Pricing, ChangesAPriceOnce) {
  rule_bench bench{"pricing"};
  const auto job = bench.run(pricing::create, create_price_job{"MC-1", 10}, item).as<price_job_summary>();
  const reprice job_request{job.job_id, "MC-1", 10, {2000, "EUR"}};
  bench.run(reprice_as_it_is, job_request);
  ASSERT_THAT(bench.sent<price_changed>(), SizeIs(1));
  EXPECT_EQ(bench.sent<price_changed>()[0].price, (money{2199, "EUR"}));
  bench.run(reprice_as_it_is, job_request);
  EXPECT_THAT(bench.sent_envelopes(), IsEmpty());
  const auto shown = bench.run(pricing::answer_job, show_price_job{job.job_id}).as<price_job_summary>();
  EXPECT_EQ(shown.status, price_job_status::finished);
}

TEST(Pricing, ThrowsOnAPriceOfZeroBecauseThatIsThePoison) {
  rule_bench bench{"pricing"};
  const auto job = bench.run(pricing::create, create_price_job{"MC-1", -100}, item).as<price_job_summary>();
  for (int i = 0; i < 3; ++i)
    EXPECT_THROW(bench.run(reprice_as_it_is, reprice{job.job_id, "MC-1", -100, {2000, "EUR"}}), std::domain_error);
}

TEST(Pricing, MakesAPriceOfNothingTheLowestOnceItIsMended) {
  rule_bench bench{"pricing"};
  const auto job = bench.run(pricing::create, create_price_job{"MC-1", -100}, item).as<price_job_summary>();
  bench.run(reprice_mended, reprice{job.job_id, "MC-1", -100, {2000, "EUR"}});
  ASSERT_THAT(bench.sent<price_changed>(), SizeIs(1));
  EXPECT_EQ(bench.sent<price_changed>()[0].price, (money{99, "EUR"}));
}

TEST(Pricing, RoundsToThe99Below) {
  for (const auto& [amount, price] : {std::pair{1, 99}, {99, 99}, {149, 99}, {150, 199}, {2000, 1999}, {2249, 2199}})
    EXPECT_EQ(pricing::round_to_99_throwing_on_zero(amount), price) << amount;
}

TEST(Pricing, CountsPercentOfMinorUnits) {
  EXPECT_EQ(pricing::changed_by(2000, 1000), 22'000);
  EXPECT_EQ(pricing::changed_by(2000, -100), 0);
  EXPECT_EQ(pricing::changed_by(999, -50), 500);
  EXPECT_FALSE(pricing::changed_by(std::numeric_limits<std::int64_t>::max() / 2, 50));
}

}  // namespace
}  // namespace musiccorp
