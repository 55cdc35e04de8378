// What a running node writes, changed at its door.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "http/client.hpp"
#include "node/node.hpp"
#include "telemetry/log.hpp"
#include "unit/node/toy_shop.hpp"
#include "unit/storage/scratch_folder.hpp"

namespace musiccorp::node {
namespace {

using json = nlohmann::json;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class LogRoutes : public ::testing::Test {
 protected:
  LogRoutes() {
    node_options options;
    options.data = folder_.path();
    options.durability = storage::durability::process;
    node_ = std::move(*node::start(std::move(options), toys::shop(trouble_)));
  }
  http::client_response fetch(http::client_request request) {
    request.url = node_->url() + request.url;
    return client_.fetch(std::move(request)).value();
  }
  http::client_response set(const std::string& component, const std::string& order) {
    return fetch({.method = "POST", .url = "/logs/" + component, .body = order});
  }
  json levels() { return json::parse(fetch({.url = "/logs"}).body).at("levels"); }

  telemetry::captured_logs captured_{
      nullptr, {.format = telemetry::log_format::json, .level = telemetry::log_level::warning, .lines_max = 0}};
  toys::mischief trouble_;
  storage::scratch_folder folder_;
  http::client client_;
  std::unique_ptr<node> node_;
};

TEST_F(LogRoutes, ChangeOneComponentWhileItRuns) {
  const telemetry::logger log{"service"};
  EXPECT_EQ(levels().at("service"), "warning");
  log.debug("before");
  const auto said = set("service", R"({"level": "debug", "by": "ada", "reason": "to see each retry"})");
  EXPECT_EQ(said.status, 200) << said.body;
  EXPECT_EQ(json::parse(said.body).at("levels").at("service"), "debug");
  EXPECT_EQ(levels().at("node"), "warning") << "nobody asked for this one";
  log.debug("after");
  EXPECT_THAT(captured_.lines(), Not(Contains(HasSubstr("\"before\""))));
  EXPECT_THAT(captured_.lines(), Contains(HasSubstr("\"after\"")));
  EXPECT_THAT(captured_.lines(), Contains(::testing::AllOf(HasSubstr("log-level-changed"), HasSubstr("\"ada\""),
                                                           HasSubstr("to see each retry"))));
}

TEST_F(LogRoutes, ChangeAllAtOnceAndSayWhoSilencedThem) {
  EXPECT_EQ(set("all", R"({"level": "off", "by": "ada", "reason": "too much"})").status, 200);
  const auto all = levels();
  for (const auto& [component, level] : all.items()) EXPECT_EQ(level, "off") << component;
  EXPECT_THAT(captured_.lines(), Contains(HasSubstr("too much")));
}

TEST_F(LogRoutes, RefuseWhatTheyDoNotKnow) {
  const auto typo = set("servise", R"({"level": "debug", "by": "ada", "reason": "a try"})");
  EXPECT_EQ(typo.status, 404);
  EXPECT_THAT(typo.body, HasSubstr("did you mean service?"));
  EXPECT_EQ(set("service", R"({"level": "loud", "by": "ada", "reason": "a try"})").status, 400);
  EXPECT_EQ(set("service", R"({"level": "debug"})").status, 400) << "nobody, for no reason";
  EXPECT_EQ(levels().at("service"), "warning");
}

}  // namespace
}  // namespace musiccorp::node
