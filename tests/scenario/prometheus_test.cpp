// A real shop, a real Prometheus, load with poison, a mute mail server and a slow provider: every question of every
// panel and rule can be asked, and is answered. What is about links is asked of three nodes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "demo/books.hpp"
#include "demo/load.hpp"
#include "demo/shop_client.hpp"
#include "messages/customer_messages.hpp"
#include "messages/inventory_messages.hpp"
#include "support/cluster_processes.hpp"
#include "support/ledger.hpp"
#include "support/listener.hpp"
#include "support/watched_cluster.hpp"
#include "support/watched_shop.hpp"

namespace musiccorp {
namespace {

using namespace testing;
using nlohmann::json;

const std::string monitoring = std::string{MUSICCORP_SOURCE_DIR} + "/monitoring";

std::string real_rules(const std::filesystem::path&) { return monitoring + "/prometheus/rules/*.yml"; }

/// The mail server takes the connection and never says a word, so that sending the first mail takes longer than a
/// handler may. A service may crash by one message, not by a second one.
std::vector<std::string> set_up(const listener& mute) {
  std::vector<std::string> flags;
  for (const std::string& setting :
       {std::string{"/services/pricing/order/parked_per_key_max=2"}, std::string{"/streams/window_messages=2"},
        std::string{"/retry/delay_first_ms=1"}, std::string{"/retry/delay_longest_ms=5"},
        std::string{"/supervision/differing_crashes=1"}, std::string{"/supervision/restarts_max=1"},
        std::string{"/supervision/restarts_period_ms=3600000"}, std::string{"/supervision/handler_deadline_ms=500"},
        R"(/services/notification/settings={"smtp_url":"smtp://)" + mute.address() +
            R"(","total_timeout_ms":120000})"})
    flags.insert(flags.end(), {"--set", setting});
  return flags;
}

class Prometheus : public watched_shop {
 protected:
  explicit Prometheus(std::unique_ptr<listener> mute = std::make_unique<listener>())
      : watched_shop{set_up(*mute), real_rules}, mute_{std::move(mute)} {}

  void make_plan() {
    std::vector<std::string> customers;
    for (std::size_t i = 0; i < 8; ++i)
      customers.push_back(
          shop().post<messages::customer_summary>("/customers", demo::customer_body(i), 201).value().customer_id);
    const auto stock = shop().list("/inventory", &messages::stock_page::items).value();
    for (const auto* name : {"first", "second", "third"})
      plans_.push_back(demo::make_plan(1, 40, customers, stock, name));
  }
  /// Its orders, and a moment for Prometheus to see them.
  void drive(const demo::order_plan& plan) {
    accepted_ += demo::accepted_of(demo::run_load(shop(), plan, {}, [](std::size_t) { return true; })).size();
    ASSERT_TRUE(prometheus_.eventually([&] {
      return prometheus_.value("sum(shop_orders_total{state=\"pending\"})") == static_cast<double>(accepted_);
    }));
  }
  /// Two jobs that die, which is too much: their service is started anew. Then as many behind the second as may be
  /// parked, and more than may be on their way.
  void poison() {
    for (const auto* sku : {"MC-0002", "MC-0001"}) start_price_job(sku, -100);
    ASSERT_TRUE(prometheus_.eventually([&] {
      return prometheus_.value("sum(runtime_supervisor_restarts_total)") >= 1 &&
             prometheus_.value("sum(runtime_dead_letters{service=\"pricing\",reason=\"handler_crash\"})") == 2;
    }));
    for (const auto percent : {5, 6, 7, 8, 9, 10, 11, 12}) start_price_job("MC-0001", percent);
    ASSERT_TRUE(prometheus_.eventually([&] { return prometheus_.value("sum(runtime_queue_held)") >= 1; }));
  }
  /// Tries the dead job again, in vain.
  void replay() {
    treat("replay");
    ASSERT_TRUE(prometheus_.eventually(
        [&] { return prometheus_.value("sum(runtime_replays_total{outcome=\"died_again\"})") >= 1; }));
  }
  void drive_everything() {
    make_plan();
    drive(plans_[0]);
    poison();
    replay();
    drive(plans_[1]);
    set_provider(600'000, 0);  // From here on orders stay open.
    drive(plans_[2]);
  }

  std::unique_ptr<listener> mute_;
  std::vector<demo::order_plan> plans_;
  std::size_t accepted_ = 0;
};

/// As Grafana would fill it in.
std::string filled(std::string expression) {
  const std::map<std::string, std::string> values{
      {"$job", "shop"}, {"$node", ".*"}, {"$service", ".*"}, {"$queue", ".*"}, {"$__rate_interval", "1m"}};
  for (const auto& [name, value] : values)
    for (auto at = expression.find(name); at != std::string::npos; at = expression.find(name, at + value.size()))
      expression.replace(at, name.size(), value);
  return expression;
}

struct question {
  std::string place;  ///< "shop-queues/26/B"
  std::string title;
  std::string expression;
};

/// Only nodes of a cluster have these.
bool is_about_links(const std::string& text) { return text.find("runtime_cluster_") != std::string::npos; }

std::vector<question> questions() {
  std::vector<question> all;
  for (const auto& file : std::filesystem::directory_iterator{monitoring + "/grafana/dashboards/shop"}) {
    const auto board = json::parse(read_file(file.path().string()));
    const auto name = file.path().stem().string();
    for (const auto& panel : board.at("panels"))
      if (panel.contains("targets"))
        for (const auto& target : panel.at("targets"))
          all.push_back({name + "/" + panel.at("id").dump() + "/" + target.at("refId").get<std::string>(),
                         panel.at("title"), filled(target.at("expr"))});
  }
  return all;
}

void expect_answer(prometheus_process& prometheus, const question& one) {
  json result;
  const bool answered = prometheus.eventually(
      [&] {
        result = prometheus.query(one.expression);
        return !result.empty();
      },
      std::chrono::seconds{20});
  EXPECT_TRUE(answered) << one.place << " (" << one.title << ") is empty: " << one.expression;
}

TEST_F(Prometheus, AnswersEveryPanelAndRuleOfARunningShop) {
  drive_everything();

  for (const auto& one : questions())
    if (!is_about_links(one.expression)) expect_answer(prometheus_, one);

  const auto rules = prometheus_.get("rules");
  for (const auto& group : rules.at("groups"))
    for (const auto& rule : group.at("rules")) {
      const auto name = rule.at("name").get<std::string>();
      EXPECT_EQ(rule.at("health"), "ok") << name << ": " << rule.value("lastError", "");
      if (rule.at("type") != "recording") continue;
      EXPECT_FALSE(prometheus_.query(name).empty()) << name;
    }

  // What a dashboard's variables and annotations ask.
  for (const auto* series :
       {"up{job=\"shop\"}", "runtime_mailbox_limit{job=\"shop\"}", "runtime_queue_limit{job=\"shop\"}",
        "process_start_time_seconds{job=\"shop\"}", "ALERTS{alertname=\"DeadLettersArriving\"}"})
    EXPECT_FALSE(prometheus_.query(series).empty()) << series;

  // Both sides agree on how much there is.
  EXPECT_EQ(prometheus_.value("max(abs(runtime_ledger_imbalance))"), 0);
  EXPECT_EQ(prometheus_.value("sum(runtime_dead_letters{service=\"pricing\",reason=\"handler_crash\"})"), 2);
  EXPECT_GT(prometheus_.value("sum(shop_orders_open)"), 0);
}

/// Name to labels, without `le`.
std::map<std::string, std::set<std::string>> families_in(const std::string& text, const metric_catalogue& catalogue) {
  std::map<std::string, std::set<std::string>> found;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    const auto end = line.find_first_of("{ ");
    auto& labels = found[family_of(line.substr(0, end), catalogue)];
    for (auto equals = line.find("=\""); equals != std::string::npos; equals = line.find("=\"", equals + 2)) {
      const auto start = line.find_last_of("{,", equals) + 1;
      const auto label = line.substr(start, equals - start);
      if (label != "le") labels.insert(label);
    }
  }
  return found;
}

/// Each of these is in the catalogue, with these labels and of this type.
void expect_catalogued(const std::string& text, const std::map<std::string, std::set<std::string>>& found,
                       const metric_catalogue& catalogue) {
  for (const auto& [name, labels] : found) {
    const auto known = catalogue.find(name);
    ASSERT_NE(known, catalogue.end()) << name << " is not in monitoring/metrics.md";
    EXPECT_EQ(labels, known->second.labels) << name;
    EXPECT_NE(text.find("# TYPE " + name + " " + known->second.type + "\n"), std::string::npos) << name;
  }
}

TEST_F(Prometheus, FindsExactlyTheCataloguedMetrics) {
  make_plan();
  drive(plans_[0]);
  poison();
  const auto text = shop().get("/metrics").value();
  const auto catalogue = read_catalogue(monitoring + "/metrics.md");
  const auto found = families_in(text, catalogue);
  expect_catalogued(text, found, catalogue);
  for (const auto& [name, metric] : catalogue)
    EXPECT_TRUE(found.contains(name) || is_about_links(name)) << name << " is catalogued, and not at /metrics";

  // The held subscription keeps the shop from rest; its books are right all the same.
  for (const auto& one : demo::queue_accounts(shop().metrics().value())) EXPECT_EQ(one.imbalance, 0) << one.queue;
}

/// How many series this node shows.
std::size_t series_of(demo::shop_client shop) {
  std::istringstream lines{shop.get("/metrics").value()};
  std::size_t series = 0;
  for (std::string line; std::getline(lines, line);)
    if (!line.empty() && line[0] != '#') ++series;
  return series;
}

TEST(ANodeWithNineServices, ShowsFewerThanThreeThousandSeriesAlsoWhenEveryPageWasOpen) {
  const temporary_folder folder;
  cluster_processes nodes{
      folder.path(),
      {{"nine",
        {"catalog", "customer", "fraud", "inventory", "notification", "order", "payment", "shipping", "warehouse"}},
       {"rest", {"acquirer", "hospital", "pricing"}}}};
  nodes.start_all();
  http::client connection;
  demo::shop_client shop{connection, nodes.url("nine")};
  const auto customer =
      shop.post<messages::customer_summary>("/customers", demo::customer_body(0), 201).value().customer_id;
  const auto stock = shop.list("/inventory", &messages::stock_page::items).value();
  (void)demo::run_load(shop, demo::make_plan(1, 20, {customer}, stock, "nine"), {}, [](std::size_t) { return true; });
  for (const auto* path : {"/console/",
                           "/console/main.js",
                           "/console/nothing",
                           "/hospital/groups",
                           "/hospital/cases",
                           "/hospital/cases/none",
                           "/hospital/batches",
                           "/hospital/audit",
                           "/supervision",
                           "/mailboxes",
                           "/cluster",
                           "/logs",
                           "/trace/4bf92f3577b34da6a3ce929d0e0e4736",
                           "/healthz",
                           "/readyz",
                           "/",
                           "/openapi.json",
                           "/orders/none",
                           "/payments/none",
                           "/nothing"})
    EXPECT_TRUE(connection.fetch({.url = nodes.url("nine") + path})) << path;
  for (const auto* path : {"/orders", "/customers", "/hospital/batches", "/cluster/drain"})
    EXPECT_TRUE(connection.fetch(shop.post_request(path, "{}"))) << path;
  EXPECT_LT(series_of(shop), 3'000U);
}

class PrometheusOfACluster : public watched_cluster {
 protected:
  PrometheusOfACluster() : watched_cluster{real_rules} {}
  void TearDown() override {
    expect_ledger_zero(nodes_.shop(connection_));
    watched_cluster::TearDown();
  }
};

TEST_F(PrometheusOfACluster, AnswersEveryPanelAboutLinksAndFindsTheCataloguedMetrics) {
  for (const auto& one : questions())
    if (is_about_links(one.expression)) expect_answer(prometheus_, one);
  EXPECT_EQ(prometheus_.value("sum(runtime_cluster_link_up)"), 6) << "each of three to two others";

  const auto text = demo::shop_client{connection_, nodes_.url("north")}.get("/metrics").value();
  const auto catalogue = read_catalogue(monitoring + "/metrics.md");
  const auto found = families_in(text, catalogue);
  expect_catalogued(text, found, catalogue);
  for (const auto& [name, metric] : catalogue)
    EXPECT_TRUE(found.contains(name) || !is_about_links(name)) << name << " is catalogued, and not at /metrics";
}

}  // namespace
}  // namespace musiccorp
