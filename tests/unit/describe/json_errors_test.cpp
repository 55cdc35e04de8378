#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "samples.hpp"

namespace musiccorp::base {
void PrintTo(const problem& one, std::ostream* out) {
  *out << one.pointer << " | " << one.found << " | " << one.wanted;
}
}  // namespace musiccorp::base

namespace {

using namespace samples;
using musiccorp::describe::from_json;
using musiccorp::describe::read_options;
using musiccorp::describe::unknown_fields;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

template <class T = order>
fault trouble(std::string_view text, const read_options& options = {}) {
  auto got = from_json<T>(text, options);
  EXPECT_FALSE(got) << text;
  return got ? fault{} : got.error();
}

template <class T = order>
problem only_problem(std::string_view text, const read_options& options = {}) {
  const auto found = trouble<T>(text, options);
  EXPECT_EQ(found.problems.size(), 1U) << found.text;
  return found.problems.empty() ? problem{} : found.problems.front();
}

/// An order around one line.
std::string with_line(std::string_view line) { return R"({"order_id":"o","lines":[)" + std::string{line} + "]}"; }

TEST(JsonErrors, TellWhereWhatWasFoundAndWhatWasWanted) {
  const auto found = trouble(with_line(R"({"item":"x","quantity":"two"})"));
  EXPECT_EQ(found.kind, fault_kind::invalid);
  EXPECT_EQ(found.text, R"(/lines/0/quantity: expected an integer, found "two")");
  EXPECT_THAT(found.problems, ElementsAre(problem{"/lines/0/quantity", R"("two")", "an integer"}));
}

TEST(JsonErrors, ReadingGoesOnAfterTheFirst) {
  const auto found =
      trouble(R"({"order_id":1,"lines":[{"item":"x","quantity":0},{"item":"","quantity":1.5}],"wrapping":"pink"})");
  EXPECT_THAT(found.problems,
              ElementsAre(problem{"/order_id", "1", "a text"}, problem{"/lines/0/quantity", "0", "between 1 and 99"},
                          problem{"/lines/1/item", "a text of 0 bytes", "between 1 and 20 bytes"},
                          problem{"/lines/1/quantity", "1.5", "an integer"},
                          problem{"/wrapping", R"("pink")", "one of red, green, blue"}));
  EXPECT_EQ(found.text, "/order_id: expected a text, found 1 (and 4 more)");
}

TEST(JsonErrors, OneForEachKindOfValue) {
  const auto one = [](std::string_view line) { return only_problem(with_line(line)); };
  EXPECT_EQ(one(R"({"item":"x","quantity":null})"), (problem{"/lines/0/quantity", "null", "an integer"}));
  EXPECT_EQ(one(R"({"item":"x","quantity":true})"), (problem{"/lines/0/quantity", "true", "an integer"}));
  EXPECT_EQ(one(R"({"item":"x","quantity":1.0})"), (problem{"/lines/0/quantity", "1.0", "an integer"}));
  EXPECT_EQ(one(R"({"item":"x","quantity":[1]})"), (problem{"/lines/0/quantity", "a list", "an integer"}));
  EXPECT_EQ(one(R"({"item":"x","quantity":{"a":1}})"), (problem{"/lines/0/quantity", "an object", "an integer"}));
  EXPECT_EQ(one(R"({"item":"x"})"), (problem{"/lines/0/quantity", "nothing", "an integer"}));
  EXPECT_EQ(one(R"({"item":"x","quantity":99999999999999999999})"),
            (problem{"/lines/0/quantity", "99999999999999999999", "an integer"}));
  EXPECT_EQ(one(R"({"item":"x","quantity":18446744073709551615})"),
            (problem{"/lines/0/quantity", "18446744073709551615", "between 1 and 99"}));
  EXPECT_EQ(one("7"), (problem{"/lines/0", "7", "an object"}));
}

TEST(JsonErrors, ForTheWholeInput) {
  EXPECT_EQ(only_problem("[]"), (problem{"", "a list", "an object"}));
  EXPECT_EQ(only_problem("null"), (problem{"", "null", "an object"}));
  EXPECT_EQ(only_problem(""), (problem{"", "the end of the input at byte 1", "a value"}));
  EXPECT_EQ(only_problem(R"({"order_id":tru})"), (problem{"", "something else at byte 13", "a value"}));
  EXPECT_EQ(only_problem(R"({"order_id" "x"})"), (problem{"", "something else at byte 13", "':'"}));
  EXPECT_EQ(only_problem("{\"order_id\":\"\xff\"}"), (problem{"", "bytes that are no UTF-8 at byte 14", "UTF-8"}));
  EXPECT_EQ(trouble(R"({"order_id":)").text, "expected a value, found the end of the input at byte 13");
}

TEST(JsonErrors, CountsOfListsAreChecked) {
  EXPECT_EQ(only_problem(R"({"order_id":"o","lines":[]})"),
            (problem{"/lines", "0 elements", "between 1 and 5 items"}));
}

TEST(JsonErrors, NestedPlacesAreNamed) {
  struct places {
    std::vector<std::vector<std::int32_t>> matrix;
    std::map<std::string, line> by_name;
    static constexpr auto describe() {
      return describe_as("places", 1, field("matrix", &places::matrix, defaulted),
                         field("by_name", &places::by_name, defaulted));
    }
  };
  EXPECT_EQ(only_problem<places>(R"({"matrix":[[],[1,2,"x"]]})").pointer, "/matrix/1/2");
  EXPECT_EQ(only_problem<places>(R"({"by_name":{"a/b~c":{"item":"x","quantity":0}}})").pointer,
            "/by_name/a~1b~0c/quantity");
  EXPECT_EQ(only_problem<places>(R"({"by_name":{"a":{"item":"x","quantity":1},"a":{}}})"),
            (problem{"/by_name/a", "a second value", "each name once"}));
  EXPECT_EQ(only_problem<places>(R"({"matrix":[[1e999]]})"),
            (problem{"/matrix/0/0", "a number beyond the range of a double", "a smaller number"}));
}

TEST(JsonErrors, UnknownFieldsComeWithASuggestion) {
  const read_options strict{.unknown = unknown_fields::refuse};
  EXPECT_THAT(
      trouble(with_line(R"({"item":"x","quantty":2})"), strict).problems,
      ElementsAre(problem{"/lines/0/quantty", "an unknown field", "one of the known fields; did you mean quantity?"},
                  problem{"/lines/0/quantity", "nothing", "an integer"}));
  EXPECT_EQ(only_problem(R"({"order_id":"o","lines":[{"item":"x","quantity":1}],"colour":{"a":[1]}})", strict),
            (problem{"/colour", "an unknown field", "one of the known fields"}));
}

TEST(JsonErrors, AFieldTwiceIsRefused) {
  EXPECT_EQ(only_problem(with_line(R"({"item":"x","quantity":1,"item":"y"})")),
            (problem{"/lines/0/item", "a second value", "each field once"}));
}

TEST(JsonErrors, AreLimitedInNumberAndSize) {
  EXPECT_EQ(trouble(R"({"order_id":1,"lines":2,"wrapping":3})", {.problems_max = 2}).problems.size(), 2U);
  const auto found = only_problem(R"({"order_id":"o","lines":")" + std::string(10'000, 'x') + R"("})");
  EXPECT_LT(found.found.size(), 60U);
  const auto cut = only_problem(R"({"order_id":"o","lines":"x)" + [] {
    std::string notes;
    for (int i = 0; i < 100; ++i) notes += "🎵";
    return notes;
  }() + R"("})");
  EXPECT_THAT(cut.found, Not(HasSubstr("\xEF\xBF\xBD")));  // Never cut inside a character.
}

TEST(JsonErrors, DepthIsLimited) {
  EXPECT_EQ(only_problem<tree>(R"({"name":"a","branches":[{"name":"b","branches":[]}]})", {.depth_max = 3}),
            (problem{"/branches/0/branches", "deeper nesting", "at most 3 levels"}));
}

TEST(JsonErrors, NeverShowPersonalData) {
  const auto everything_wrong =
      R"({"id":"c","email":5551,"password":"sesame","country":true,"born":1801,"phones":["5552",5553,{"5554":1}],)"
      R"("notes":{"5555":5556},"home":{"street":5557,"floor":"5558"}})";
  const auto found = trouble<customer>(everything_wrong);
  EXPECT_EQ(found.problems.size(), 10U);
  std::string all = found.text;
  for (const auto& one : found.problems) all += "\n" + one.pointer + " " + one.found + " " + one.wanted;
  for (const auto* secret : {"555", "sesame", "1801", "true,"}) EXPECT_THAT(all, Not(HasSubstr(secret)));
  EXPECT_THAT(all, HasSubstr("/notes/* a number a text"));
}

TEST(JsonErrors, BrokenTextIsNotQuotedEither) {
  for (const auto* text : {R"({"email":"secret)", R"({"email":"secret; expected secret)", R"({"email":secret})",
                           "{\"email\":\"secret\xff\"}"})
    EXPECT_THAT(trouble<customer>(text).text, Not(HasSubstr("secret")));
}

}  // namespace
