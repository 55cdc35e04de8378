// Each of the alerts that one node, or one of three, can cause fires in a real Prometheus, and clears after what its
// runbook says. The rules are the real ones, with windows and waits of seconds instead of minutes.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>

#include "demo/plan.hpp"
#include "messages/customer_messages.hpp"
#include "messages/order_messages.hpp"
#include "support/ledger.hpp"
#include "support/watched_cluster.hpp"
#include "support/watched_shop.hpp"

namespace musiccorp {
namespace {

using namespace testing;
using nlohmann::json;

const std::filesystem::path rules_folder =
    std::filesystem::path{MUSICCORP_SOURCE_DIR} / "monitoring" / "prometheus" / "rules";

/// Replaces what must be there once.
void shorten(std::string& text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  ASSERT_EQ(text.find(from, at + 1), std::string::npos) << from;
  text.replace(at, from.size(), to);
}

/// The shop's rules for people in a hurry, in a folder below this one; the pattern that finds them.
std::string write_hasty_rules(const std::filesystem::path& home) {
  const auto folder = home / "rules";
  std::filesystem::create_directories(folder);
  for (const auto& file : std::filesystem::directory_iterator{rules_folder}) {
    auto text = read_file(file.path().string());
    const auto name = file.path().filename();
    if (name == "slo.yml") shorten(text, "le=\"60\"", "le=\"1\"");
    if (name == "shop.yml") shorten(text, "> 0) > 300", "> 0) > 3");
    if (name == "queues.yml") shorten(text, "{state=\"ready\"} > 0) > 60", "{state=\"ready\"} > 0) > 3");
    text = std::regex_replace(text, std::regex{R"(\[[0-9]+[mhd]\])"}, "[10s]");
    text = std::regex_replace(text, std::regex{R"(for: [0-9]+[smh])"}, "for: 1s");
    std::ofstream{folder / name} << text;
  }
  return (folder / "*.yml").string();
}

class Alerts : public watched_shop {
 protected:
  Alerts()
      : watched_shop{{"--set", "/services/pricing/order/parked_per_key_max=2", "--set", "/retry/delay_first_ms=100",
                      "--set", "/retry/delay_longest_ms=200", "--set", "/services/order/mailbox_limit=4"},
                     write_hasty_rules} {}

  void SetUp() override {
    watched_shop::SetUp();
    customer_ =
        shop().post<messages::customer_summary>("/customers", demo::customer_body(0), 201).value().customer_id;
  }
  void TearDown() override {
    expect_ledger_zero(shop());
    watched_shop::TearDown();
  }
  [[nodiscard]] http::client_request order() {
    // Each time something else, or it would be sold out.
    auto number = std::to_string(1 + ++orders_ % 500);
    number.insert(0, 4 - number.size(), '0');
    const messages::place_order wanted{customer_, {{"MC-" + number, 1}}, {"4000-0000-0000-0001"}};
    return shop().post_request("/orders", describe::to_json(wanted), "order-" + std::to_string(orders_));
  }
  /// Sends orders, all at a time, and forgets them.
  void burst(int orders) {
    for (int i = 0; i < orders; ++i) (void)many_.send(order(), [](const auto&) {});
  }
  void limit_files(rlim_t bytes) {
    rlimit limit{};
    ASSERT_EQ(prlimit(shop_.pid(), RLIMIT_FSIZE, nullptr, &limit), 0);
    limit.rlim_cur = bytes;
    ASSERT_EQ(prlimit(shop_.pid(), RLIMIT_FSIZE, &limit, nullptr), 0);
  }

  void expect_firing(const std::string& alert) {
    EXPECT_TRUE(prometheus_.eventually([&] { return prometheus_.fires(alert); })) << alert << " does not fire";
  }
  /// The cause goes on until it is seen.
  template <class Cause>
  void expect_firing_while(const std::string& alert, Cause cause) {
    EXPECT_TRUE(prometheus_.eventually([&] {
      cause();
      return prometheus_.fires(alert);
    })) << alert
        << " does not fire";
  }
  void expect_clear(const std::string& alert) {
    EXPECT_TRUE(prometheus_.eventually([&] { return !prometheus_.fires(alert); })) << alert << " does not clear";
  }

  http::client many_{{.connections_per_host = 200, .requests_max = 10'000}};
  std::string customer_;
  int orders_ = 0;
};

TEST_F(Alerts, OfDeadLettersAndHeldSubscriptionsClearWhenTheHospitalIsDone) {
  for (const auto percent : {-100, 5, 6, 7, 8}) start_price_job("MC-0001", percent);
  for (const auto* alert :
       {"DeadLettersArriving", "DeadLetterShareHigh", "SubscriptionHeld", "QueueNotDraining", "QueueOldestTooOld"})
    expect_firing(alert);
  treat("replay");
  expect_firing("ReplayKeepsDying");
  treat("discard");
  for (const auto* alert : {"SubscriptionHeld", "QueueNotDraining", "QueueOldestTooOld", "ReplayKeepsDying",
                            "DeadLettersArriving", "DeadLetterShareHigh"})
    expect_clear(alert);
}

TEST_F(Alerts, OfASlowAndAFailingProviderClearWhenItIsBack) {
  set_provider(6'000, 0);
  expect_firing_while("OrderStuck", [&] { (void)connection_.fetch(order()); });
  expect_firing("OrdersFinishLate");
  set_provider(0, 0);
  expect_clear("OrderStuck");
  expect_clear("OrdersFinishLate");
  expect_firing_while("RetryStorm", [&] {
    set_provider(0, 100);
    (void)connection_.fetch(order());
  });
  set_provider(0, 0);
  expect_clear("RetryStorm");
}

TEST_F(Alerts, OfAFullMailboxClearWhenTheCrowdHasLeft) {
  expect_firing_while("MailboxRejects", [&] { burst(200); });
  expect_firing_while("OrderAckFastBurn", [&] { burst(200); });
  expect_clear("MailboxRejects");
  expect_clear("OrderAckFastBurn");
}

TEST_F(Alerts, OfAStoreAndOfANodeClearWhenTheyAreBack) {
  limit_files(64 << 10);  // The log of the process fits below it, the stores are larger.
  expect_firing_while("StoreFailing", [&] { (void)connection_.fetch(order()); });
  limit_files(RLIM_INFINITY);
  expect_clear("StoreFailing");

  shop_.kill();
  expect_firing("NodeDown");
  shop_.start();
  prometheus_.scrape({{"shop", shop_.url()}});
  expect_clear("NodeDown");
  EXPECT_TRUE(prometheus_.fires("Watchdog"));
}

class ClusterAlerts : public watched_cluster {
 protected:
  ClusterAlerts() : watched_cluster{write_hasty_rules} {}
  void TearDown() override {
    expect_ledger_zero(nodes_.shop(connection_));
    watched_cluster::TearDown();
  }
};

TEST_F(ClusterAlerts, OfAFrozenNodeClearWhenItGoesOn) {
  nodes_.freeze("south");
  EXPECT_TRUE(prometheus_.eventually([&] { return prometheus_.fires("ClusterNodeMissing"); }));
  EXPECT_TRUE(prometheus_.eventually([&] { return prometheus_.fires("NodeDown"); }));
  EXPECT_FALSE(prometheus_.fires("ClusterLinkDown")) << "all that is wrong with the links is the missing node";
  nodes_.resume("south");
  for (const auto* alert : {"ClusterNodeMissing", "NodeDown"})
    EXPECT_TRUE(prometheus_.eventually([&] { return !prometheus_.fires(alert); })) << alert << " does not clear";
}

}  // namespace
}  // namespace musiccorp
