// The description of the shop's routes that the real program gives: its structure, and that it is true.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>

#include "demo/shop_client.hpp"
#include "support/openapi_check.hpp"
#include "support/process.hpp"

namespace musiccorp {
namespace {

using namespace testing;
using ::testing::Each;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::StartsWith;
using json = nlohmann::json;

class OpenApiDocument : public ::testing::Test {
 protected:
  OpenApiDocument() {
    shop_.start();
    document_ = json::parse(ask("GET", "/openapi.json").body, nullptr, false);
  }

  [[nodiscard]] http::client_response ask(const std::string& method, const std::string& target, std::string body = {},
                                          std::vector<http::named_value> headers = {}) {
    if (!body.empty()) headers.push_back({"content-type", "application/json"});
    auto said = connection_.fetch({method, shop_.url() + target, std::move(headers), std::move(body), {}});
    if (!said) throw std::runtime_error{method + " " + target + ": " + said.error().text};
    return std::move(*said);
  }
  /// "POST /orders" and the statuses that it may have, "default" aside.
  [[nodiscard]] std::map<std::string, std::set<int>> statuses() const {
    std::map<std::string, std::set<int>> all;
    for (const auto& [path, item] : document_.at("paths").items())
      for (const auto& [method, operation] : item.items())
        for (const auto& [status, response] : operation.at("responses").items())
          if (status != "default") all[method + " " + path].insert(std::stoi(status));
    return all;
  }

  temporary_folder folder_;
  shop_process shop_{folder_.path()};
  http::client connection_{{.response_limit = 64U << 20U}};
  json document_;
};

TEST_F(OpenApiDocument, HasTheStructureOfOpenApi31) {
  EXPECT_THAT(document_.at("openapi").get<std::string>(), StartsWith("3.1"));
  EXPECT_THAT(openapi_check::of(document_), IsEmpty());
}

TEST_F(OpenApiDocument, NamesTheProblemsThatEachRouteCanGive) {
  const auto all = statuses();
  for (const auto& [route, known] : all) EXPECT_THAT(known, IsSupersetOf({400, 431, 503, 504})) << route;
  const std::set<int> always{400, 431, 503, 504}, writes{400, 413, 415, 422, 431, 503, 504};
  const auto with = [](std::set<int> known, std::initializer_list<int> more) {
    known.insert(more);
    return known;
  };
  EXPECT_EQ(all.at("get /catalog"), with(always, {200}));
  EXPECT_EQ(all.at("get /catalog/{sku}"), with(always, {200, 404}));
  EXPECT_EQ(all.at("post /customers"), with(writes, {201}));
  EXPECT_EQ(all.at("put /customers/{customer_id}"), with(writes, {200, 404}));
  EXPECT_EQ(all.at("post /orders"), with(writes, {201, 409}));
  EXPECT_EQ(all.at("post /orders/{order_id}/cancel"), with(writes, {200, 404, 409}));
  EXPECT_EQ(all.at("post /pricing/jobs"), with(writes, {202}));
  EXPECT_EQ(all.at("get /hospital/cases"), with(always, {200, 401, 403}));
  EXPECT_EQ(all.at("post /hospital/cases/{case_id}/edit"), with(writes, {202, 401, 403, 404, 409}));
  EXPECT_EQ(all.at("post /hospital/batches"), with(writes, {202, 401, 403, 404}));
}

/// Requests that go wrong in every way that needs no luck: each answer is one that its route has named.
TEST_F(OpenApiDocument, KnowsEveryAnswerToRequestsThatGoWrong) {
  const auto all = statuses();
  std::set<int> seen;
  for (const auto& [route, known] : all) {
    const auto method = route.substr(0, route.find(' '));
    auto path = std::regex_replace(route.substr(method.size() + 1), std::regex{R"(\{[^}]*\})"}, "nothing");
    const auto as_sent = method == "get" ? "GET" : method == "put" ? "PUT" : "POST";
    const auto note = [&](const http::client_response& said, const std::string& what) {
      seen.insert(said.status);
      EXPECT_TRUE(known.contains(said.status))
          << route << " with " << what << ": " << said.status << " " << said.body;
    };
    note(ask(as_sent, path), "nothing");
    note(ask(as_sent, path + "?nothing=1"), "an unknown query");
    note(ask(as_sent, path, {}, {{"x-long", std::string(64U << 10U, 'a')}}), "a long header");
    if (method == "get") continue;
    note(ask(as_sent, path, "{"), "half a body");
    note(ask(as_sent, path, R"({"by": " ", "reason": " ", "version": 1, "payload": {}, "cases": ["nothing"],
                                "action": "replay", "sku": "nothing", "percent": 1, "customer_id": "nothing",
                                "lines": [{"sku": "nothing", "quantity": 1}], "payment": {"card": "1"}})"),
         "things that are not there");
    note(ask(as_sent, path, "{}", {{"content-encoding", "gzip"}}), "a packed body");
    note(ask(as_sent, path, std::string(2U << 20U, ' ')), "a large body");
    note(ask(as_sent, path, "{}", {{"idempotency-key", "one"}, {"idempotency-key", "other"}}), "two keys");
  }
  EXPECT_THAT(seen, IsSupersetOf({400, 404, 413, 415, 422, 431}));
}

}  // namespace
}  // namespace musiccorp
