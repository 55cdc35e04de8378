#include "node/command_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/node/toy_shop.hpp"

namespace musiccorp::node {
namespace {

using namespace toys;

const service_definition& shelf() {
  static const auto made = shelf_service();
  return made;
}
const service::route& put_shelf() { return shelf().routes().front(); }

http::request put(std::string body, std::string media_type = "application/json") {
  http::request made;
  made.method = "PUT";
  made.path = "/shelves/7";
  made.parameters = {{"id", "7"}};
  if (!media_type.empty()) made.headers.add("content-type", media_type);
  made.body = std::move(body);
  return made;
}

result<set_shelf> read(const http::request& request) {
  auto text = command_text(request, put_shelf());
  if (!text) return failure(std::move(text.error()));
  return describe::from_json<set_shelf>(*text);
}

TEST(CommandReader, JoinsPathQueryAndBody) {
  auto request = put(R"( {"note":"top"} )");
  request.query = {{"count", "3"}, {"locked", "true"}};
  const auto command = read(request);
  ASSERT_TRUE(command) << command.error().text;
  EXPECT_EQ(command->id, "7");
  EXPECT_EQ(command->count, 3);
  EXPECT_EQ(command->locked, true);
  EXPECT_EQ(command->note, "top");
}

TEST(CommandReader, ABodyOrNoneIsEnoughWhenTheAddressSaysTheRest) {
  auto request = put("", "");
  request.query = {{"count", "-3"}};
  EXPECT_EQ(read(request)->count, -3);
  request.body = "{}";
  request.headers.add("content-type", "application/json");
  EXPECT_EQ(read(request)->count, -3);
}

TEST(CommandReader, NobodySaysOneThingTwice) {
  EXPECT_EQ(read(put(R"({"id":"8","count":1})")).error().kind, fault_kind::invalid);
  auto request = put(R"({"count":1})");
  request.query = {{"count", "2"}};
  EXPECT_EQ(read(request).error().kind, fault_kind::invalid);
  request.query = {{"id", "8"}};
  EXPECT_EQ(read(request).error().kind, fault_kind::invalid);
}

TEST(CommandReader, AddressesCannotBreakOutOfTheirText) {
  for (const std::string hostile : {R"(x","count":9,"note":")", "\\", "\"", "{}", "line\nbreak", "\x01"}) {
    auto request = put(R"({"count":1})");
    request.parameters = {{"id", hostile}};
    const auto command = read(request);
    ASSERT_TRUE(command) << hostile;
    EXPECT_EQ(command->id, hostile);
    EXPECT_EQ(command->count, 1);
  }
}

TEST(CommandReader, RefusesHostileBodiesWithoutACrash) {
  for (const std::string hostile :
       {"{", "}", "{}}", "{,}", R"({,"count":1})", R"({"count":1} x)", "[]", "1", "null", "{\"count\":", "\xff\xfe",
        "{}{\"count\":1}", R"({"count":1}})", R"("count":1})", "{\"a\":{\"a\":{\"a\":"})
    EXPECT_FALSE(read(put(hostile)).has_value()) << hostile;
  EXPECT_FALSE(read(put(std::string(100'000, '{'))).has_value());
  EXPECT_FALSE(read(put(std::string(100'000, '['))).has_value());
}

TEST(CommandReader, NumbersThatAreNoneAreRefusedAsTexts) {
  for (const std::string wrong : {"", "3.5", "+3", "007x", "1e3", "9223372036854775808", " 3", "0x1f", "true"}) {
    auto request = put("", "");
    request.query = {{"count", wrong}};
    const auto command = read(request);
    ASSERT_FALSE(command.has_value()) << wrong;
    EXPECT_EQ(command.error().kind, fault_kind::invalid);
  }
}

TEST(CommandReader, AnUnknownQueryParameterIsNamedWithASuggestion) {
  auto request = put(R"({"count":1})");
  request.query = {{"lockd", "true"}};
  const auto text = command_text(request, put_shelf());
  ASSERT_FALSE(text.has_value());
  EXPECT_EQ(text.error().problems.at(0).pointer, "/lockd");
  EXPECT_THAT(text.error().problems.at(0).wanted, ::testing::HasSubstr("locked"));
}

TEST(CommandReader, TakesOnlyJson) {
  for (const std::string good :
       {"application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"})
    EXPECT_TRUE(read(put(R"({"count":1})", good)).has_value()) << good;
  for (const std::string bad : {"", "text/plain", "application/jsonp", "application/x-www-form-urlencoded"})
    EXPECT_EQ(read(put(R"({"count":1})", bad)).error().kind, fault_kind::unsupported) << bad;
}

TEST(CommandReader, TheKeyComesFromTheAddress) {
  EXPECT_EQ(command_key(put(""), put_shelf()), "7");
  auto request = put("");
  request.parameters.clear();
  EXPECT_EQ(command_key(request, put_shelf()), "");
  request.query = {{"id", "9"}};
  EXPECT_EQ(command_key(request, put_shelf()), "9");
}

TEST(CommandReader, AnIdempotencyKeyIsScopedByItsRoute) {
  auto request = put("");
  EXPECT_EQ(idempotency_of(request, put_shelf()).value(), "");
  request.headers.add("Idempotency-Key", "abc");
  EXPECT_EQ(idempotency_of(request, put_shelf()).value(), "PUT /shelves/{id} abc");
  request.method = "GET";
  EXPECT_EQ(idempotency_of(request, put_shelf()).value(), "");
}

TEST(CommandReader, RefusesIdempotencyKeysThatCannotBeKept) {
  for (const auto& bad : {std::string{}, std::string(256, 'x'), std::string{"caf\xc3\xa9"}, std::string{"a\tb"}}) {
    auto request = put("");
    request.headers.add("idempotency-key", bad);
    EXPECT_EQ(idempotency_of(request, put_shelf()).error().kind, fault_kind::invalid) << bad;
  }
}

TEST(CommandReader, TakesAnIdempotencyKeyThatIsSaidTwiceOnlyWhenBothAreTheSame) {
  auto request = put("");
  request.headers.add("idempotency-key", "abc");
  request.headers.add("Idempotency-Key", "abc");
  EXPECT_EQ(idempotency_of(request, put_shelf()).value(), "PUT /shelves/{id} abc");
  request.headers.add("idempotency-key", "abd");
  const auto refused = idempotency_of(request, put_shelf());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, fault_kind::invalid);
  EXPECT_THAT(refused.error().text, ::testing::HasSubstr("one Idempotency-Key"));
}

}  // namespace
}  // namespace musiccorp::node
