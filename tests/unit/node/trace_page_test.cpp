#include "node/trace_page.hpp"

#include <gtest/gtest.h>

namespace musiccorp::node {
namespace {

span_view span_of(const std::string& id, const std::string& parent, int began = 0) {
  span_view one;
  one.span_id = id;
  one.parent_id = parent;
  one.began = instant{base::duration{began}};
  return one;
}

/// "a", " b": each indented by its depth; "?" before one without its cause.
std::string drawn(std::vector<span_view> spans) {
  std::string text;
  for (const auto& one : as_tree(std::move(spans)))
    text += std::string(static_cast<std::size_t>(one.depth), ' ') + (one.is_orphan ? "?" : "") + one.span_id + "\n";
  return text;
}

TEST(TracePage, PutsEachBelowItsCause) {
  EXPECT_EQ(drawn({span_of("d", "b"), span_of("b", "a"), span_of("c", "a"), span_of("a", "")}), "a\n b\n  d\n c\n");
}

TEST(TracePage, EffectsOfOneCauseStandInTheOrderOfTime) {
  EXPECT_EQ(drawn({span_of("late", "a", 3), span_of("soon", "a", 1), span_of("a", "", 0), span_of("then", "a", 2)}),
            "a\n soon\n then\n late\n");
}

TEST(TracePage, AnEffectMayHaveBegunBeforeItsCause) {
  EXPECT_EQ(drawn({span_of("a", "", 9), span_of("b", "a", 1)}), "a\n b\n");
}

TEST(TracePage, WhatHasLostItsCauseIsStillThere) {
  EXPECT_EQ(drawn({span_of("a", ""), span_of("b", "gone", 1), span_of("c", "b", 2)}), "a\n?b\n c\n");
}

TEST(TracePage, WhatWasToldTwiceIsThereOnce) {
  EXPECT_EQ(drawn({span_of("a", ""), span_of("b", "a"), span_of("b", "a"), span_of("a", "")}), "a\n b\n");
}

TEST(TracePage, ACircleIsCut) {
  EXPECT_EQ(drawn({span_of("a", ""), span_of("x", "y"), span_of("y", "x"), span_of("z", "z")}), "a\n");
}

TEST(TracePage, ALongChainIsNoProblem) {
  std::vector<span_view> chain{span_of("0", "")};
  for (int i = 1; i < 20'000; ++i) chain.push_back(span_of(std::to_string(i), std::to_string(i - 1)));
  EXPECT_EQ(as_tree(std::move(chain)).back().depth, 19'999);
}

}  // namespace
}  // namespace musiccorp::node
