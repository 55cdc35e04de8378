// What the REST routes promise to any client, asked of the real program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>

#include "demo/books.hpp"
#include "demo/metrics_text.hpp"
#include "demo/shop_client.hpp"
#include "support/ledger.hpp"
#include "support/process.hpp"
#include "support/stubborn_clients.hpp"

namespace musiccorp {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using json = nlohmann::json;

struct answer {
  int status = 0;
  http::field_list headers;
  std::string text;

  [[nodiscard]] json body() const { return json::parse(text, nullptr, false); }
  [[nodiscard]] std::string header(std::string_view name) const {
    return std::string{headers.find(name).value_or("")};
  }
};

/// One shop for all tests of this file: they must not mind each other's orders.
class HttpContract : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new temporary_folder;
    shop_ = new shop_process{folder_->path()};
    connection_ = new http::client{{.response_limit = 64U << 20U}};
    shop_->start();
  }
  static void TearDownTestSuite() {
    expect_ledger_zero({*connection_, shop_->url()});
    delete connection_;
    delete shop_;
    delete folder_;
  }

  static answer send(const std::string& method, const std::string& target, std::string body = {},
                     std::vector<http::named_value> headers = {}) {
    const bool typed = std::ranges::any_of(headers, [](const auto& one) { return one.name == "content-type"; });
    if (!body.empty() && !typed) headers.push_back({"content-type", "application/json"});
    auto said = connection_->fetch({method, shop_->url() + target, std::move(headers), std::move(body), {}});
    if (!said) {
      ADD_FAILURE() << method << " " << target << ": " << said.error().text;
      return {};
    }
    return {said->status, std::move(said->headers), std::move(said->body)};
  }
  static answer get(const std::string& target) { return send("GET", target); }
  static answer post(const std::string& target, const json& body, std::vector<http::named_value> headers = {}) {
    return send("POST", target, body.dump(), std::move(headers));
  }

  static json customer() {
    return {{"name", "Billie"},
            {"email", "billie@example.org"},
            {"address", {{"street", "1 Swing Lane"}, {"city", "Harlem"}, {"postcode", "10027"}, {"country", "US"}}}};
  }
  static std::string customer_id() {
    static const std::string id = post("/customers", customer()).body().at("customer_id");
    return id;
  }
  static json order(const std::string& sku = "MC-0001", const json& quantity = 1) {
    return {{"customer_id", customer_id()},
            {"lines", {{{"sku", sku}, {"quantity", quantity}}}},
            {"payment", {{"card", "4000-0000-0000-0077"}}}};
  }

  static temporary_folder* folder_;
  static shop_process* shop_;
  static http::client* connection_;
};
temporary_folder* HttpContract::folder_ = nullptr;
shop_process* HttpContract::shop_ = nullptr;
http::client* HttpContract::connection_ = nullptr;

/// RFC 9457: the media type, the members, and one finding for each of these pointers.
void expect_problem(const answer& said, int status, const std::vector<std::string>& pointers = {}) {
  EXPECT_EQ(said.status, status) << said.text;
  EXPECT_EQ(said.header("content-type"), "application/problem+json");
  const auto body = said.body();
  ASSERT_TRUE(body.is_object()) << said.text;
  EXPECT_EQ(body.value("status", 0), status);
  EXPECT_THAT(body.value("type", ""), HasSubstr("urn:musiccorp:problem:"));
  EXPECT_FALSE(body.value("title", "").empty());
  EXPECT_FALSE(body.value("detail", "").empty());
  std::vector<std::string> found;
  for (const auto& one : body.value("errors", json::array())) found.push_back(one.value("pointer", "?"));
  for (const auto& pointer : pointers) EXPECT_THAT(found, Contains(pointer)) << said.text;
}

TEST_F(HttpContract, AcceptsACustomerAndSaysWhereHeIs) {
  const auto said = post("/customers", customer());
  EXPECT_EQ(said.status, 201);
  EXPECT_EQ(said.header("content-type"), "application/json");
  const std::string id = said.body().at("customer_id");
  EXPECT_EQ(said.header("location"), "/customers/" + id);
  EXPECT_EQ(get(said.header("location")).body(), said.body());
}

TEST_F(HttpContract, AcceptsAnOrderAndSaysWhereItIs) {
  const auto said = post("/orders", order("MC-0002", 2));
  ASSERT_EQ(said.status, 201) << said.text;
  const auto body = said.body();
  EXPECT_EQ(body.at("status"), "pending");
  EXPECT_EQ(said.header("location"), "/orders/" + body.at("order_id").get<std::string>());
  const auto price = get("/catalog/MC-0002").body().at("price");
  EXPECT_EQ(body.at("total").at("amount_minor"), 2 * price.at("amount_minor").get<int>());
  EXPECT_EQ(body.at("total").at("currency"), price.at("currency"));
  const auto kept = get(said.header("location")).body();
  EXPECT_EQ(kept.at("order_id"), body.at("order_id"));
  EXPECT_EQ(kept.at("history").at(0).at("status"), "pending");
}

TEST_F(HttpContract, RefusesWhatNobodySells) {
  const auto said = post("/orders", order("NO-SUCH-THING"));
  expect_problem(said, 422, {"/lines/0/sku"});
  EXPECT_EQ(said.body().at("errors"), json::parse(R"([{"pointer": "/lines/0/sku", "found": "\"NO-SUCH-THING\"",
                            "wanted": "the sku of an item in the catalogue"}])"));
}

TEST_F(HttpContract, RefusesWhoNobodyKnows) {
  auto stranger = order();
  stranger["customer_id"] = "01NOBODY";
  expect_problem(post("/orders", stranger), 422, {"/customer_id"});
}

TEST_F(HttpContract, ShowsNothingPersonalInWhatItRefuses) {
  auto other = customer();
  other["email"] = "billie at example.org";
  const auto said = post("/customers", other, {{"idempotency-key", "personal"}});
  expect_problem(said, 422);
  EXPECT_EQ(said.body().at("errors"), json::parse(R"([{"pointer": "/email", "found": "\"***\"",
                            "wanted": "an address like name@example.org"}])"));
  EXPECT_THAT(said.text, Not(HasSubstr("billie")));
  EXPECT_EQ(post("/customers", other, {{"idempotency-key", "personal"}}).body().at("errors"),
            said.body().at("errors"));
}

TEST_F(HttpContract, RefusesMoreThanThereIs) {
  auto greedy = order();
  const auto stock = get("/inventory/MC-0003").body().at("on_hand").get<int>();
  greedy["lines"] = json::array();
  for (int missing = stock + 1; missing > 0; missing -= 100)
    greedy["lines"].push_back({{"sku", "MC-0003"}, {"quantity", std::min(missing, 100)}});
  const auto last = std::to_string(greedy["lines"].size() - 1);
  const auto said = post("/orders", greedy);
  expect_problem(said, 409, {"/lines/" + last + "/quantity"});
  const auto asked = greedy["lines"].back().at("quantity").get<int>();
  EXPECT_EQ(said.body().at("errors").at(0).value("found", ""), std::to_string(asked)) << "of this line, not of all";
  EXPECT_EQ(said.body().at("errors").at(0).value("wanted", ""), "at most " + std::to_string(asked - 1));
}

TEST_F(HttpContract, NamesEveryFindingInABody) {
  const auto said =
      send("POST", "/orders", R"({"customer_id": 7, "lines": [{"sku": "MC-0001", "quantity": "two"}]})");
  expect_problem(said, 400, {"/customer_id", "/lines/0/quantity", "/payment"});
  const auto errors = said.body().at("errors");
  const auto quantity =
      std::ranges::find(errors, "/lines/0/quantity", [](const json& one) { return one.at("pointer"); });
  ASSERT_NE(quantity, errors.end());
  EXPECT_EQ(quantity->at("found"), "\"two\"");
  EXPECT_EQ(quantity->at("wanted"), "an integer");
}

TEST_F(HttpContract, RefusesNumbersOutOfRange) {
  expect_problem(post("/orders", order("MC-0001", 0)), 400, {"/lines/0/quantity"});
  expect_problem(post("/orders", order("MC-0001", 1'000'000)), 400, {"/lines/0/quantity"});
  expect_problem(post("/orders", order("MC-0001", -1)), 400, {"/lines/0/quantity"});
  expect_problem(post("/orders", order("MC-0001", 1.5)), 400, {"/lines/0/quantity"});
  auto empty = order();
  empty["lines"] = json::array();
  expect_problem(post("/orders", empty), 400, {"/lines"});
}

TEST_F(HttpContract, RefusesWhatIsNoJson) {
  for (const auto* text : {"{", "[1,2", "nonsense", "{\"customer_id\": }", "\"a text\"", "[]", "7", "null"}) {
    SCOPED_TRACE(text);
    expect_problem(send("POST", "/orders", text), 400);
  }
  expect_problem(send("POST", "/orders", "", {{"content-type", "application/json"}}), 400);
}

TEST_F(HttpContract, TakesJsonOnly) {
  const auto text = order().dump();
  expect_problem(send("POST", "/orders", text, {{"content-type", "text/plain"}}), 415);
  expect_problem(send("POST", "/orders", text, {{"content-type", "application/xml"}}), 415);
  EXPECT_EQ(send("POST", "/orders", text, {{"content-type", "application/json; charset=utf-8"}}).status, 201);
}

TEST_F(HttpContract, TakesNoPackedBodies) {
  const auto said = post("/orders", order(), {{"content-encoding", "gzip"}});
  expect_problem(said, 415);
  EXPECT_EQ(said.header("accept-encoding"), "identity");
  EXPECT_EQ(post("/orders", order(), {{"content-encoding", "identity"}}).status, 201);
}

TEST_F(HttpContract, RefusesABodyThatIsTooLarge) {
  expect_problem(send("POST", "/orders", "{\"x\": \"" + std::string(2U << 20U, 'a') + "\"}"), 413);
  EXPECT_EQ(get("/healthz").status, 200);
}

TEST_F(HttpContract, RefusesAHeaderThatIsTooLarge) {
  expect_problem(send("GET", "/orders", {}, {{"x-much", std::string(64U << 10U, 'a')}}), 431);
}

TEST_F(HttpContract, SaysWhatIsNotThere) {
  expect_problem(get("/no/such/place"), 404);
  expect_problem(get("/orders/01NOBODY"), 404);
  expect_problem(get("/catalog/NO-SUCH-THING"), 404);
  expect_problem(get("/payments/01NOBODY"), 404);
  expect_problem(get("/inventory/NO-SUCH-THING"), 404);
  expect_problem(send("POST", "/orders/01NOBODY/cancel"), 404);
}

TEST_F(HttpContract, SaysWhichMethodsThereAre) {
  const auto said = send("DELETE", "/orders");
  expect_problem(said, 405);
  EXPECT_THAT(said.header("allow"), AllOf(HasSubstr("GET"), HasSubstr("POST"), HasSubstr("HEAD")));
  const auto read_only = post("/metrics", json::object());
  expect_problem(read_only, 405);
  EXPECT_THAT(read_only.header("allow"), AllOf(HasSubstr("GET"), Not(HasSubstr("POST"))));
}

TEST_F(HttpContract, AnswersHeadLikeGetWithoutTheBody) {
  const auto whole = get("/catalog/MC-0001");
  const auto head = send("HEAD", "/catalog/MC-0001");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.text, "");
  EXPECT_EQ(head.header("content-length"), std::to_string(whole.text.size()));
  EXPECT_EQ(head.header("content-type"), whole.header("content-type"));
  EXPECT_EQ(send("HEAD", "/catalog/NO-SUCH-THING").status, 404);
}

TEST_F(HttpContract, GivesARepeatTheSameAnswer) {
  const auto body = order("MC-0004");
  const auto first = post("/orders", body, {{"idempotency-key", "repeat-1"}});
  const auto again = post("/orders", body, {{"idempotency-key", "repeat-1"}});
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.text, first.text);
  EXPECT_EQ(again.header("location"), first.header("location"));
  EXPECT_NE(post("/orders", body, {{"idempotency-key", "repeat-2"}}).body().at("order_id"),
            first.body().at("order_id"));
}

TEST_F(HttpContract, RefusesAnotherRequestUnderAUsedKey) {
  EXPECT_EQ(post("/orders", order("MC-0005", 1), {{"idempotency-key", "used"}}).status, 201);
  expect_problem(post("/orders", order("MC-0005", 2), {{"idempotency-key", "used"}}), 422);
}

TEST_F(HttpContract, KeepsKeysApartByRoute) {
  EXPECT_EQ(post("/orders", order(), {{"idempotency-key", "by-route"}}).status, 201);
  EXPECT_EQ(post("/customers", customer(), {{"idempotency-key", "by-route"}}).status, 201);
}

TEST_F(HttpContract, PlacesOneOrderForManyRepeatsAtOnce) {
  std::vector<std::string> bodies(16);
  const auto body = order("MC-0006").dump();
  (void)customer_id();
  std::vector<std::thread> threads;
  for (auto& text : bodies)
    threads.emplace_back([&] { text = send("POST", "/orders", body, {{"idempotency-key", "at-once"}}).text; });
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(bodies, ::testing::Each(bodies.front()));
}

TEST_F(HttpContract, RefusesKeysThatNoHeaderShouldHave) {
  expect_problem(post("/orders", order(), {{"idempotency-key", std::string(300, 'k')}}), 400);
}

TEST_F(HttpContract, RefusesTwoKeysOfWhichEitherCouldBeMeant) {
  const auto said = post("/orders", order(), {{"idempotency-key", "one"}, {"idempotency-key", "other"}});
  expect_problem(said, 400);
  EXPECT_THAT(said.body().value("detail", ""), HasSubstr("Idempotency-Key"));
  const std::vector<http::named_value> twice{{"idempotency-key", "same"}, {"idempotency-key", "same"}};
  const auto body = order();
  EXPECT_EQ(post("/orders", body, twice).text, post("/orders", body, {{"idempotency-key", "same"}}).text);
}

TEST_F(HttpContract, ThePathSaysWhichOrderIsMeant) {
  const auto mine = post("/orders", order()).body().at("order_id").get<std::string>();
  const auto other = post("/orders", order()).body().at("order_id").get<std::string>();
  const auto said = post("/orders/" + mine + "/cancel", {{"order_id", other}});
  EXPECT_THAT(said.status, ::testing::AnyOf(200, 400, 409)) << said.text;
  EXPECT_EQ(said.body().value("order_id", mine), mine);
  EXPECT_FALSE(get("/orders/" + other).body().value("cancel_requested", false));
  EXPECT_NE(get("/orders/" + other).body().at("status"), "cancelled");
}

TEST_F(HttpContract, GivesListsInPages) {
  std::vector<std::string> skus;
  std::string token;
  do {
    const auto page = get("/catalog?page_size=100" + (token.empty() ? "" : "&page_token=" + token)).body();
    EXPECT_LE(page.at("items").size(), 100U);
    for (const auto& item : page.at("items")) skus.push_back(item.at("sku"));
    token = page.at("next_page_token");
  } while (!token.empty());
  EXPECT_GE(skus.size(), 300U);
  EXPECT_TRUE(std::ranges::is_sorted(skus));
  EXPECT_EQ(std::set<std::string>(skus.begin(), skus.end()).size(), skus.size());
}

TEST_F(HttpContract, RefusesQueriesThatMakeNoSense) {
  expect_problem(get("/catalog?page_size=0"), 400, {"/page_size"});
  expect_problem(get("/catalog?page_size=100000"), 400, {"/page_size"});
  expect_problem(get("/catalog?page_size=many"), 400, {"/page_size"});
  expect_problem(get("/catalog?page_sise=10"), 400, {"/page_sise"});
  expect_problem(get("/orders?status=lost"), 400, {"/status"});
}

TEST_F(HttpContract, DescribesEveryRoute) {
  const auto said = get("/openapi.json");
  EXPECT_EQ(said.status, 200);
  const auto document = said.body();
  ASSERT_TRUE(document.is_object());
  EXPECT_THAT(document.at("openapi").get<std::string>(), ::testing::StartsWith("3.1"));
  const std::vector<std::pair<std::string, std::string>> routes{{"get", "/catalog"},
                                                                {"get", "/catalog/{sku}"},
                                                                {"get", "/inventory/{sku}"},
                                                                {"post", "/customers"},
                                                                {"get", "/customers/{customer_id}"},
                                                                {"post", "/orders"},
                                                                {"get", "/orders/{order_id}"},
                                                                {"post", "/orders/{order_id}/cancel"},
                                                                {"get", "/payments/{order_id}"},
                                                                {"get", "/fraud/{customer_id}"},
                                                                {"get", "/packages/{order_id}"},
                                                                {"get", "/shipments/{order_id}"},
                                                                {"get", "/notifications"},
                                                                {"post", "/pricing/jobs"}};
  for (const auto& [method, path] : routes) {
    SCOPED_TRACE(method + " " + path);
    ASSERT_TRUE(document.at("paths").contains(path));
    EXPECT_TRUE(document.at("paths").at(path).contains(method));
  }
}

TEST_F(HttpContract, CountsWhatTheDashboardsNeed) {
  (void)post("/orders", order());
  const auto said = get("/metrics");
  EXPECT_THAT(said.header("content-type"), HasSubstr("text/plain; version=0.0.4"));
  const demo::metrics_text metrics{said.text};
  for (const auto* name :
       {"runtime_node_info", "runtime_mailbox_depth", "runtime_mailbox_limit", "runtime_mailbox_rejected_total",
        "runtime_messages_handled_total", "runtime_queue_messages", "runtime_queue_oldest_timestamp_seconds",
        "runtime_retries_total", "runtime_dead_letters_total", "runtime_ledger_messages", "runtime_ledger_imbalance",
        "runtime_store_commit_batch_messages_count", "runtime_store_commit_seconds_count",
        "http_request_duration_seconds_count", "http_requests_in_flight"})
    EXPECT_TRUE(metrics.has(name)) << name;
  EXPECT_GE(metrics.sum("http_request_duration_seconds_count", {{"route", "/orders"}, {"method", "POST"}}), 1);
  EXPECT_GE(metrics.sum("runtime_mailbox_limit", {{"service", "order"}}), 1);
  EXPECT_GE(metrics.sum("runtime_messages_handled_total", {{"service", "order"}, {"outcome", "ok"}}), 1);
}

TEST_F(HttpContract, SaysThatItIsWell) {
  EXPECT_EQ(get("/healthz").status, 200);
  EXPECT_EQ(get("/readyz").status, 200);
}

/// Tests that end their shop have one each.
class HttpContractAtTheEnd : public ::testing::Test {
 protected:
  temporary_folder folder_;
  shop_process shop_{folder_.path()};
  http::client connection_{{.response_limit = 64U << 20U}};
};

constexpr demo::process_end in_order{0, 0};

TEST_F(HttpContractAtTheEnd, StopsInOrderWhenIdle) {
  shop_.start();
  expect_ledger_zero({connection_, shop_.url()});
  EXPECT_EQ(shop_.stop(5s), in_order) << shop_.log_end();
}

TEST_F(HttpContractAtTheEnd, StopsInOrderUnderLoadAndKeepsEveryAcceptedOrder) {
  shop_.start();
  std::vector<demo::planned_order> orders;
  {
    const demo::shop_client shop{connection_, shop_.url()};
    std::vector<std::string> customers{
        json::parse(connection_.fetch(shop.post_request("/customers", demo::customer_body(0))).value().body)
            .at("customer_id")};
    const auto stock = shop.list("/inventory", &messages::stock_page::items).value();
    orders = demo::make_plan(1, 20'000, customers, stock, "stop").orders;
  }
  address_board board;
  board.put(shop_.url());
  stubborn_clients load{board, std::move(orders), 8};
  ASSERT_FALSE(shop_.dies_within(500ms)) << shop_.log_end();  // Any moment of a busy shop will do.
  EXPECT_EQ(shop_.stop(5s), in_order) << shop_.log_end();

  shop_.start();
  board.put(shop_.url());
  const auto answered = load.finish();
  const demo::shop_client shop{connection_, shop_.url()};
  std::size_t accepted = 0;
  for (const auto& one : answered) {
    if (one.status != 201) continue;
    ++accepted;
    EXPECT_TRUE(shop.get("/orders/" + json::parse(one.body).at("order_id").get<std::string>()));
  }
  EXPECT_GT(accepted, 0U);
  expect_ledger_zero(shop, 120s);
}

TEST_F(HttpContractAtTheEnd, AnswersBusyWithRetryAfterWhenItsMailboxIsFull) {
  shop_process small{folder_.path(), {"--set", "/services/order/mailbox_limit=1"}};
  small.start();
  const demo::shop_client shop{connection_, small.url()};
  std::atomic<int> busy{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 50 && busy == 0; ++n) {
        const auto said = connection_.fetch(shop.get_request("/orders?page_size=1"));
        if (!said || said->status == 200) continue;
        EXPECT_EQ(said->status, 503);
        EXPECT_TRUE(said->headers.find("retry-after"));
        ++busy;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_GT(busy, 0);
  expect_ledger_zero(shop);
}

}  // namespace
}  // namespace musiccorp
