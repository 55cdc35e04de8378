// The tree of a node, seen through its door: what fails, what survives, and what people can do about it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "http/client.hpp"
#include "node/node.hpp"
#include "support/eventually.hpp"
#include "support/log_lines.hpp"
#include "unit/node/toy_shop.hpp"
#include "unit/storage/scratch_folder.hpp"

namespace musiccorp::node {
namespace {

using testing::eventually;
using namespace toys;
using namespace std::chrono_literals;
using json = nlohmann::json;
using ::testing::HasSubstr;

class Supervised : public ::testing::Test {
 protected:
  Supervised() {
    options_.data = folder_.path();
    options_.durability = storage::durability::process;
    options_.request_timeout = 20s;
    options_.supervision.delay_first = 1ms;
    options_.supervision.delay_longest = 10ms;
    options_.gave_up = [this](const std::string& why) { gave_up_.set_value(why); };
  }
  ~Supervised() override { let_go(); }
  void let_go() {
    let_go_ = true;
    let_go_.notify_all();
  }

  void start() { start(shop(trouble_)); }
  void start(std::vector<service_definition> services) {
    auto started = node::start(options_, std::move(services));
    ASSERT_TRUE(started) << started.error().text;
    node_ = std::move(*started);
  }
  /// With a service whose rule never ends by itself.
  void start_with_tar() {
    auto services = shop(trouble_);
    service_definition tar{"tar"};
    tar.on([this](turn&, const stamp& command) -> outcome {
         inside_ = true;
         let_go_.wait(false);
         return stamped{command.id};
       })
        .post<stamp, stamped>("/stamps", "Never ends by itself");
    services.push_back(std::move(tar));
    start(std::move(services));
  }
  http::client_response fetch(std::string method, const std::string& path, std::string body = {}) {
    http::client_request request;
    request.method = std::move(method);
    request.url = node_->url() + path;
    if (!body.empty()) request.headers.push_back({"content-type", "application/json"});
    request.body = std::move(body);
    auto response = client_.fetch(std::move(request));
    EXPECT_TRUE(response) << response.error().text;
    return response ? std::move(*response) : http::client_response{};
  }
  int buy_it(const std::string& id, const std::string& item) {
    return fetch("POST", "/sales", describe::to_json(buy{id, item})).status;
  }
  int order(const std::string& child, const std::string& verb) {
    return fetch("POST", "/supervision/" + child + "/" + verb, R"({"reason":"a test","by":"tester"})").status;
  }
  json page() { return json::parse(fetch("GET", "/supervision").body); }
  /// The child at the end of these names below the root.
  json child(const std::vector<std::string>& names) {
    auto children = page().at("tree").at(0).at("children");
    json found;
    for (const auto& name : names) {
      found = {};
      for (const auto& one : children)
        if (one.at("id") == name) found = one;
      children = found.contains("supervises") && !found.at("supervises").empty()
                     ? found.at("supervises").at(0).at("children")
                     : json::array();
    }
    return found;
  }
  mischief trouble_;
  std::atomic<bool> let_go_{false};
  std::atomic<bool> inside_{false};
  storage::scratch_folder folder_;
  node_options options_;
  std::promise<std::string> gave_up_;
  http::client client_;
  std::unique_ptr<node> node_;
};

TEST_F(Supervised, TheTreeIsThereFromRootToPartition) {
  start();
  const auto tree = page().at("tree").at(0);
  EXPECT_EQ(tree.at("path"), "node");
  EXPECT_EQ(tree.at("strategy"), "rest_for_one");
  std::vector<std::string> names;
  for (const auto& one : tree.at("children")) names.push_back(one.at("id"));
  EXPECT_EQ(names, (std::vector<std::string>{"telemetry", "services", "gateway"}));
  EXPECT_EQ(child({"services", "till", "0"}).at("state"), "up");
}

TEST_F(Supervised, ACrashOfARuleIsToldWithItsTextAndItsPlaceAndRestartsNothing) {
  trouble_.crashes["poison"] = 99;
  start();
  EXPECT_EQ(buy_it("1", "poison"), 201);
  ASSERT_TRUE(eventually([&] { return child({"services", "book", "0"}).at("rebuilds") == 5; }));
  const auto cell = child({"services", "book", "0"});
  EXPECT_EQ(cell.at("restarts"), 0);
  const auto& cause = cell.at("causes").back();
  EXPECT_EQ(cause.at("kind"), "crash");
  EXPECT_TRUE(cause.at("in_place"));
  EXPECT_NE(cause.at("text"), "");
  EXPECT_NE(cause.at("message"), "");
  EXPECT_THAT(cause.at("backtrace").get<std::string>(), HasSubstr("+0x"));
  EXPECT_EQ(child({"services", "book"}).at("supervises").at(0).at("budget_left"), 5) << "one message spends its own";
  EXPECT_TRUE(node_->is_ready());
}

TEST_F(Supervised, ManyDifferingCrashesStartTheServiceAnewAndNobodyElse) {
  for (int i = 0; i < 40; ++i) trouble_.crashes["poison-" + std::to_string(i)] = 99;
  start();
  for (int i = 0; i < 40; ++i) EXPECT_EQ(buy_it(std::to_string(i), "poison-" + std::to_string(i)), 201);
  EXPECT_TRUE(eventually([&] { return child({"services", "book"}).at("restarts") >= 1; }));
  EXPECT_EQ(child({"services", "till"}).at("restarts"), 0);
  EXPECT_TRUE(eventually([&] { return node_->is_ready(); }));
  EXPECT_EQ(buy_it("last", "disc"), 201);
  EXPECT_TRUE(eventually([&] { return fetch("GET", "/totals/all").body.find(R"("sales":1)") != std::string::npos; }))
      << "what came behind them is not lost";
}

TEST_F(Supervised, ACallerCannotSpendTheBudgetWithOneKindOfRequest) {
  options_.supervision.differing_crashes = 1;
  options_.supervision.restarts_max = 1;
  start();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(buy_it(std::to_string(i), "crash"), 500);
  EXPECT_EQ(child({"services", "till"}).at("restarts"), 0);
}

TEST_F(Supervised, PeopleStopStartAndRestartAServiceAndItIsWrittenDown) {
  const testing::log_lines logs;
  start();
  EXPECT_EQ(buy_it("1", "disc"), 201);
  EXPECT_EQ(order("till", "stop"), 200);
  EXPECT_EQ(fetch("GET", "/readyz").status, 503);
  EXPECT_EQ(fetch("GET", "/healthz").status, 200) << "a stopped service is no illness";
  EXPECT_EQ(buy_it("2", "disc"), 503);
  EXPECT_EQ(order("till", "start"), 200);
  EXPECT_EQ(fetch("GET", "/readyz").status, 200);
  EXPECT_EQ(buy_it("1", "disc"), 409) << "it knows what it sold";
  EXPECT_EQ(order("node%2Fservices%2Ftill%2F0", "restart"), 200);
  EXPECT_EQ(buy_it("3", "disc"), 201);
  EXPECT_EQ(order("till", "start"), 409) << "it runs";
  EXPECT_EQ(order("nobody", "stop"), 404);
  EXPECT_EQ(order("0", "stop"), 400) << "there are several";
  EXPECT_EQ(fetch("POST", "/supervision/till/stop", R"({"by":"tester"})").status, 400) << "without a reason";
  EXPECT_EQ(fetch("POST", "/supervision/till/stop", R"({"reason":"a test"})").status, 400) << "and without a name";
  const auto actions = page().at("actions");
  ASSERT_EQ(actions.size(), 4U);
  EXPECT_EQ(actions.at(0).at("outcome"), "running");
  EXPECT_EQ(actions.back().at("child"), "node/services/till");
  EXPECT_EQ(actions.back().at("by"), "tester");
  // In the log when it is asked for and when it is decided.
  std::vector<std::string> written;
  std::istringstream lines{logs.text()};
  for (std::string line; std::getline(lines, line);) {
    const auto one = json::parse(line);
    if (one.at("event") != "operator-action") continue;
    EXPECT_EQ(one.at("by"), "tester");
    EXPECT_EQ(one.at("reason"), "a test");
    written.push_back(one.at("action").get<std::string>() + " " + one.at("outcome").get<std::string>());
  }
  EXPECT_EQ(written, (std::vector<std::string>{"stop asked", "stop done", "start asked", "start done",
                                               "restart asked", "restart done", "start asked", "start running"}));
}

TEST_F(Supervised, WhatIsAskedForIsWrittenDownBeforeItIsDone) {
  start_with_tar();
  auto caught = std::async(std::launch::async, [&] { return fetch("POST", "/stamps", R"({"id":"1"})").status; });
  ASSERT_TRUE(eventually([&] { return inside_.load(); }));
  auto stopped = std::async(std::launch::async, [&] { return order("tar", "stop"); });
  ASSERT_TRUE(eventually([&] { return !page().at("actions").empty(); }));
  EXPECT_EQ(page().at("actions").at(0).at("outcome"), "asked");
  let_go();
  EXPECT_EQ(stopped.get(), 200);
  EXPECT_EQ(page().at("actions").at(0).at("outcome"), "done");
  (void)caught.get();
}

TEST_F(Supervised, AWholeGroupCanBeRestartedWhileOrdersCome) {
  start();
  std::atomic<bool> enough{false};
  std::atomic<int> sold{0};
  std::jthread customer{[&] {
    http::client mine;
    for (int i = 0; !enough; ++i) {
      http::client_request request;
      request.method = "POST";
      request.url = node_->url() + "/sales";
      request.headers.push_back({"content-type", "application/json"});
      request.body = describe::to_json(buy{"order-" + std::to_string(i), "disc"});
      const auto got = mine.fetch(std::move(request));
      sold += int{got && got->status == 201};
    }
  }};
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(eventually([&, before = sold.load()] { return sold > before; }));
    EXPECT_EQ(order("services", "restart"), 200);
    EXPECT_TRUE(eventually([&] { return node_->is_ready(); }));
  }
  enough = true;
  customer.join();
  EXPECT_TRUE(eventually([&] {
    return fetch("GET", "/totals/all").body.find("\"sales\":" + std::to_string(sold)) != std::string::npos;
  })) << sold
      << " were answered 201: " << fetch("GET", "/totals/all").body;
}

/// The supervisors below `at` and what they may still spend.
void add_budgets(const json& at, std::map<std::string, json>& found) {
  found[at.at("path")] = at.at("budget_left");
  for (const auto& child : at.at("children"))
    for (const auto& inside : child.at("supervises")) add_budgets(inside, found);
}

TEST_F(Supervised, AServiceThatIsStoppedOpensABreakerAndSpendsNoBudgetAndOrdersFlowWhenItIsBack) {
  start();
  const auto budgets = [&] {
    std::map<std::string, json> found;
    const auto now = page();
    for (const auto& root : now.at("tree")) add_budgets(root, found);
    return found;
  };
  const auto breaker = [&] { return page().at("dependencies").at(0); };
  auto sell = [&, number = 0]() mutable {
    return fetch("POST", "/sales", describe::to_json(buy{"order-" + std::to_string(++number), "disc"}));
  };
  const auto before = budgets();
  EXPECT_EQ(sell().status, 201);
  EXPECT_EQ(breaker().at("service"), "till");
  EXPECT_EQ(breaker().at("dependency"), "price");
  EXPECT_EQ(breaker().at("state"), "closed");
  EXPECT_FALSE(breaker().contains("next_probe"));

  EXPECT_EQ(order("price", "stop"), 200);
  ASSERT_TRUE(eventually([&] {
    const auto said = sell();
    EXPECT_EQ(said.status, 503) << said.body;
    return said.body.find("price is not answering; asked again in ") != std::string::npos;
  }));
  const auto refused = sell();
  EXPECT_EQ(refused.status, 503);
  EXPECT_TRUE(refused.headers.find("retry-after")) << refused.body;
  EXPECT_NE(breaker().at("state"), "closed");
  EXPECT_TRUE(breaker().contains("next_probe"));
  EXPECT_EQ(breaker().at("cause"), "unavailable");
  EXPECT_THAT(fetch("GET", "/metrics").body,
              HasSubstr(R"(runtime_breaker_opened_total{dependency="price",service="till"} 1)"));
  EXPECT_EQ(fetch("GET", "/totals/all").status, 200) << "others go on";
  auto others = before;
  ASSERT_EQ(others.erase("node/services/price"), 1U) << "it is stopped, and its supervisor with it";
  EXPECT_EQ(budgets(), others);
  EXPECT_EQ(child({"services", "till"}).at("restarts"), 0);

  EXPECT_EQ(order("price", "start"), 200);
  ASSERT_TRUE(eventually([&] { return sell().status == 201; }));
  EXPECT_EQ(breaker().at("state"), "closed");
  for (int i = 0; i < 20; ++i) EXPECT_EQ(sell().status, 201);
  EXPECT_EQ(budgets(), before);
}

/// With one thread for all cells, so that nothing of CAF runs while it hangs.
TEST_F(Supervised, AWedgedRuleIsSeenAndTheNodeIsNotHealthyUntilItEnds) {
  const testing::log_lines logs;
  options_.threads = 1;
  options_.supervision.handler_deadline = 20ms;
  start_with_tar();
  auto caught = std::async(std::launch::async, [&] { return fetch("POST", "/stamps", R"({"id":"1"})").status; });
  ASSERT_TRUE(eventually([&] { return fetch("GET", "/healthz").status == 503; }));
  EXPECT_THAT(fetch("GET", "/healthz").body, HasSubstr("tar is wedged: stamp"));
  EXPECT_EQ(fetch("GET", "/readyz").status, 503) << "it serves nobody";
  EXPECT_FALSE(node_->is_ready());
  EXPECT_THAT(fetch("GET", "/metrics").body, HasSubstr(R"(runtime_wedged{service="tar"} 1)"));
  EXPECT_EQ(page().at("overdue").at(0).at("name"), "tar");
  EXPECT_EQ(page().at("overdue").at(0).at("what"), "stamp");
  let_go();
  EXPECT_EQ(caught.get(), 200);
  EXPECT_TRUE(eventually([&] { return fetch("GET", "/healthz").status == 200; }));
  EXPECT_EQ(fetch("GET", "/readyz").status, 200);
  const auto numbers = fetch("GET", "/metrics").body;
  EXPECT_THAT(numbers, HasSubstr(R"(runtime_wedged{service="tar"} 0)"));
  EXPECT_THAT(numbers, HasSubstr(R"(runtime_wedged_total{service="tar"} 1)"));
  EXPECT_THAT(logs.text(), HasSubstr("handler-wedged"));
  EXPECT_THAT(logs.text(), HasSubstr("handler-recovered"));
}

TEST_F(Supervised, ANodeThatGivesUpSaysSoAndIsNeitherHealthyNorReady) {
  options_.supervision.services_restarts_max = 0;
  options_.supervision.restarts_max = 0;
  options_.supervision.differing_crashes = 1;
  for (int i = 0; i < 40; ++i) trouble_.crashes["poison-" + std::to_string(i)] = 99;
  start();
  auto why = gave_up_.get_future();
  // Each restart of the services spends one of the root's; nothing is handled in between.
  for (int i = 0; i < 40; ++i) (void)buy_it(std::to_string(i), "poison-" + std::to_string(i));
  ASSERT_EQ(why.wait_for(20s), std::future_status::ready);
  EXPECT_THAT(why.get(), HasSubstr("more than 3 failures within 60000 ms"));
  EXPECT_EQ(fetch("GET", "/healthz").status, 503);
  EXPECT_THAT(fetch("GET", "/healthz").body, HasSubstr("gave up"));
  EXPECT_FALSE(node_->is_ready());
  EXPECT_TRUE(node_->stop(1s)) << "everything has ended already";
}

TEST_F(Supervised, ARequestThatIsCaughtInAKilledCellIsAnswered) {
  start_with_tar();
  auto caught = std::async(std::launch::async, [&] { return fetch("POST", "/stamps", R"({"id":"1"})").status; });
  ASSERT_TRUE(eventually([&] { return inside_.load(); }));
  auto behind = std::async(std::launch::async, [&] { return fetch("POST", "/stamps", R"({"id":"2"})").status; });
  auto restarted = std::async(std::launch::async, [&] { return order("tar", "restart"); });
  // The order is: asked to stop, killed after 2 s, wedged after half a second more; nothing takes its place so long.
  ASSERT_TRUE(eventually([&] { return child({"services", "tar"}).at("state") != "up"; }));
  let_go();
  EXPECT_EQ(restarted.get(), 200);
  EXPECT_EQ(caught.get(), 200);
  const auto second = behind.get();
  EXPECT_TRUE(second == 503 || second == 200) << second;
  EXPECT_TRUE(eventually([&] { return node_->is_ready(); }));
}

}  // namespace
}  // namespace musiccorp::node
