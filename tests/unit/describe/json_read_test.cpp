#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "samples.hpp"

namespace {

using namespace samples;
using musiccorp::describe::from_json;
using musiccorp::describe::unknown_fields;
using testing::ElementsAre;

struct settings {
  std::vector<std::int32_t> ports{8080, 8081};
  std::map<std::string, std::int32_t> limits{{"old", 1}};
  double ratio = 0.5;
  std::optional<std::int32_t> workers = 4;
  raw_json extra;
  std::uint64_t wide = 0;
  static constexpr auto describe() {
    return describe_as("settings", 1, field("ports", &settings::ports, defaulted),
                       field("limits", &settings::limits, defaulted), field("ratio", &settings::ratio, defaulted),
                       field("workers", &settings::workers), field("extra", &settings::extra, defaulted),
                       field("wide", &settings::wide, defaulted));
  }
};

settings read(std::string_view text) {
  auto got = from_json<settings>(text);
  EXPECT_TRUE(got) << got.error().text;
  return got.value_or(settings{});
}

TEST(ReadJson, TakesFieldsInAnyOrder) {
  const auto got =
      from_json<order>(R"( {"wrapping":"red", "lines" : [ {"quantity":1,"item":"x"} ], "order_id":"o"} )");
  ASSERT_TRUE(got) << got.error().text;
  EXPECT_EQ(*got, (order{"o", {{"x", 1}}, std::nullopt, colour::red}));
}

TEST(ReadJson, MissingAndNullFieldsKeepTheirDefaults) {
  for (const auto* text : {"{}", R"({"ports":null,"limits":null,"ratio":null,"workers":null})"}) {
    const auto got = read(text);
    EXPECT_THAT(got.ports, ElementsAre(8080, 8081));
    EXPECT_EQ(got.limits.size(), 1U);
    EXPECT_EQ(got.ratio, 0.5);
    EXPECT_EQ(got.workers, 4);
  }
}

TEST(ReadJson, AListOrMapReplacesItsDefault) {
  EXPECT_THAT(read(R"({"ports":[1]})").ports, ElementsAre(1));
  EXPECT_TRUE(read(R"({"ports":[],"limits":{}})").limits.empty());
}

TEST(ReadJson, ADoubleTakesIntegersToo) {
  EXPECT_EQ(read(R"({"ratio":3})").ratio, 3.0);
  EXPECT_EQ(read(R"({"ratio":18446744073709551615})").ratio, 18446744073709551615.0);
}

TEST(ReadJson, TheUpperHalfOfAnUnsignedInteger) {
  EXPECT_EQ(read(R"({"wide":18446744073709551615})").wide, ~std::uint64_t{0});
}

TEST(ReadJson, TolerantReadersSkipWhatTheyDoNotKnow) {
  EXPECT_EQ(read(R"({"new":{"a":[1,{"b":[]}],"ratio":7},"ratio":2,"newer":[[],{}],"newest":1e3})").ratio, 2.0);
}

TEST(ReadJson, RawValuesKeepTheirMeaningWithoutWhiteSpace) {
  EXPECT_EQ(read(R"({"extra": { "a" : [ 1 , -2.50e3, "é\n", {} , [ ] ], "b":null } })").extra.text,
            R"({"a":[1,-2.50e3,"é\n",{},[]],"b":null})");
  EXPECT_EQ(read(R"({"extra": "text"})").extra.text, R"("text")");
  EXPECT_EQ(read(R"({"extra": false})").extra.text, "false");
  EXPECT_EQ(read(R"({"extra": 12345678901234567890123})").extra.text, "12345678901234567890123");
  EXPECT_EQ(read(R"({"extra": null})").extra.text, "");
}

TEST(ReadJson, EscapesBecomeTheirCharacters) {
  EXPECT_EQ(describe::from_json<tree>(R"({"name":"\"\\\/\b\f\n\r\tA\u0041\u00e9\u65e5\ud83c\udfb5\u0000z"})")->name,
            std::string("\"\\/\b\f\n\r\tAAé日🎵\0z", 21));
}

struct dictionary {
  std::map<std::string, std::string> all;
  static constexpr auto describe() { return describe_as("dictionary", 1, field("all", &dictionary::all)); }
};

/// Texts are read eight letters at a time: what ends or interrupts them may stand at any place.
TEST(ReadJson, FindsWhatIsSpecialAtEachPlaceOfATextAndNothingElse) {
  std::string ordinary;
  for (char letter = 0x20; letter < 0x7f; ++letter)
    if (letter != '"' && letter != '\\') ordinary += letter;
  ordinary += '\x7f';
  for (std::size_t before = 0; before <= ordinary.size(); ++before)
    for (std::size_t after = 0; after < 20; ++after) {
      const auto head = ordinary.substr(0, before), tail = ordinary.substr(ordinary.size() - after);
      const auto said = [&](std::string_view inside) {
        const auto text = head + std::string{inside} + tail;
        const auto got = from_json<dictionary>("{\"all\":{\"" + text + "\":\"" + text + "\"}}");
        if (!got || got->all.size() != 1) return std::string{"refused"};
        const auto& [name, value] = *got->all.begin();
        return name == value ? value : "two readings";
      };
      ASSERT_EQ(said(""), head + tail);
      ASSERT_EQ(said("\\\""), head + "\"" + tail);
      ASSERT_EQ(said("\\\\"), head + "\\" + tail);
      ASSERT_EQ(said("\u00e9\u20ac"), head + "\u00e9\u20ac" + tail);
      for (const auto* wrong : {"\x1f", "\x01", "\xff", "\x80", "\""}) ASSERT_EQ(said(wrong), "refused") << before;
    }
}

TEST(ReadJson, SmallNumbersBecomeZeroAndLongOnesAreRounded) {
  EXPECT_EQ(read(R"({"ratio":1e-999})").ratio, 0.0);
  EXPECT_EQ(read(R"({"ratio":5e-324})").ratio, 5e-324);
  EXPECT_EQ(read(R"({"ratio":0.1000000000000000055511151231257827021181583404541015625})").ratio, 0.1);
  EXPECT_EQ(read(R"({"ratio":1.7976931348623157e308})").ratio, 1.7976931348623157e308);
}

TEST(ReadJson, AByteOrderMarkInFrontIsSkipped) { EXPECT_EQ(read("\xEF\xBB\xBF{\"ratio\":2}").ratio, 2.0); }

TEST(ReadJson, TimesMayHaveAnyOffset) {
  struct timed {
    instant when{};
    static constexpr auto describe() { return describe_as("timed", 1, field("when", &timed::when)); }
  };
  const auto here = from_json<timed>(R"({"when":"2026-01-31T09:09:10.5+01:00"})");
  const auto utc = from_json<timed>(R"({"when":"2026-01-31T08:09:10.500Z"})");
  ASSERT_TRUE(here && utc);
  EXPECT_EQ(here->when, utc->when);
}

TEST(ReadJson, ATypeMayContainItself) {
  const auto got = from_json<tree>(R"({"name":"a","branches":[{"name":"b","branches":[{"name":"c"}]}]})");
  ASSERT_TRUE(got) << got.error().text;
  EXPECT_EQ(got->branches.at(0).branches.at(0).name, "c");
}

TEST(KeyOf, IsTheTextOfTheKeyField) {
  order placed;
  placed.order_id = "o-7";
  EXPECT_EQ(describe::key_of(placed), "o-7");
}

}  // namespace
