#include "node/node.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "http/client.hpp"
#include "unit/node/toy_shop.hpp"
#include "unit/storage/scratch_folder.hpp"

namespace musiccorp::node {
namespace {

using namespace toys;
using namespace std::chrono_literals;

class Node : public ::testing::Test {
 protected:
  node_options options() {
    node_options made;
    made.data = folder_.path();
    made.durability = storage::durability::process;
    made.request_timeout = 2s;
    return made;
  }
  void start() { start(shop(trouble_)); }
  void start(std::vector<service_definition> services) {
    auto started = node::start(options(), std::move(services));
    ASSERT_TRUE(started) << started.error().text;
    node_ = std::move(*started);
  }

  http::client_response fetch(std::string method, const std::string& path, std::string body = {},
                              std::vector<http::named_value> headers = {}) {
    http::client_request request;
    request.method = std::move(method);
    request.url = node_->url() + path;
    request.headers = std::move(headers);
    if (!body.empty()) request.headers.push_back({"content-type", "application/json"});
    request.body = std::move(body);
    auto response = client_.fetch(std::move(request));
    EXPECT_TRUE(response) << response.error().text;
    return response ? std::move(*response) : http::client_response{};
  }
  http::client_response buy_it(const std::string& id, const std::string& item, const std::string& idempotency = {}) {
    std::vector<http::named_value> headers;
    if (!idempotency.empty()) headers.push_back({"idempotency-key", idempotency});
    return fetch("POST", "/sales", describe::to_json(buy{id, item}), std::move(headers));
  }
  /// Reads until it says this, for at most ten seconds.
  bool says(const std::string& path, const std::string& text) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (std::chrono::steady_clock::now() < deadline)
      if (fetch("GET", path).body.find(text) != std::string::npos) return true;
    return false;
  }

  mischief trouble_;
  storage::scratch_folder folder_;
  http::client client_;
  std::unique_ptr<node> node_;
};

TEST_F(Node, SaysAnIpv6AddressAsAUrlWantsIt) {
  auto elsewhere = options();
  elsewhere.http.host = "::1";
  auto started = node::start(elsewhere, shop(trouble_));
  if (!started) GTEST_SKIP() << "no IPv6 here: " << started.error().text;
  node_ = std::move(*started);
  EXPECT_EQ(node_->url(), "http://[::1]:" + std::to_string(node_->port()));
  EXPECT_EQ(fetch("GET", "/healthz").status, 200);
}

TEST_F(Node, SellsOverHttpAndRemembersWhenItStartsAgain) {
  start();
  const auto sold = buy_it("1", "disc", "key");
  EXPECT_EQ(sold.status, 201);
  EXPECT_EQ(sold.headers.find("location"), "/sales/1");
  EXPECT_TRUE(says("/totals/all", R"("sales":1)"));
  EXPECT_TRUE(says("/sales/1", "stamped"));
  EXPECT_TRUE(node_->stop(1s));
  node_.reset();

  start();
  EXPECT_EQ(buy_it("1", "disc", "key").body, sold.body);
  EXPECT_EQ(buy_it("1", "disc").status, 409);
  EXPECT_TRUE(says("/totals/all", R"("sales":1)"));
  EXPECT_EQ(fetch("GET", "/sales/1").status, 200);
}

TEST_F(Node, ALocationLeadsToItsThingWhateverItsKeyHolds) {
  start();
  const auto sold = buy_it("a/b c?d%\r\nx-evil: 1", "disc");
  EXPECT_EQ(sold.status, 201);
  EXPECT_FALSE(sold.headers.find("x-evil"));
  const std::string location{sold.headers.find("location").value_or("")};
  EXPECT_EQ(location, "/sales/a%2Fb%20c%3Fd%25%0D%0Ax-evil%3A%201");
  EXPECT_EQ(fetch("GET", location).status, 200);
}

TEST_F(Node, AnswersWhatIsWrongWithARequest) {
  start();
  EXPECT_EQ(fetch("GET", "/nowhere").status, 404);
  EXPECT_EQ(fetch("PUT", "/sales", "{}").status, 405);
  EXPECT_EQ(fetch("GET", "/sales/unknown").status, 404);
  const auto unreadable = fetch("POST", "/sales", R"({"id":1,"item":"disc"})");
  EXPECT_EQ(unreadable.status, 400);
  EXPECT_THAT(unreadable.body, ::testing::HasSubstr(R"("/id")"));
  EXPECT_EQ(fetch("POST", "/sales", "{").status, 400);
  EXPECT_EQ(buy_it("1", "unknown").status, 422);
  EXPECT_EQ(buy_it("1", "silent").status, 503);
  EXPECT_EQ(buy_it("1", "crash").status, 500);
}

TEST_F(Node, TellsAboutItself) {
  start();
  EXPECT_TRUE(node_->is_ready());
  EXPECT_EQ(fetch("GET", "/healthz").status, 200);
  EXPECT_EQ(fetch("GET", "/readyz").status, 200);
  EXPECT_EQ(fetch("GET", "/openapi.json").status, 200);
  EXPECT_EQ(buy_it("1", "disc").status, 201);
  EXPECT_TRUE(says("/metrics", "till:book"));
  EXPECT_TRUE(says("/metrics", "runtime_store_free_bytes"));
  EXPECT_TRUE(says("/metrics", "http_requests_in_flight 1"));  // This one.
  EXPECT_TRUE(says("/metrics", "runtime_queue_limit{queue=\"till:book\"} 1000000"));
  const auto packed = fetch("GET", "/metrics", {}, {{"accept-encoding", "gzip"}});
  EXPECT_EQ(packed.headers.find("content-encoding"), "gzip");
  EXPECT_THAT(packed.body, ::testing::StartsWith("\x1f\x8b"));
  EXPECT_TRUE(node_->stop(1s));
  EXPECT_FALSE(node_->is_ready());
}

TEST_F(Node, ASecondNodeOnTheSameDataIsRefusedAndLeavesNothing) {
  start();
  const auto second = node::start(options(), shop(trouble_));
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().kind, fault_kind::busy);
  EXPECT_EQ(buy_it("1", "disc").status, 201);
  node_.reset();
  start();
}

TEST_F(Node, ANodeThatWouldNotOpenAStoreOfItsServicesDoesNotStart) {
  start();
  node_.reset();
  std::filesystem::copy_file(folder_.path() / "till.db", folder_.path() / "till-1.db");
  std::filesystem::copy_file(folder_.path() / "till.db", folder_.path() / "elsewhere.db");  // Nobody's.
  const auto refused = node::start(options(), shop(trouble_));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, fault_kind::conflict);
  EXPECT_THAT(refused.error().text, ::testing::HasSubstr("till-1.db belongs to no partition that runs here"));
  std::filesystem::remove(folder_.path() / "till-1.db");
  start();
}

TEST_F(Node, EndsInTimeThoughARuleDoesNot) {
  auto gate = std::make_shared<std::promise<void>>();
  auto opened = std::make_shared<std::shared_future<void>>(gate->get_future());
  service_definition stuck{"stuck"};
  stuck
      .on([opened](turn&, const show_total& query) -> outcome {
        opened->wait();
        return total{query.id};
      })
      .get<show_total, total>("/stuck/{id}", "Takes its time");
  start({stuck});
  EXPECT_EQ(fetch("GET", "/stuck/1").status, 504);
  EXPECT_FALSE(node_->stop(0ms));
  EXPECT_FALSE(node_->stop(0ms)) << "nothing has changed";
  auto gone = std::async(std::launch::async, [this] { node_.reset(); });
  EXPECT_EQ(gone.wait_for(5s), std::future_status::ready);
  gate->set_value();
  gone.get();

  const auto deadline = std::chrono::steady_clock::now() + 10s;
  auto again = node::start(options(), {stuck});
  while (!again && std::chrono::steady_clock::now() < deadline) again = node::start(options(), {stuck});
  EXPECT_TRUE(again) << "its store is free once the rule has ended";
}

}  // namespace
}  // namespace musiccorp::node
