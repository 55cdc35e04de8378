#include "telemetry/traceparent.hpp"

#include <gtest/gtest.h>

#include <set>

namespace musiccorp::telemetry {
namespace {

const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(Traceparent, SaysWhatWasRead) {
  const auto context = read_traceparent(good);
  ASSERT_TRUE(context);
  EXPECT_EQ(context->trace, (trace_id{0x4bf92f3577b34da6, 0xa3ce929d0e0e4736}));
  EXPECT_EQ(context->span, 0x00f067aa0ba902b7U);
  EXPECT_TRUE(context->sampled);
  EXPECT_EQ(traceparent_text{*context}.view(), good);
  EXPECT_EQ(to_text(context->trace), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(span_text(context->span), "00f067aa0ba902b7");
}

TEST(Traceparent, KeepsOnlyTheFlagThatItKnows) {
  auto text = good;
  text.replace(53, 2, "fe");
  ASSERT_TRUE(read_traceparent(text));
  EXPECT_FALSE(read_traceparent(text)->sampled);
  EXPECT_EQ(traceparent_text{*read_traceparent(text)}.view().substr(53), "00");
}

TEST(Traceparent, ReadsWhatLaterVersionsHaveInCommon) {
  auto later = "cc" + good.substr(2);
  EXPECT_EQ(read_traceparent(later), read_traceparent(good));
  EXPECT_EQ(read_traceparent(later + "-what-the-future-brings"), read_traceparent(good));
  EXPECT_FALSE(read_traceparent(later + "x"));
  EXPECT_FALSE(read_traceparent("ff" + good.substr(2)));
  EXPECT_FALSE(read_traceparent(good + "-more"));  // Version 00 has no more.
}

TEST(Traceparent, RefusesEverythingElse) {
  for (std::size_t length = 0; length < good.size(); ++length)
    EXPECT_FALSE(read_traceparent(std::string_view{good}.substr(0, length))) << length;
  for (std::size_t at = 0; at < good.size(); ++at)
    for (const char letter : {'G', 'A', 'F', ' ', '_', '\0', '\x80', '-', '/', ':', '`', 'g'}) {
      auto text = good;
      if (text[at] == letter) continue;
      text[at] = letter;
      EXPECT_FALSE(read_traceparent(text)) << at << " " << letter;
    }
  EXPECT_FALSE(read_traceparent("00-00000000000000000000000000000000-00f067aa0ba902b7-01"));
  EXPECT_FALSE(read_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"));
  EXPECT_FALSE(read_traceparent(std::string(1U << 20U, '0')));
}

TEST(Traceparent, ATraceIdIsReadAlone) {
  EXPECT_EQ(read_trace_id("4bf92f3577b34da6a3ce929d0e0e4736"), read_traceparent(good)->trace);
  EXPECT_FALSE(read_trace_id(std::string(32, '0')));
  EXPECT_FALSE(read_trace_id("4BF92f3577b34da6a3ce929d0e0e4736"));
  EXPECT_FALSE(read_trace_id("4bf92f3577b34da6a3ce929d0e0e473"));
}

TEST(Traceparent, TheTraceIsAPartOfIt) {
  EXPECT_EQ(trace_id_in(good), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(trace_id_in(""), "");
  EXPECT_EQ(trace_id_in("00-nonsense"), "");
}

TEST(Traceparent, DerivedSpansAreTheSameForTheSameWordsAndDifferForOthers) {
  EXPECT_EQ(derived_span(7, "order"), derived_span(7, "order", 0));
  std::set<std::uint64_t> seen;
  for (std::uint64_t parent = 0; parent < 20; ++parent)
    for (const auto* what : {"order", "payment", ""})
      for (std::uint64_t number = 0; number < 20; ++number) seen.insert(derived_span(parent, what, number));
  EXPECT_EQ(seen.size(), 20U * 3 * 20);
  EXPECT_FALSE(seen.contains(0));
}

}  // namespace
}  // namespace musiccorp::telemetry
