// A real shop, a real Prometheus, load with poison and a slow provider: every question of every panel and rule can be
// asked, and is answered where the load gave it something to answer. What is about links is asked of three nodes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "demo/books.hpp"
#include "demo/load.hpp"
#include "demo/shop_client.hpp"
#include "messages/customer_messages.hpp"
#include "messages/inventory_messages.hpp"
#include "support/ledger.hpp"
#include "support/watched_cluster.hpp"
#include "support/watched_shop.hpp"

namespace musiccorp {
namespace {

using namespace testing;
using nlohmann::json;

const std::string monitoring = std::string{MUSICCORP_SOURCE_DIR} + "/monitoring";

std::string real_rules(const std::filesystem::path&) { return monitoring + "/prometheus/rules/*.yml"; }

/// Panels, and the number of the question in them, that this load leaves empty, and why.
const std::map<std::string, std::string> left_empty{
    {"shop-queues/26/B", "a handler over its deadline would have to be in the shop's own rules"},
    {"shop-queues/23/A", "nothing is started again here"},
};

class Prometheus : public watched_shop {
 protected:
  Prometheus()
      : watched_shop{{"--set", "/services/pricing/order/parked_per_key_max=2", "--set", "/streams/window_messages=2",
                      "--set", "/retry/delay_first_ms=1", "--set", "/retry/delay_longest_ms=5"},
                     real_rules} {}

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
  /// A job that dies, as many behind it as may be parked, and more than may be on their way.
  void poison() {
    for (const auto percent : {-100, 5, 6, 7, 8, 9, 10, 11, 12}) start_price_job("MC-0001", percent);
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
        return !result.empty() || left_empty.contains(one.place);
      },
      std::chrono::seconds{20});
  EXPECT_TRUE(answered) << one.place << " (" << one.title << ") is empty: " << one.expression;
  if (left_empty.contains(one.place)) {
    EXPECT_TRUE(result.empty()) << one.place << " has data: take it off the list (" << left_empty.at(one.place)
                                << ")";
  }
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
  EXPECT_EQ(prometheus_.value("sum(runtime_dead_letters{service=\"pricing\",reason=\"handler_crash\"})"), 1);
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

TEST_F(Prometheus, FindsExactlyTheCataloguedMetricsInFewSeries) {
  make_plan();
  drive(plans_[0]);
  poison();
  const auto text = shop().get("/metrics").value();
  const auto catalogue = read_catalogue(monitoring + "/metrics.md");
  const auto found = families_in(text, catalogue);
  expect_catalogued(text, found, catalogue);
  for (const auto& [name, metric] : catalogue)
    EXPECT_TRUE(found.contains(name) || is_about_links(name)) << name << " is catalogued, and not at /metrics";

  // The budget is 3 000 for nine services.
  const auto services = prometheus_.value("count(runtime_mailbox_limit)").value();
  const auto series = prometheus_.value("scrape_samples_post_metric_relabeling{job=\"shop\"}").value();
  EXPECT_LT(series, services / 9 * 3'000);
  // The held subscription keeps the shop from rest; its books are right all the same.
  for (const auto& one : demo::queue_accounts(shop().metrics().value())) EXPECT_EQ(one.imbalance, 0) << one.queue;
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
