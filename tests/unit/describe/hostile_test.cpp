#include <gtest/gtest.h>

#include "samples.hpp"

namespace {

using namespace samples;
using musiccorp::describe::from_json;

std::string repeated(std::string_view part, std::size_t times) {
  std::string all;
  all.reserve(part.size() * times);
  for (std::size_t i = 0; i < times; ++i) all += part;
  return all;
}

struct attack {
  std::string name;
  std::string body;
};

const std::vector<attack>& attacks() {
  static const std::vector<attack> all{
      {"empty", ""},
      {"white space", repeated(" \n", 1000)},
      {"a zero byte", std::string(1, '\0')},
      {"zero after JSON", std::string("{}\0", 3)},
      {"two documents", R"({"name":"a"}{"name":"b"})"},
      {"trailing comma", R"({"name":"a",})"},
      {"comment", R"({/*x*/"name":"a"})"},
      {"single quotes", "{'name':'a'}"},
      {"bare word", "{name:1}"},
      {"NaN", R"({"name":NaN})"},
      {"hexadecimal", R"({"name":0x10})"},
      {"leading zero", R"({"name":01})"},
      {"plus sign", R"({"name":+1})"},
      {"overlong UTF-8", "{\"name\":\"\xC0\xAF\"}"},
      {"UTF-8 surrogate", "{\"name\":\"\xED\xA0\x80\"}"},
      {"lone surrogate escape", R"({"name":"\ud800"})"},
      {"reversed surrogates", R"({"name":"\udc00\ud800"})"},
      {"cut escape", R"({"name":"\u12)"},
      {"unknown escape", R"({"name":"\x41"})"},
      {"raw control character", "{\"name\":\"a\nb\"}"},
      {"half a byte order mark", "\xEF\xBB{}"},
      {"deep lists, never closed", repeated("[", 1'000'000)},
      {"deep objects in an unknown field", R"({"name":"a","x":)" + repeated(R"({"x":)", 500'000)},
      {"deep wanted objects", repeated(R"({"name":"a","branches":[)", 200'000)},
      {"a number of a million digits", R"({"name":)" + repeated("9", 1'000'000) + "}"},
      {"huge exponent", R"({"name":1e99999999999})"},
      {"a key of a megabyte, twice", "{\"" + repeated("k", 1'000'000) + "\":1,\"name\":1}"},
      {"a field a hundred thousand times", "{" + repeated(R"("name":"a",)", 100'000) + R"("name":"a"})"},
  };
  return all;
}

TEST(HostileJson, IsRefusedWithAShortReason) {
  for (const auto& [name, body] : attacks()) {
    const auto got = from_json<tree>(body);
    ASSERT_FALSE(got) << name;
    EXPECT_EQ(got.error().kind, fault_kind::invalid) << name;
    EXPECT_LT(got.error().text.size(), 1000U) << name;
    EXPECT_LE(got.error().problems.size(), 20U) << name;
  }
}

TEST(HostileJson, ManyUnknownFieldsAreSkippedInLinearTime) {
  std::string body = R"({"name":"a")";
  for (int i = 0; i < 100'000; ++i) body += ",\"x" + std::to_string(i) + "\":[[{}]]";
  EXPECT_TRUE(from_json<tree>(body + "}"));
}

TEST(HostileJson, RawValuesKeepTheDepthLimit) {
  const auto nested = [](std::size_t depth) {
    return R"({"id":"c","email":"","password":"12345678","country":"PT","phones":[],"notes":{},"home":{"street":""},"extra":)" +
           repeated("[", depth) + repeated("]", depth) + "}";
  };
  EXPECT_TRUE(from_json<customer>(nested(31)));
  EXPECT_FALSE(from_json<customer>(nested(32)));
}

}  // namespace
