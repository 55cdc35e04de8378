#include "supervision/backoff.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace musiccorp::supervision {
namespace {

constexpr moment at(duration time) { return moment{1h + time}; }
const backoff_policy plain{.delay_first = 100ms, .delay_max = 1s, .jitter = 0, .immediate = 0, .reset_after = 10s};

TEST(Backoff, DoublesUpToItsMaximum) {
  base::random_source random{1};
  const std::vector<duration> wanted{100ms, 200ms, 400ms, 800ms, 1s, 1s};
  for (std::uint32_t row = 1; row <= wanted.size(); ++row)
    EXPECT_EQ(delay_of(plain, row, random), wanted[row - 1]) << row;
  EXPECT_EQ(delay_of(plain, std::numeric_limits<std::uint32_t>::max(), random), 1s);
}

TEST(Backoff, HugeDelaysDoNotOverflow) {
  base::random_source random{1};
  auto huge = plain;
  huge.delay_max = std::chrono::days{20'000};
  EXPECT_EQ(delay_of(huge, 1000, random), huge.delay_max);
}

TEST(Backoff, TheFirstRestartsAreImmediateAndNoDelayMeansNone) {
  base::random_source random{1};
  auto eager = plain;
  eager.immediate = 2;
  EXPECT_EQ(delay_of(eager, 2, random), 0s);
  EXPECT_EQ(delay_of(eager, 3, random), 100ms);
  EXPECT_EQ(delay_of({}, 50, random), 0s);
}

TEST(Backoff, JitterOnlyAddsAndComesFromTheSeed) {
  auto shaken = plain;
  shaken.jitter = 0.5;
  base::random_source random{3}, same{3};
  duration least = 1s, most = 0s;
  for (int i = 0; i < 1000; ++i) {
    const auto delay = delay_of(shaken, 1, random);
    EXPECT_EQ(delay, delay_of(shaken, 1, same));
    least = std::min(least, delay);
    most = std::max(most, delay);
  }
  EXPECT_GE(least, 100ms);
  EXPECT_LT(least, 105ms);
  EXPECT_LT(most, 150ms);
  EXPECT_GT(most, 145ms);
}

TEST(FailureRow, AStableRunBeginsTheRowAnew) {
  base::random_source random{1};
  failure_row row;
  row.came_up(at(0s));
  EXPECT_EQ(row.failed(plain, at(1s), random), 100ms);
  row.came_up(at(2s));
  EXPECT_EQ(row.failed(plain, at(12s - 1us), random), 200ms);
  row.came_up(at(20s));
  EXPECT_EQ(row.failed(plain, at(30s), random), 100ms);
}

/// Where others arm a timer per run and must tell a stale one by its count, an old run has no say here.
TEST(FailureRow, AnEarlierRunDoesNotResetALaterRow) {
  base::random_source random{1};
  failure_row row;
  row.came_up(at(0s));
  EXPECT_EQ(row.failed(plain, at(1s), random), 100ms);
  EXPECT_EQ(row.failed(plain, at(20s), random), 200ms);  // Failed starts: it was never up since.
  EXPECT_EQ(row.failed(plain, at(40s), random), 400ms);
}

TEST(FailureRow, ResetsAfterTheMeanOfBothDelaysUnlessSaidOtherwise) {
  auto policy = plain;
  policy.reset_after.reset();
  EXPECT_EQ(reset_after(policy), 550ms);
}

}  // namespace
}  // namespace musiccorp::supervision
