#include "node/console.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "describe/json.hpp"
#include "http/client.hpp"
#include "node/node.hpp"
#include "unit/http/raw_connection.hpp"
#include "unit/node/toy_shop.hpp"
#include "unit/storage/scratch_folder.hpp"

namespace musiccorp::node {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class Console : public ::testing::Test {
 protected:
  void SetUp() override {
    node_options options;
    options.data = folder_.path();
    options.durability = storage::durability::process;
    auto started = node::start(options, toys::shop(trouble_));
    ASSERT_TRUE(started) << started.error().text;
    node_ = std::move(*started);
  }

  http::client_response fetch(const std::string& path, std::vector<http::named_value> headers = {},
                              std::string method = "GET", std::string body = {}) {
    if (!body.empty()) headers.push_back({"content-type", "application/json"});
    auto response = client_.fetch({std::move(method), node_->url() + path, std::move(headers), std::move(body)});
    EXPECT_TRUE(response) << response.error().text;
    return response ? std::move(*response) : http::client_response{};
  }
  std::string header(const http::client_response& response, std::string_view name) {
    return std::string{response.headers.find(name).value_or("")};
  }

  toys::mischief trouble_;
  storage::scratch_folder folder_;
  http::client client_;
  std::unique_ptr<node> node_;
};

TEST_F(Console, IsAPageThatMayOnlyUseItsOwnFiles) {
  const auto page = fetch("/console/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(header(page, "content-type"), "text/html; charset=utf-8");
  const auto policy = header(page, "content-security-policy");
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(policy, HasSubstr("script-src 'self'"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
  EXPECT_EQ(header(page, "x-content-type-options"), "nosniff");
}

TEST_F(Console, ServesEachOfItsFilesWithItsMediaType) {
  ASSERT_FALSE(console_files().empty());
  for (const auto& file : console_files()) {
    const auto got = fetch("/console/" + std::string{file.path});
    EXPECT_EQ(got.status, 200) << file.path;
    EXPECT_EQ(got.body, file.bytes) << file.path;
    EXPECT_NE(header(got, "content-type"), "application/octet-stream") << file.path;
  }
}

TEST_F(Console, HasNoScriptOrStyleInItsPage) {
  const auto page = fetch("/console/").body;
  EXPECT_THAT(page, Not(HasSubstr("<style")));
  EXPECT_THAT(page, Not(HasSubstr("style=")));
  EXPECT_THAT(page, Not(HasSubstr("onclick")));
  EXPECT_THAT(page, Not(HasSubstr("//cdn")));
}

TEST_F(Console, SendsAFileOnlyOnce) {
  const auto first = fetch("/console/");
  const auto tag = header(first, "etag");
  ASSERT_FALSE(tag.empty());
  const auto second = fetch("/console/", {{"if-none-match", tag}});
  EXPECT_EQ(second.status, 304);
  EXPECT_EQ(second.body, "");
  EXPECT_EQ(header(second, "etag"), tag);
  EXPECT_EQ(fetch("/console/", {{"if-none-match", "\"another\""}}).status, 200);
}

TEST_F(Console, IsFoundWithoutItsSlash) {
  const auto moved = fetch("/console");
  EXPECT_EQ(moved.status, 308);
  EXPECT_EQ(header(moved, "location"), "/console/");
}

TEST_F(Console, LeadsToNothingButItsFiles) {
  for (const auto* path : {"/console/nothing.js", "/console/../etc/passwd", "/console/%2e%2e/%2e%2e/etc/passwd",
                           "/console/..%2f..%2fetc%2fpasswd", "/console//etc/passwd", "/console/pages/"}) {
    http::raw_connection client{node_->port()};
    client.send("GET " + std::string{path} + " HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    const auto answer = client.read_all();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 404") || answer.starts_with("HTTP/1.1 400")) << path << "\n" << answer;
  }
}

TEST_F(Console, ListsEveryMailboxAndQueue) {
  const auto view = describe::from_json<mailboxes_view>(fetch("/mailboxes").body);
  ASSERT_TRUE(view) << view.error().text;
  EXPECT_EQ(view->node, "shop");
  std::vector<std::string> services, queues;
  for (const auto& one : view->services) {
    services.push_back(one.service);
    EXPECT_EQ(one.state, "running");
    EXPECT_EQ(one.limit, 10'000U);
  }
  for (const auto& one : view->queues) queues.push_back(one.queue);
  EXPECT_THAT(services, testing::IsSupersetOf({"till", "book", "shelf"}));
  EXPECT_THAT(queues, testing::Contains("till:book"));
}

TEST_F(Console, TellsListenersEverythingAndThenWhatChanged) {
  http::raw_connection client{node_->port()};
  client.send("GET /console/events HTTP/1.1\r\nhost: localhost\r\n\r\n");
  const auto first = client.read_until("\n\n");
  EXPECT_THAT(first, HasSubstr("content-type: text/event-stream"));
  const auto whole = first + client.read_until("\n\n");
  EXPECT_THAT(whole, HasSubstr("event: mailboxes\n"));
  EXPECT_THAT(whole, HasSubstr(R"("queue":"till:book")"));
  EXPECT_THAT(whole, HasSubstr(R"("service":"shelf")"));

  EXPECT_EQ(fetch("/sales", {}, "POST", R"({"id":"1","item":"disc"})").status, 201);
  const auto changes = client.read_until(R"("queue":"till:book")");
  EXPECT_THAT(changes, HasSubstr(R"("queue":"till:book")"));
  EXPECT_THAT(changes, Not(HasSubstr(R"("service":"shelf")")));
}

TEST_F(Console, LetsItsListenersGoWhenTheNodeStops) {
  http::raw_connection client{node_->port()};
  client.send("GET /console/events HTTP/1.1\r\nhost: localhost\r\n\r\n");
  client.read_until("event: mailboxes");
  auto stopping = std::async(std::launch::async, [this] { return node_->stop(10s); });
  client.read_all();
  EXPECT_TRUE(client.closed());
  client.close();
  EXPECT_TRUE(stopping.get());
}

}  // namespace
}  // namespace musiccorp::node
