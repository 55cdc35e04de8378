// Dashboards, alerts and runbooks name only what there is, and lead to each other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "support/promql.hpp"

namespace musiccorp::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::IsEmpty;

const fs::path folder = fs::path{MUSICCORP_SOURCE_DIR} / "monitoring";

/// Series that Prometheus makes itself.
const std::set<std::string> built_in{"up", "ALERTS", "scrape_samples_post_metric_relabeling"};

std::vector<fs::path> files_in(const fs::path& where, const std::string& extension) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator{where})
    if (entry.path().extension() == extension) found.push_back(entry.path());
  std::ranges::sort(found);
  return found;
}

std::vector<rule_text> all_rules() {
  std::vector<rule_text> all;
  for (const auto& file : files_in(folder / "prometheus" / "rules", ".yml"))
    std::ranges::move(read_rules(file.string()), std::back_inserter(all));
  return all;
}

std::map<std::string, json> dashboards() {
  std::map<std::string, json> all;
  for (const auto& file : files_in(folder / "grafana" / "dashboards" / "shop", ".json")) {
    auto read = json::parse(read_file(file.string()));
    all.emplace(file.stem().string(), std::move(read));
  }
  return all;
}

/// What `use` names and nobody has.
void expect_known(const std::string& expression, const std::string& where) {
  static const auto catalogue = read_catalogue((folder / "metrics.md").string());
  static const auto recorded = [] {
    std::set<std::string> names;
    for (const auto& rule : all_rules())
      if (!rule.is_alert) names.insert(rule.name);
    return names;
  }();
  const auto used = metrics_in(expression);
  EXPECT_TRUE(!used.empty() || expression == "vector(1)") << where << ": " << expression;
  for (const auto& name : used)
    EXPECT_TRUE(catalogue.contains(family_of(name, catalogue)) || recorded.contains(name) || built_in.contains(name))
        << where << ": " << name << " is neither in monitoring/metrics.md nor recorded";
}

struct panel {
  std::string where;
  json what;
};
std::vector<panel> panels() {
  std::vector<panel> all;
  for (const auto& [name, board] : dashboards())
    for (const auto& one : board.at("panels"))
      if (one.at("type") != "row") all.push_back({name + ": " + one.at("title").get<std::string>(), one});
  return all;
}

TEST(PromQl, TellsMetricsFromEverythingElse) {
  EXPECT_THAT(
      metrics_in(R"(sum by (le, x) (rate(a_bucket{b="c{d}", e=~"f"}[5m])) / on (g) group_left () h:i > 0.5 and up)"),
      (::testing::ElementsAre("a_bucket", "h:i", "up")));
  EXPECT_THAT(metrics_in("vector(1) * 2"), IsEmpty());
}

TEST(Dashboards, HaveFixedNamesUniqueIdsAndLinksToEachOther) {
  const auto all = dashboards();
  ASSERT_EQ(all.size(), 3U);
  for (const auto& [name, board] : all) {
    EXPECT_EQ(board.at("uid"), name);
    EXPECT_GE(board.at("schemaVersion"), 36) << name;
    EXPECT_FALSE(board.contains("id")) << name << ": ids belong to one Grafana";
    std::set<int> ids;
    for (const auto& one : board.at("panels"))
      EXPECT_TRUE(ids.insert(one.at("id").get<int>()).second) << one.at("id");
    std::set<std::string> linked;
    for (const auto& link : board.at("links")) linked.insert(link.at("url").get<std::string>());
    for (const auto& [other, ignored] : all)
      EXPECT_EQ(linked.contains("/d/" + other), other != name) << name << " and " << other;
    EXPECT_TRUE(linked.contains("${console}/console/#/hospital/cases?q=state:open")) << name;
  }
}

TEST(Dashboards, TakeTheirDataSourceFromAVariable) {
  for (const auto& [name, board] : dashboards()) {
    EXPECT_EQ(board.at("templating").at("list").at(0).at("name"), "datasource") << name;
    const json wanted{{"type", "prometheus"}, {"uid", "${datasource}"}};
    const std::function<void(const json&)> look = [&](const json& at) {
      if (at.is_object() && at.contains("datasource") && at.at("datasource").at("type") != "grafana") {
        EXPECT_EQ(at.at("datasource"), wanted) << name << ": " << at.dump().substr(0, 200);
      }
      if (at.is_structured())
        for (const auto& inner : at) look(inner);
    };
    look(board);
  }
}

TEST(Dashboards, PanelsSayWhatTheyMeanInWhichUnit) {
  const std::set<std::string> units{"short", "s", "m", "bytes", "percentunit", "ops", "reqps", "none"};
  const std::set<std::string> core{"stat", "timeseries", "state-timeline", "heatmap", "bargauge", "table", "text"};
  for (const auto& [where, one] : panels()) {
    EXPECT_GT(one.at("description").get<std::string>().size(), 15U) << where;
    EXPECT_TRUE(units.contains(one.at("fieldConfig").at("defaults").at("unit").get<std::string>())) << where;
    EXPECT_TRUE(core.contains(one.at("type").get<std::string>())) << where;
    EXPECT_FALSE(one.at("targets").empty()) << where;
  }
}

TEST(Dashboards, PanelsAskOnlyForMetricsThatThereAre) {
  for (const auto& [where, one] : panels())
    for (const auto& target : one.at("targets")) {
      const auto expression = target.at("expr").get<std::string>();
      expect_known(expression, where);
      EXPECT_TRUE(expression.find("$job") != std::string::npos || expression.find("ALERTS") != std::string::npos)
          << where << " mixes all jobs: " << expression;
    }
  for (const auto& [name, board] : dashboards())
    for (const auto& one : board.at("annotations").at("list"))
      if (one.contains("expr")) expect_known(one.at("expr").get<std::string>(), name + ", annotation");
}

/// Whoever sees a queue or a service that worries him gets there in one click, with its name filled in.
TEST(Dashboards, SeriesOfQueuesAndServicesLeadToTheirPlaceInTheConsole) {
  for (const auto& [where, one] : panels()) {
    if (one.at("type") == "table") continue;
    const auto expression = one.at("targets").at(0).at("expr").get<std::string>();
    const bool of_queue = expression.find("by (queue)") != std::string::npos;
    const bool of_service = expression.find("by (service") != std::string::npos;
    if (!of_queue && !of_service) continue;
    const auto links = one.at("fieldConfig").at("defaults").value("links", json::array());
    ASSERT_FALSE(links.empty()) << where;
    const auto url = links.at(0).at("url").get<std::string>();
    EXPECT_TRUE(url.starts_with("${console}/console/#/")) << where << ": " << url;
    const bool names_it = url.find("${__field.labels.") != std::string::npos;
    EXPECT_TRUE(names_it || url.ends_with("/supervision")) << where << ": " << url;
  }
}

TEST(Dashboards, PanelsDoNotOverlap) {
  for (const auto& [name, board] : dashboards()) {
    std::set<std::pair<int, int>> taken;
    for (const auto& one : board.at("panels")) {
      const auto& at = one.at("gridPos");
      EXPECT_LE(at.at("x").get<int>() + at.at("w").get<int>(), 24) << one.at("title");
      for (int x = 0; x < at.at("w"); ++x)
        for (int y = 0; y < at.at("h"); ++y)
          EXPECT_TRUE(taken.emplace(at.at("x").get<int>() + x, at.at("y").get<int>() + y).second)
              << name << ": " << one.at("title");
    }
  }
}

TEST(Alerts, AskOnlyForMetricsThatThereAre) {
  for (const auto& rule : all_rules()) expect_known(rule.expression, rule.name);
}

TEST(Alerts, HaveASeverityASummaryAPanelAndARunbook) {
  const auto boards = dashboards();
  for (const auto& rule : all_rules()) {
    if (!rule.is_alert) continue;
    const auto value = [&](const std::string& key) {
      const auto found = rule.values.find(key);
      return found == rule.values.end() ? std::string{} : found->second;
    };
    EXPECT_TRUE((std::set<std::string>{"page", "ticket", "none"}).contains(value("severity"))) << rule.name;
    EXPECT_FALSE(value("summary").empty()) << rule.name;
    EXPECT_EQ(value("runbook"), "monitoring/runbooks/" + rule.name + ".md");
    EXPECT_TRUE(fs::exists(folder / "runbooks" / (rule.name + ".md"))) << rule.name;
    const auto place = value("dashboard");
    const auto question = place.find("?viewPanel=");
    ASSERT_TRUE(place.starts_with("/d/") && question != std::string::npos) << rule.name << ": " << place;
    const auto board = boards.find(place.substr(3, question - 3));
    ASSERT_NE(board, boards.end()) << rule.name << ": " << place;
    const auto id = std::stoi(place.substr(question + 11));
    EXPECT_TRUE(std::ranges::any_of(board->second.at("panels"), [&](const json& one) { return one.at("id") == id; }))
        << rule.name << ": " << place;
  }
}

TEST(Alerts, EachHasATestThatItFiresAndOneThatItIsQuiet) {
  std::string tests;
  for (const auto& file : files_in(folder / "prometheus" / "tests", ".yml")) tests += read_file(file.string());
  for (const auto& rule : all_rules()) {
    if (!rule.is_alert) continue;
    const auto named = "alertname: " + rule.name + "\n";
    EXPECT_NE(tests.find(named + "        exp_alerts:\n"), std::string::npos)
        << rule.name << " has no test that it fires";
    if (rule.name == "Watchdog") continue;
    EXPECT_NE(tests.find(named + "        exp_alerts: []\n"), std::string::npos)
        << rule.name << " has no test that it is quiet";
  }
}

TEST(Runbooks, HaveTheSamePartsAndBelongToAnAlert) {
  std::set<std::string> alerts;
  for (const auto& rule : all_rules()) alerts.insert(rule.name);
  for (const auto& file : files_in(folder / "runbooks", ".md")) {
    const auto name = file.stem().string();
    EXPECT_TRUE(alerts.contains(name)) << name << " is a runbook without an alert";
    const auto text = read_file(file.string());
    std::size_t at = 0;
    for (const auto* part : {"# ", "\n## Meaning\n", "\n## What users see\n", "\n## Check\n", "\n## Act\n",
                             "\n## Failure class\n", "\n## How to reproduce\n"}) {
      const auto next = text.find(part, at);
      EXPECT_NE(next, std::string::npos) << name << ": " << part;
      if (next != std::string::npos) at = next + 1;
    }
    for (auto link = text.find("]("); link != std::string::npos; link = text.find("](", link + 1)) {
      const auto target = text.substr(link + 2, text.find(')', link) - link - 2);
      EXPECT_TRUE(fs::exists(folder / "runbooks" / target)) << name << " leads to " << target;
    }
  }
}

}  // namespace
}  // namespace musiccorp::testing
