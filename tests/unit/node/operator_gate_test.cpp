#include "node/operator_gate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace musiccorp::node {
namespace {

http::request call(std::string remote, const std::vector<http::named_value>& headers) {
  http::request made;
  made.method = "GET";
  made.remote = std::move(remote);
  for (const auto& one : headers) made.headers.add(one.name, one.value);
  return made;
}

int status(const http::request& what, std::string_view token = {}) {
  const auto no = turned_away(what, token);
  return no ? no->status : 200;
}

constexpr auto here = "127.0.0.1:50000";
constexpr std::string_view token = "a-token-of-some-length";

TEST(OperatorGate, StandsBeforeWhatShowsOrChangesTheShopFromInside) {
  for (const auto* pattern : {"/console", "/console/{path*}", "/hospital/cases/{case_id}", "/supervision",
                              "/mailboxes", "/cluster", "/cluster/drain", "/trace/{id}", "/logs/{component}"})
    EXPECT_TRUE(is_for_operators(pattern)) << pattern;
  for (const auto* pattern :
       {"/", "/orders", "/metrics", "/healthz", "/readyz", "/openapi.json", "/hospitality", "/clusters", "/logstash"})
    EXPECT_FALSE(is_for_operators(pattern)) << pattern;
}

TEST(OperatorGate, WithoutATokenOpensOnlyForThisMachine) {
  for (const auto* host : {"localhost", "localhost:8080", "127.0.0.1:8080", "127.0.0.1", "[::1]:8080", "[::1]"})
    EXPECT_EQ(status(call(here, {{"host", host}})), 200) << host;
  EXPECT_EQ(status(call("[::1]:50000", {{"host", "localhost"}})), 200);
  EXPECT_EQ(status(call("[::ffff:127.0.0.1]:50000", {{"host", "localhost"}})), 200) << "of a door for both families";
  EXPECT_EQ(status(call("[::ffff:10.1.2.3]:50000", {{"host", "localhost"}})), 403);
  EXPECT_EQ(status(call(here, {})), 200) << "HTTP/1.0";
  EXPECT_EQ(status(call("10.1.2.3:50000", {{"host", "localhost"}})), 403);
  EXPECT_EQ(status(call("[fe80::1]:50000", {{"host", "localhost"}})), 403);
  EXPECT_EQ(status(call(here, {{"host", "evil.example:8080"}})), 403)
      << "a name that somebody has bent to this machine";
  EXPECT_EQ(status(call(here, {{"host", "localhost"}, {"x-forwarded-for", "10.1.2.3"}})), 403) << "a proxy here";
  EXPECT_EQ(status(call(here, {{"host", "localhost"}, {"forwarded", "for=10.1.2.3"}})), 403);
}

TEST(OperatorGate, WithATokenOpensForWhoSaysItFromWherever) {
  const auto far = [](const std::string& said) {
    return call("10.1.2.3:50000", {{"host", "shop.example"}, {"authorization", said}});
  };
  EXPECT_EQ(status(far("Bearer " + std::string{token}), token), 200);
  EXPECT_EQ(status(far("bearer  " + std::string{token}), token), 200);
  EXPECT_EQ(status(far("Basic YW55Om9uZTphLXRva2VuLW9mLXNvbWUtbGVuZ3Ro"), token), 401)
      << "the name ends at the colon";
  EXPECT_EQ(status(far("Basic YW55OmEtdG9rZW4tb2Ytc29tZS1sZW5ndGg="), token), 200) << "any:a-token-of-some-length";
  for (const auto* wrong :
       {"", "Bearer", "Bearer ", "Bearer a-token-of-some-lengtX", "Bearer a-token-of-some-lengt", "Basic", "Basic ",
        "Basic ====", "Basic %%%%", "Basic YW55", "Digest a-token-of-some-length", "a-token-of-some-length"})
    EXPECT_EQ(status(far(wrong), token), 401) << wrong;
  EXPECT_EQ(status(call(here, {{"host", "localhost"}}), token), 401) << "also on this machine";
  const auto no = turned_away(call(here, {}), token).value();
  EXPECT_THAT(no.headers, testing::Contains(testing::Field(&http::named_value::name, "www-authenticate")));
}

TEST(OperatorGate, ABrowserActsOnlyForPagesOfThisDoor) {
  const auto from = [](const std::string& page) {
    return call(here,
                {{"host", "localhost:8080"}, {"origin", page}, {"authorization", "Bearer " + std::string{token}}});
  };
  for (const auto secret : {std::string_view{}, token}) {
    EXPECT_EQ(status(from("http://localhost:8080"), secret), 200);
    EXPECT_EQ(status(from("https://localhost:8080"), secret), 200);
    EXPECT_EQ(status(from("http://localhost:8081"), secret), 403);
    EXPECT_EQ(status(from("https://evil.example"), secret), 403);
    EXPECT_EQ(status(from("null"), secret), 403);
  }
}

}  // namespace
}  // namespace musiccorp::node
