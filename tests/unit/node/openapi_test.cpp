#include "node/openapi.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "unit/node/toy_shop.hpp"

namespace musiccorp::node {
namespace {

using namespace toys;
using nlohmann::json;

class OpenApi : public ::testing::Test {
 protected:
  /// Every "$ref" below `at`.
  static void collect(const json& at, std::set<std::string>& found) {
    if (at.is_object() && at.contains("$ref")) found.insert(at["$ref"].get<std::string>());
    if (at.is_structured())
      for (const auto& one : at) collect(one, found);
  }

  mischief trouble;
  std::vector<service_definition> services = shop(trouble);
  json document = json::parse(openapi_document(services, "1.2.3"));
};

TEST_F(OpenApi, SaysWhatItIs) {
  EXPECT_EQ(document["openapi"], "3.1.0");
  EXPECT_EQ(document["info"]["version"], "1.2.3");
}

TEST_F(OpenApi, HasEveryRouteWithItsPathParametersAndItsAnswer) {
  std::set<std::string> operations;
  for (const auto& one : services)
    for (const auto& route : one.routes()) {
      auto method = route.method;
      for (auto& letter : method) letter = static_cast<char>(std::tolower(letter));
      ASSERT_TRUE(document["paths"].contains(route.path)) << route.path;
      const auto& operation = document["paths"][route.path].at(method);
      EXPECT_TRUE(operation["responses"].contains(std::to_string(route.status))) << route.path;
      EXPECT_TRUE(operations.insert(operation["operationId"]).second) << "an operation's id is unique";
      std::size_t in_path = 0;
      for (const auto& parameter : operation["parameters"]) in_path += parameter["in"] == "path";
      EXPECT_EQ(in_path, static_cast<std::size_t>(std::count(route.path.begin(), route.path.end(), '{')));
    }
  EXPECT_EQ(operations.size(), 4U);
}

TEST_F(OpenApi, EveryReferenceResolves) {
  std::set<std::string> references;
  collect(document, references);
  EXPECT_FALSE(references.empty());
  for (const auto& one : references) {
    ASSERT_TRUE(one.starts_with("#/")) << one;
    EXPECT_TRUE(document.contains(json::json_pointer{one.substr(1)})) << one;
  }
}

}  // namespace
}  // namespace musiccorp::node
