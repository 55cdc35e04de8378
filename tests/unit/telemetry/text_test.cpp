#include "telemetry/text.hpp"

#include <gtest/gtest.h>

namespace musiccorp::telemetry {
namespace {

TEST(CleanText, KeepsEveryScript) {
  for (const auto* text : {"order", "Bj\xC3\xB6rk", "\xE6\x97\xA5\xE6\x9C\xAC", "\xF0\x9F\x8E\xB5"})
    EXPECT_EQ(clean_text(text, 100), text);
}

TEST(CleanText, ReplacesWhatIsNoUtf8) {
  const std::string mark = "\xEF\xBF\xBD";
  EXPECT_EQ(clean_text("a\xFF"
                       "b",
                       100),
            "a" + mark + "b");
  EXPECT_EQ(clean_text("\xC0\xAF", 100), mark + mark);                        // overlong
  EXPECT_EQ(clean_text("\xED\xA0\x80", 100), mark + mark + mark);             // a surrogate
  EXPECT_EQ(clean_text("\xF4\x90\x80\x80", 100), mark + mark + mark + mark);  // above U+10FFFF
  EXPECT_EQ(clean_text("\xE6\x97", 100), mark + mark);                        // cut off
}

TEST(CleanText, TurnsControlCharactersIntoSpaces) {
  EXPECT_EQ(clean_text("a\nb\x1b\x7F\xC2\x9B"
                       "c",
                       100),
            "a b   c");
}

TEST(CleanText, CutsBetweenCharacters) {
  EXPECT_EQ(clean_text("ab\xC3\xB6", 4), "ab\xC3\xB6");
  EXPECT_EQ(clean_text("ab\xC3\xB6", 3), "ab");
}

}  // namespace
}  // namespace musiccorp::telemetry
