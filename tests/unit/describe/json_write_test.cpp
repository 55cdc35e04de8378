#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "samples.hpp"

namespace {

using namespace samples;
using musiccorp::describe::personal_data;
using musiccorp::describe::to_json;
using musiccorp::describe::write_json_text;

std::string text(std::string_view raw) {
  std::string out;
  write_json_text(out, raw);
  return out;
}

template <class T>
std::string member(T value) {
  std::string out;
  describe::write_json(out, describe::shape_of<T>(), &value);
  return out;
}

TEST(WriteJson, KeepsTheDeclaredOrderAndLeavesOutEmptyOptionals) {
  EXPECT_EQ(to_json(order{"o-1", {{"blue train", 2}}, std::nullopt, colour::blue}),
            R"({"order_id":"o-1","lines":[{"item":"blue train","quantity":2}],"wrapping":"blue"})");
}

TEST(WriteJson, EscapesWhatJsonAsksFor) {
  EXPECT_EQ(text("a\"b\\c/\b\f\n\r\t"), R"("a\"b\\c/\b\f\n\r\t")");
  EXPECT_EQ(text(std::string_view{"\0\x1f\x7f", 3}), "\"\\u0000\\u001f\x7f\"");
}

TEST(WriteJson, ReplacesBrokenUtf8AndKeepsTheRest) {
  EXPECT_EQ(text("é日🎵"), "\"é日🎵\"");
  EXPECT_EQ(text("a\xC3"), "\"a\xEF\xBF\xBD\"");                                // cut sequence
  EXPECT_EQ(text("\x80z"), "\"\xEF\xBF\xBDz\"");                                // stray tail
  EXPECT_EQ(text("\xC0\xAF"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");                  // overlong
  EXPECT_EQ(text("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");  // surrogate
  EXPECT_EQ(text("\xF4\x90\x80\x80").size(), 2U + 4 * 3);                       // above U+10FFFF
}

TEST(WriteJson, WhateverBytesComeTheResultIsJson) {
  for (int a = 0; a < 256; ++a)
    for (int b = 0; b < 256; ++b) {
      const auto written = text(std::string{static_cast<char>(a), static_cast<char>(b), '!'});
      EXPECT_TRUE(nlohmann::json::accept(written)) << a << " " << b;
    }
}

TEST(WriteJson, WritesNumbersShortAndExact) {
  EXPECT_EQ(member(0.1), "0.1");
  EXPECT_EQ(member(1e22), "1e+22");
  EXPECT_EQ(member(-0.0), "-0.0");
  EXPECT_EQ(member(std::numeric_limits<double>::quiet_NaN()), "null");
  EXPECT_EQ(member(-std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(member(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(member(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
}

TEST(WriteJson, WritesTimesInUtc) { EXPECT_EQ(member(instant{duration{1}}), R"("1970-01-01T00:00:00.000001Z")"); }

TEST(WriteJson, AnEmptyRawValueIsNull) { EXPECT_EQ(member(raw_json{}), "null"); }

TEST(WriteJson, AChoiceWithoutANameIsNull) { EXPECT_EQ(member(static_cast<colour>(9)), "null"); }

TEST(WriteJson, RedactionLeavesNothingPersonal) {
  const customer known{.id = "c-1",
                       .email = "someone@example.org",
                       .password = "open sesame",
                       .country = "PT",
                       .born = 1970,
                       .phones = {"555-0100"},
                       .notes = {{"met", "in Lisbon"}},
                       .home = {"Rua Nova 1", 2},
                       .extra = {R"({"shoe":42})"}};
  EXPECT_EQ(to_json(known, personal_data::redact),
            R"({"id":"c-1","email":"***","password":"********","country":"**","phones":[],"notes":{},)"
            R"("home":{"street":"***"},"extra":null})");
}

}  // namespace
