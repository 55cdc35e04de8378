// Limits that stand in a configuration file, on the real program: at each of them the shop does what was promised,
// says so, and loses nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "demo/plan.hpp"
#include "demo/shop_client.hpp"
#include "messages/customer_messages.hpp"
#include "messages/order_messages.hpp"
#include "messages/pricing_messages.hpp"
#include "support/eventually.hpp"
#include "support/ledger.hpp"
#include "support/process.hpp"
#include "support/store_reader.hpp"

namespace musiccorp {
namespace {

using namespace std::chrono_literals;
using namespace messages;
using namespace testing;
using nlohmann::json;
using ::testing::HasSubstr;


class Limits : public ::testing::Test {
 protected:
  void TearDown() override {
    if (HasFailure()) folder_.keep();
  }
  /// The project's own file with these changes, and retries that do not keep a test waiting.
  void open(const json& changes) {
    const auto project = std::filesystem::path{MUSICCORP_SOURCE_DIR} / "config";
    auto file = json::parse(std::ifstream{project / "node.json"});
    file["imports"]["catalog"] = (project / "catalog.json").string();
    file["retry"] = {{"delay_first_ms", 1}, {"delay_longest_ms", 20}};
    file.merge_patch(changes);
    std::ofstream{folder_.path() / "node.json"} << file.dump(2);
    shop_.use_config(folder_.path() / "node.json");
    shop_.start();
  }
  void close() {
    expect_ledger_zero(shop());
    EXPECT_EQ(shop_.stop(), (demo::process_end{0, 0}));
  }

  [[nodiscard]] demo::shop_client shop() { return {connection_, shop_.url()}; }
  std::string start_job(const std::string& sku, std::int64_t percent) {
    return shop()
        .post<price_job_summary>("/pricing/jobs", describe::to_json(create_price_job{sku, percent}), 202)
        .value()
        .job_id;
  }
  bool is_finished(const std::string& id) {
    return shop().read<price_job_summary>("/pricing/jobs/" + id).value().status == price_job_status::finished;
  }
  json get(const std::string& target) { return json::parse(shop().get(target).value()); }
  json open_cases() { return get("/hospital/cases?state=open").at("cases"); }
  int post(const std::string& target, const json& body) {
    const auto said = connection_.fetch(shop().post_request(target, body.dump()));
    return said ? said->status : 0;
  }
  double parked() {
    return shop().metrics().value().sum("runtime_queue_messages", {{"queue", jobs}, {"state", "parked"}});
  }
  bool is_held() { return shop().metrics().value().sum("runtime_queue_held", {{"queue", jobs}}) == 1; }
  /// Jobs that wait because no more may be parked: they are not lost, and go on when the dead are gone.
  void expect_held_until_discarded(const std::vector<std::string>& waiting, int parked_wanted, std::size_t dead) {
    ASSERT_TRUE(eventually([&] { return is_held(); })) << "no alarm could see it";
    EXPECT_EQ(parked(), parked_wanted);
    EXPECT_THAT(shop_.log_end(20'000), HasSubstr("subscription-held"));
    ASSERT_TRUE(eventually([&] { return open_cases().size() == dead; }));
    for (const auto& one : waiting) EXPECT_FALSE(is_finished(one));
    EXPECT_EQ(parked(), parked_wanted) << "no more, however long";
    for (const auto& one : open_cases())
      EXPECT_EQ(post("/hospital/cases/" + one.at("case_id").get<std::string>() + "/discard",
                     {{"version", one.at("version")}, {"reason", "never mind"}}),
                202);
    for (const auto& one : waiting) EXPECT_TRUE(eventually([&] { return is_finished(one); }));
    EXPECT_TRUE(eventually([&] { return !is_held() && parked() == 0; }));
  }
  /// As the log of pricing has them.
  std::vector<std::string> prices_said(const std::string& sku) const {
    std::vector<std::string> jobs_in_order;
    for (const auto& row : store_reader{folder_.path() / "pricing.db"}.rows(
             "SELECT payload ->> 'job_id' FROM log WHERE type = 'price.changed' AND key = '" + sku +
             "' ORDER BY seq"))
      jobs_in_order.push_back(row.at(0));
    return jobs_in_order;
  }

  static constexpr const char* jobs = "pricing:pricing";
  temporary_folder folder_;
  http::client connection_{{.connections_per_host = 16}};
  shop_process shop_{folder_.path()};
};

TEST_F(Limits, OfOneMessageTypeGoBeforeThoseOfItsServiceAndThoseBeforeTheNodes) {
  const auto attempts_with = [&](const json& pricing, const std::string& sku) -> json {
    open({{"services", {{"pricing", pricing}}}});
    (void)start_job(sku, -100);
    json listed;
    EXPECT_TRUE(eventually([&] {
      listed = get("/hospital/cases?key=" + sku).at("cases");
      return listed.size() == 1;
    }));
    close();
    return listed.at(0).at("attempts");
  };
  EXPECT_EQ(attempts_with(json::object(), "MC-0001"), 5);
  EXPECT_EQ(attempts_with({{"retry", {{"attempts_max", 4}}}}, "MC-0002"), 4);
  EXPECT_EQ(attempts_with({{"retry", {{"attempts_max", 4}}}, {"retry_by_type", {{"reprice", {{"attempts_max", 2}}}}}},
                          "MC-0003"),
            2);
}

TEST_F(Limits, OfMessagesParkedBehindOneKeyHoldTheSubscription) {
  open({{"services", {{"pricing", {{"order", {{"parked_per_key_max", 2}}}}}}}});
  (void)start_job("MC-0001", -100);
  std::vector<std::string> behind;
  for (int percent = 5; percent < 10; ++percent) behind.push_back(start_job("MC-0001", percent));
  expect_held_until_discarded(behind, 2, 1);
  close();
  EXPECT_EQ(prices_said("MC-0001"), behind) << "in their order, once each";
}

TEST_F(Limits, OfAllParkedMessagesHoldTheSubscription) {
  open({{"services", {{"pricing", {{"order", {{"parked_max", 3}}}}}}}});
  std::vector<std::string> behind;
  for (const auto* sku : {"MC-0001", "MC-0002"}) {
    (void)start_job(sku, -100);
    behind.push_back(start_job(sku, 5));
    behind.push_back(start_job(sku, 6));
  }
  expect_held_until_discarded(behind, 3, 2);
  close();
}

TEST_F(Limits, OfTheLogAnswerBusyWithRetryAfterAndLoseNothing) {
  open({{"streams", {{"log_messages_max", 10}}}});
  const auto customer = shop().post<customer_summary>("/customers", demo::customer_body(0), 201).value().customer_id;
  const auto order = [&](int number) {
    const place_order wanted{customer, {{"MC-0001", 1}}, {"4000-0000-0000-0001"}};
    return connection_
        .fetch(shop().post_request("/orders", describe::to_json(wanted), "order-" + std::to_string(number)))
        .value();
  };
  const json why{{"by", "the test"}, {"reason", "nobody takes what order says"}};
  ASSERT_EQ(post("/supervision/notification/stop", why), 200);
  std::vector<std::string> accepted;
  int refused = 0;
  for (; refused <= 10; ++refused) {
    const auto said = order(refused);
    if (said.status == 503) {
      EXPECT_GE(std::stoi(std::string{said.headers.find("retry-after").value_or("0")}), 1);
      EXPECT_THAT(said.body, HasSubstr("keeps as many messages as it may"));
      break;
    }
    ASSERT_EQ(said.status, 201) << said.body;
    accepted.push_back(json::parse(said.body).at("order_id"));
  }
  ASSERT_LE(refused, 10) << "each order says at least one thing";
  ASSERT_FALSE(accepted.empty());
  EXPECT_EQ(order(refused).status, 503) << "for as long as nobody takes it";
  EXPECT_TRUE(shop().get("/orders/" + accepted.front())) << "questions are answered";

  ASSERT_EQ(post("/supervision/notification/start", why), 200);
  ASSERT_TRUE(eventually([&] { return order(refused).status == 201; })) << "there is room again";
  accepted.push_back(json::parse(order(refused).body).at("order_id"));
  for (const auto& id : accepted) {
    EXPECT_TRUE(eventually([&] { return get("/orders/" + id).at("status") == "shipped"; })) << id;
    EXPECT_TRUE(eventually([&] { return get("/notifications?order_id=" + id).at("notifications").size() >= 3; }))
        << "every mail is sent: " << get("/notifications?order_id=" + id);
  }
  close();
}

TEST_F(Limits, OfOneActionForOneVersionOfACaseHoldForADoubleClick) {
  open({{"retry", {{"attempts_max", 1}}}});
  (void)start_job("MC-0001", -100);
  ASSERT_TRUE(eventually([&] { return open_cases().size() == 1; }));
  const auto one = open_cases().at(0);
  const auto page = "/hospital/cases/" + one.at("case_id").get<std::string>();
  const json wish{{"version", one.at("version")}, {"by", "kim"}, {"reason", "perhaps"}};
  constexpr int clicks = 8;
  std::atomic<int> done{0}, conflicts{0};
  const auto answered = std::make_shared<std::atomic<int>>(0);  // The last callback may outlive this function.
  for (int i = 0; i < clicks; ++i)
    ASSERT_TRUE(connection_.send(shop().post_request(page + "/replay", wish.dump()), [&, answered](const auto& said) {
      if (said && said->status == 202) ++done;
      if (said && said->status == 409) ++conflicts;
      ++*answered;
      answered->notify_one();
    }));
  for (auto seen = answered->load(); seen < clicks; seen = answered->load()) answered->wait(seen);
  EXPECT_EQ(done, 1);
  EXPECT_EQ(conflicts, clicks - 1);
  json now;
  ASSERT_TRUE(eventually([&] {
    now = get(page);
    return now.at("state") == "open" && now.at("attempts") == 2;
  })) << "it died once more, of one replay";
  EXPECT_EQ(post(page + "/replay", wish), 409) << "open again, but not what was seen";
  EXPECT_EQ(post(page + "/discard", wish), 409);
  expect_ledger_zero(shop());
  EXPECT_EQ(get(page).at("attempts"), 2);
  EXPECT_EQ(get("/hospital/audit").at("entries").size(), 1U) << get("/hospital/audit").dump(2);
  close();
}

}  // namespace
}  // namespace musiccorp
