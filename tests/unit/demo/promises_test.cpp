#include "demo/promises.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace musiccorp::demo {
namespace {

using namespace messages;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int64_t price = 1999;

instant at(int second) { return instant{std::chrono::seconds{second}}; }

order_summary order(const std::string& id, const std::vector<order_status>& steps) {
  order_summary made;
  made.order_id = id;
  made.customer_id = "customer";
  made.status = steps.back();
  made.lines = {{"disc", 2, "artist", "title", {price / 2}}};
  made.total = {price};
  int second = 0;
  for (const auto step : steps) made.history.push_back({step, at(++second)});
  return made;
}

/// One shipped order, one that was too big and got its money back, one rejected; all tell one story.
books sound_books() {
  using enum order_status;
  books all;
  all.accepted = {
      {"shipped", "customer", {price}}, {"refunded", "customer", {price}}, {"rejected", "customer", {price}}};
  all.orders["shipped"] = order("shipped", {pending, placed, paid, packaged, order_status::shipped});
  all.orders["refunded"] = order("refunded", {pending, placed, paid, cancelled});
  all.orders["refunded"].refunded = money{price};
  all.orders["rejected"] = order("rejected", {pending, order_status::rejected});
  all.payments["shipped"] = {"shipped", "customer", payment_status::received, {price}, {}, {{price, "EUR", at(3)}},
                             {}};
  all.payments["refunded"] = {"refunded",
                              "customer",
                              payment_status::refunded,
                              {price},
                              {},
                              {{price, "EUR", at(3)}},
                              {{price, "EUR", at(4)}}};
  all.ledgers["shipped"] = {"shipped", {{"charge", {price}, at(3), 0}}};
  all.ledgers["refunded"] = {"refunded", {{"charge", {price}, at(3), 0}, {"refund", {price}, at(4), 0}}};
  all.packages["shipped"] = {"shipped", package_status::packaged, 2, {{"disc", 2}}, at(4)};
  all.packages["refunded"] = {"refunded", package_status::unfulfillable, 2, {{"disc", 2}}, at(4)};
  all.shipments["shipped"] = {"shipped", shipment_status::shipped, true, true, "MC-shipped", at(5)};
  all.shipments["refunded"] = {"refunded", shipment_status::waiting, true, false, {}, at(3)};
  for (const auto kind : {mail_kind::placed, mail_kind::packaged, mail_kind::shipped})
    all.mails["shipped"].push_back({"shipped", kind, {}, {}, {}, {}});
  all.mails["refunded"] = {{"refunded", mail_kind::placed, {}, {}, {}, {}}};
  all.mails["rejected"] = {{"rejected", mail_kind::rejected, {}, {}, {}, {}}};
  all.stock = {{"disc", 10, 8, 0, 2}};
  all.queues = {{"order:payment", 4, 3, 1, 0, 0, 0}};
  return all;
}

std::vector<std::string> broken(const books& all) {
  std::vector<std::string> promises;
  for (const auto& one : judge(all))
    if (!one.holds) promises.push_back(one.promise);
  return promises;
}

TEST(Promises, HoldWhenAllTellOneStory) { EXPECT_THAT(broken(sound_books()), ElementsAre()); }

TEST(Promises, NoticeALostOrder) {
  auto all = sound_books();
  all.accepted.push_back({"lost", "customer", {price}});
  EXPECT_THAT(broken(all), ElementsAre("no accepted order is lost"));
}

TEST(Promises, NoticeAnOrderThatIsNotWhatWasAnswered) {
  auto all = sound_books();
  all.accepted.front().total.amount_minor += 1;
  EXPECT_THAT(broken(all), ElementsAre("no accepted order is lost"));
}

TEST(Promises, NoticeASecondCharge) {
  auto all = sound_books();
  all.ledgers["shipped"].entries.push_back({"charge", {price}, at(9), 0});
  EXPECT_THAT(broken(all),
              ElementsAre("at most one charge per order", "charged - refunded = price if shipped, else 0"));
}

TEST(Promises, NoticeAMissingRefund) {
  auto all = sound_books();
  all.ledgers["refunded"].entries.pop_back();
  EXPECT_THAT(broken(all), ElementsAre("charged - refunded = price if shipped, else 0"));
}

TEST(Promises, NoticeAPieceThatIsGone) {
  auto all = sound_books();
  all.stock.front().on_hand -= 1;
  EXPECT_THAT(broken(all), ElementsAre("received = on hand + reserved + shipped"));
}

TEST(Promises, NoticeAPieceThatNobodyOrdered) {
  auto all = sound_books();
  all.stock.front() = {"disc", 10, 7, 0, 3};
  EXPECT_THAT(broken(all), ElementsAre("received = on hand + reserved + shipped"));
}

TEST(Promises, NoticeAParcelThatWasNotPaid) {
  auto all = sound_books();
  auto& history = all.orders["shipped"].history;
  history.erase(history.begin() + 2);
  EXPECT_THAT(broken(all), ElementsAre("shipped only after paid"));
}

TEST(Promises, NoticeAnOrderThatIsNotFinal) {
  auto all = sound_books();
  all.orders["rejected"].status = order_status::pending;
  EXPECT_THAT(broken(all), ::testing::Contains("every order reaches a final state"));
}

TEST(Promises, NoticeAMessageThatVanished) {
  auto all = sound_books();
  all.queues.front().published += 1;
  EXPECT_THAT(broken(all), ElementsAre("no message vanishes"));
}

TEST(Promises, NoticeAMessageThatStillWaits) {
  auto all = sound_books();
  all.queues.front().published += 1;
  all.queues.front().queued += 1;
  EXPECT_THAT(broken(all), ElementsAre("no message vanishes"));
}

TEST(Promises, NoticeAServiceWithAnotherStory) {
  auto all = sound_books();
  all.shipments["refunded"].status = shipment_status::shipped;
  EXPECT_THAT(broken(all), ElementsAre("services agree at rest"));
  all = sound_books();
  all.mails["shipped"].push_back(all.mails["shipped"].front());
  EXPECT_THAT(broken(all), ElementsAre("services agree at rest"));
}

TEST(Promises, NameTheFirstThatIsBroken) {
  auto all = sound_books();
  all.accepted.push_back({"lost", "customer", {price}});
  EXPECT_THAT(judge(all).front().evidence, HasSubstr("lost was answered with 201"));
}

TEST(Metrics, AreReadFromTheirTextForm) {
  const metrics_text metrics{
      "# HELP a_total What it counts.\n# TYPE a_total counter\na_total{queue=\"x:y\",text=\"a \\\"b\\\"\"} 3\n"
      "a_total{queue=\"z\",text=\"\"} 4.5\nplain 1e3\n"};
  EXPECT_DOUBLE_EQ(metrics.sum("a_total"), 7.5);
  EXPECT_DOUBLE_EQ(metrics.sum("a_total", {{"queue", "x:y"}}), 3);
  EXPECT_EQ(metrics.of("a_total").front().has.at("text"), "a \"b\"");
  EXPECT_DOUBLE_EQ(metrics.sum("plain"), 1000);
  EXPECT_FALSE(metrics.has("missing"));
}

}  // namespace
}  // namespace musiccorp::demo
