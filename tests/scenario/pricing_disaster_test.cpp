// The tale that this runtime was built against, in its harmless form: a price job whose rule throws each time. It
// costs its attempts and nothing else, its whole story is in the hospital, and after the mend a canary heals it in
// its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "demo/books.hpp"
#include "demo/shop_client.hpp"
#include "messages/catalog_messages.hpp"
#include "messages/pricing_messages.hpp"
#include "support/process.hpp"

namespace musiccorp {
namespace {

using namespace std::chrono_literals;
using namespace messages;
using namespace testing;
using demo::shop_client;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PricingDisaster : public ::testing::Test {
 protected:
  void TearDown() override {
    if (HasFailure()) folder_.keep();
  }
  void open(std::vector<std::string> flags) {
    flags.insert(flags.end(), {"--set", "/retry/delay_first_ms=1", "--set", "/retry/delay_longest_ms=20"});
    shop_.emplace(folder_.path(), std::move(flags));
    shop_->start();
  }
  void close() { EXPECT_EQ(shop_->stop(), (demo::process_end{0, 0})); }

  [[nodiscard]] shop_client shop() { return {connection_, shop_->url()}; }
  std::string start_job(const std::string& sku, std::int64_t percent) {
    return shop()
        .post<price_job_summary>("/pricing/jobs", describe::to_json(create_price_job{sku, percent}), 202)
        .value()
        .job_id;
  }
  price_job_summary job(const std::string& id) {
    return shop().read<price_job_summary>("/pricing/jobs/" + id).value();
  }
  bool is_finished(const std::string& id) { return job(id).status == price_job_status::finished; }
  json get(const std::string& target) { return json::parse(shop().get(target).value()); }
  json post(const std::string& target, const json& body) {
    const auto said = connection_.fetch(shop().post_request(target, body.dump()));
    EXPECT_TRUE(said && said->status < 300) << (said ? said->body : said.error().text);
    return said ? json::parse(said->body) : json{};
  }
  template <class Question>
  static bool eventually(Question question) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (std::chrono::steady_clock::now() < end) {
      if (question()) return true;
      std::this_thread::yield();
    }
    return false;
  }
  void expect_nothing_lost() {
    ASSERT_TRUE(demo::wait_for_rest(shop(), 60s));
    const auto accounts = demo::queue_accounts(shop().metrics().value());
    for (const auto& one : accounts) EXPECT_EQ(one.imbalance, 0) << one.queue;
  }

  temporary_folder folder_;
  http::client connection_;
  std::optional<shop_process> shop_;
};

TEST_F(PricingDisaster, IsContainedSeenMendedAndHealedInOrder) {
  open({});
  const auto before = start_job("MC-0001", 10);
  const auto poison = start_job("MC-0001", -100);
  const auto behind = start_job("MC-0001", 5);
  const auto last = start_job("MC-0001", 7);
  std::vector<std::string> others;
  for (int i = 2; i <= 40; ++i) {
    auto sku = std::to_string(i);
    sku.insert(0, 4 - sku.size(), '0');
    others.push_back(start_job("MC-" + sku, 10));
  }

  // Contained: everybody else is done, and what belongs behind it waits.
  for (const auto& id : others) ASSERT_TRUE(eventually([&] { return is_finished(id); }));
  ASSERT_TRUE(eventually([&] { return is_finished(before); }));
  ASSERT_TRUE(eventually([&] { return get("/hospital/cases").at("cases").size() == 1; }));
  EXPECT_FALSE(is_finished(behind));

  // Seen: with its whole story.
  const auto listed = get("/hospital/cases").at("cases").at(0);
  EXPECT_EQ(listed.at("service"), "pricing");
  EXPECT_EQ(listed.at("type"), "reprice");
  EXPECT_EQ(listed.at("key"), "MC-0001");
  EXPECT_EQ(listed.at("reason"), "handler_crash");
  EXPECT_EQ(listed.at("attempts"), 5);
  EXPECT_THAT(listed.at("error").get<std::string>(), HasSubstr("no price of zero"));
  const auto id = listed.at("case_id").get<std::string>();
  const auto story = get("/hospital/cases/" + id);
  EXPECT_EQ(story.at("attempt_records").size(), 5U);
  ASSERT_TRUE(eventually([&] { return get("/hospital/cases/" + id + "/rehearsal").at("followers").size() == 2; }));
  EXPECT_EQ(get("/hospital/groups").at("groups").size(), 1U);
  expect_nothing_lost();

  // Mended: the next version is deployed; before anything is replayed, a rehearsal says what would happen.
  close();
  open({"--set", R"(/services/pricing/settings={"mended":true})"});
  EXPECT_EQ(get("/hospital/cases/" + id + "/rehearsal").at("outcome"), "done");
  EXPECT_FALSE(is_finished(poison));

  // Healed: a canary of one, and the others of its key in their order.
  const auto batch = post("/hospital/batches", {{"action", "replay"},
                                                {"filter", {{"type", "reprice"}}},
                                                {"canary", 1},
                                                {"by", "the test"},
                                                {"reason", "prices of nothing were mended"}});
  const auto batch_page = "/hospital/batches/" + batch.at("batch_id").get<std::string>();
  ASSERT_TRUE(eventually([&] { return get(batch_page).at("state") == "finished"; })) << get(batch_page).dump(2);
  EXPECT_EQ(get(batch_page).at("healed"), 1);
  for (const auto& one : {poison, behind, last}) ASSERT_TRUE(eventually([&] { return is_finished(one); }));
  ASSERT_TRUE(eventually([&] {
    return shop().read<item_summary>("/catalog/MC-0001").value().price == job(last).price_after;
  })) << "the last job's price is the last one that the catalogue heard of";
  EXPECT_EQ(get("/hospital/cases/" + id).at("state"), "healed");
  expect_nothing_lost();
  close();
}

}  // namespace
}  // namespace musiccorp
