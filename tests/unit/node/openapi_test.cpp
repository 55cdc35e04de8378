#include "node/openapi.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "support/openapi_check.hpp"
#include "unit/node/toy_shop.hpp"

namespace musiccorp::node {
namespace {

using namespace toys;
using musiccorp::testing::openapi_check;
using nlohmann::json;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

class OpenApi : public ::testing::Test {
 protected:
  [[nodiscard]] const json& operation(const std::string& path, const std::string& method) const {
    return document.at("paths").at(path).at(method);
  }
  /// "200 400 ..." of an operation, as sorted texts.
  [[nodiscard]] std::vector<std::string> statuses(const std::string& path, const std::string& method) const {
    std::vector<std::string> all;
    for (const auto& [status, response] : operation(path, method).at("responses").items()) all.push_back(status);
    return all;
  }

  mischief trouble;
  std::vector<service_definition> services = shop(trouble);
  json document = json::parse(openapi_document(services, "1.2.3"));
};

TEST_F(OpenApi, SaysWhatItIs) {
  EXPECT_EQ(document["openapi"], "3.1.0");
  EXPECT_EQ(document["info"]["version"], "1.2.3");
}

TEST_F(OpenApi, HasTheStructureOfOpenApi31) { EXPECT_THAT(openapi_check::of(document), IsEmpty()); }

TEST_F(OpenApi, HasEveryRouteWithItsPathParametersAndItsAnswer) {
  std::set<std::string> operations;
  for (const auto& one : services)
    for (const auto& route : one.routes()) {
      auto method = route.method;
      for (auto& letter : method) letter = static_cast<char>(std::tolower(letter));
      const auto& made = operation(route.path, method);
      EXPECT_TRUE(made["responses"].contains(std::to_string(route.status))) << route.path;
      operations.insert(made["operationId"]);
    }
  EXPECT_EQ(operations.size(), 4U);
}

TEST_F(OpenApi, NamesTheProblemsThatARouteCanGive) {
  EXPECT_THAT(statuses("/sales/{id}", "get"), ElementsAre("200", "400", "404", "431", "503", "504", "default"));
  EXPECT_THAT(statuses("/sales", "post"),
              ElementsAre("201", "400", "413", "415", "422", "431", "503", "504", "default"));
  EXPECT_THAT(statuses("/shelves/{id}", "put"), Not(Contains("409")));
  services.back().refuses({409});
  document = json::parse(openapi_document(services, "1.2.3"));
  EXPECT_THAT(statuses("/shelves/{id}", "put"), Contains("409"));
}

/// Who says one thing twice is refused, so the description must not ask for it.
TEST_F(OpenApi, WantsInTheBodyWhatThePathDoesNotSay) {
  const auto& body = operation("/shelves/{id}", "put").at("requestBody");
  EXPECT_EQ(body.at("required"), true);
  const auto schema = body.at("content").at("application/json").at("schema");
  EXPECT_EQ(schema.at("required"), json({"count"}));
  EXPECT_FALSE(schema.at("properties").contains("id"));
  EXPECT_TRUE(schema.at("properties").contains("note"));
}

/// A checker that finds nothing would prove nothing.
TEST_F(OpenApi, WouldBeFoundWrong) {
  const std::vector<std::pair<std::string, json>> damages{
      {"/openapi", "3.0.3"},
      {"/info/licence", json::object()},
      {"/tags", json::array()},
      {"/paths/~1sales/post/operationId", "till.show_sale"},
      {"/paths/~1sales~1{id}/get/parameters", json::array()},
      {"/paths/~1sales~1{id}/get/parameters/0/required", false},
      {"/paths/~1sales/post/responses", json::object()},
      {"/paths/~1sales/post/responses/ok", {{"description", "x"}}},
      {"/paths/~1sales/post/responses/400", json::object()},
      {"/paths/~1sales/post/requestBody/content", json::object()},
      {"/components/schemas/sale/type", "struct"},
      {"/components/schemas/sale/properties/id/$ref", "#/components/schemas/nothing"},
      {"/components/schemas/sale/required", {"nothing"}},
      {"/components/schemas/sale/nullable", true},
  };
  for (const auto& [pointer, value] : damages) {
    auto broken = document;
    broken[json::json_pointer{pointer}] = value;
    EXPECT_THAT(openapi_check::of(broken), Not(IsEmpty())) << pointer;
  }
}

}  // namespace
}  // namespace musiccorp::node
