#include "delivery/retry_policy.hpp"

#include <gtest/gtest.h>

namespace musiccorp::delivery {
namespace {

using namespace std::chrono_literals;

const instant now{1'000'000us};

TEST(RetryPolicy, DoublesTheCeilingUpToTheLongestDelay) {
  const retry_policy policy{5, 100ms, 1s};
  EXPECT_EQ(delay_ceiling(policy, 1), 100ms);
  EXPECT_EQ(delay_ceiling(policy, 2), 200ms);
  EXPECT_EQ(delay_ceiling(policy, 4), 800ms);
  EXPECT_EQ(delay_ceiling(policy, 5), 1s);
  EXPECT_EQ(delay_ceiling(policy, 1'000'000), 1s);
}

TEST(RetryPolicy, SpreadsDelaysOverTheWholeCeiling) {
  const retry_policy policy{5, 100ms, 1s};
  base::random_source random{3};
  duration shortest = 1h, longest{};
  for (int i = 0; i < 1000; ++i) {
    const auto delay = delay_after(policy, 3, {fault_kind::busy, "", {}, {}}, random);
    shortest = std::min(shortest, delay);
    longest = std::max(longest, delay);
  }
  EXPECT_GT(shortest, 0us);
  EXPECT_LT(shortest, 40ms);
  EXPECT_GT(longest, 360ms);
  EXPECT_LE(longest, 400ms);
}

TEST(RetryPolicy, HonoursWhatTheOtherSideAskedFor) {
  base::random_source random{3};
  EXPECT_GE(delay_after({5, 1ms, 2ms}, 1, {fault_kind::overloaded, "", {}, 7s}, random), 7s);
}

TEST(RetryPolicy, TransientTroubleAndCrashesDieOfTheirLastAttempt) {
  const retry_policy policy{3, 100ms, 1s};
  base::random_source random{3};
  for (const auto kind : {fault_kind::timeout, fault_kind::unavailable, fault_kind::crash}) {
    const auto second = judge(policy, 2, {kind, "", {}, {}}, now, random);
    EXPECT_FALSE(second.dies);
    EXPECT_GT(second.due, now);
    const auto third = judge(policy, 3, {kind, "", {}, {}}, now, random);
    EXPECT_TRUE(third.dies);
    EXPECT_EQ(third.reason, "attempts");
  }
}

TEST(RetryPolicy, PermanentTroubleDiesAtOnceAndKeepsItsReason) {
  base::random_source random{3};
  const auto said = judge({3, 100ms, 1s}, 1, {fault_kind::schema, "", {}, {}}, now, random);
  EXPECT_TRUE(said.dies);
  EXPECT_EQ(said.reason, "schema");
}

}  // namespace
}  // namespace musiccorp::delivery
