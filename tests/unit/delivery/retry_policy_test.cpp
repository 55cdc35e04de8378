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

TEST(RetryPolicy, WaitsAsLongAsTheUnjitteredPartAtLeast) {
  base::random_source random{3};
  retry_policy policy{5, 100ms, 1s, 25};
  for (int i = 0; i < 1000; ++i) {
    const auto delay = delay_after(policy, 3, {fault_kind::busy, "", {}, {}}, random);
    EXPECT_GT(delay, 300ms);
    EXPECT_LE(delay, 400ms);
  }
  policy.jitter_percent = 0;
  EXPECT_EQ(delay_after(policy, 3, {fault_kind::busy, "", {}, {}}, random), 400ms);
}

TEST(RetryPolicy, HonoursWhatTheOtherSideAskedFor) {
  base::random_source random{3};
  EXPECT_GE(delay_after({5, 1ms, 2ms}, 1, {fault_kind::overloaded, "", {}, 7s}, random), 7s);
}

verdict judged(const retry_policy& policy, int attempts, fault_kind kind, order_policy order = order_policy::park,
               instant first_failed = now) {
  base::random_source random{3};
  const base::fault trouble{kind, "", {}, {}};
  return judge(policy, order, {attempts, first_failed, trouble}, now, random);
}

TEST(RetryPolicy, TransientTroubleAndCrashesDieOfTheirLastAttempt) {
  const retry_policy policy{3, 100ms, 1s};
  for (const auto kind : {fault_kind::timeout, fault_kind::unavailable, fault_kind::crash}) {
    const auto second = judged(policy, 2, kind);
    EXPECT_FALSE(second.dies);
    EXPECT_GT(second.due, now);
    const auto third = judged(policy, 3, kind);
    EXPECT_TRUE(third.dies);
    EXPECT_EQ(third.reason, "attempts");
  }
}

TEST(RetryPolicy, PermanentTroubleDiesAtOnceAndKeepsItsReason) {
  for (const auto order : {order_policy::park, order_policy::block, order_policy::none}) {
    const auto said = judged({3, 100ms, 1s}, 1, fault_kind::schema, order);
    EXPECT_TRUE(said.dies);
    EXPECT_EQ(said.reason, "schema");
  }
}

TEST(RetryPolicy, ABlockedKeyTriesForEverAtTheLongestWait) {
  const auto said = judged({.attempts_max = 3, .delay_first = 100ms, .delay_longest = 1s, .jitter_percent = 0}, 1'000,
                           fault_kind::crash, order_policy::block, now - 100h);
  EXPECT_FALSE(said.dies);
  EXPECT_EQ(said.due, now + 1s);
}

/// Else a header of another side could keep a message, and all of its key, for years.
TEST(RetryPolicy, WaitsNoLongerThanItsOwnLimitWhateverTheOtherSideAskedFor) {
  const retry_policy policy{
      .delay_first = 1s, .delay_longest = 1s, .jitter_percent = 0, .retry_after_longest = 10min};
  const auto wait_for = [&](std::chrono::milliseconds asked) {
    base::random_source random{1};
    return delay_after(policy, 1, {fault_kind::busy, "later", {}, asked}, random);
  };
  EXPECT_EQ(wait_for(9min), 9min);
  EXPECT_EQ(wait_for(11min), 10min);
  EXPECT_EQ(wait_for(std::chrono::milliseconds::max()), 10min);
  EXPECT_EQ(wait_for(1ms), 1s);
}

TEST(RetryPolicy, DiesWhenTheNextTryWouldComeAfterItsDeadline) {
  const retry_policy policy{
      .attempts_max = 100, .delay_first = 1s, .delay_longest = 1s, .jitter_percent = 0, .deadline = 1min};
  EXPECT_FALSE(judged(policy, 5, fault_kind::busy, order_policy::park, now - 59s).dies);
  const auto said = judged(policy, 5, fault_kind::busy, order_policy::park, now - 60s);
  EXPECT_TRUE(said.dies);
  EXPECT_EQ(said.reason, "deadline");
}

}  // namespace
}  // namespace musiccorp::delivery
