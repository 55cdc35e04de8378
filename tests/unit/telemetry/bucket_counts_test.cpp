#include "telemetry/bucket_counts.hpp"

#include <gmock/gmock.h>

#include <array>
#include <limits>

namespace musiccorp::telemetry {
namespace {

using testing::ElementsAre;

constexpr std::array bounds{1.0, 2.0, 5.0};

TEST(BucketCounts, CountsEachValueInAllBucketsThatReachIt) {
  bucket_counts counts{bounds};
  for (const double value : {0.5, 1.5, 1.5, 4.0, 9.0}) counts.observe(value);
  const auto now = counts.read();
  EXPECT_THAT(now.cumulative, ElementsAre(1, 3, 4, 5));
  EXPECT_DOUBLE_EQ(now.sum, 16.5);
}

TEST(BucketCounts, BoundsAreInclusive) {
  bucket_counts counts{bounds};
  for (const double value : bounds) counts.observe(value);
  EXPECT_THAT(counts.read().cumulative, ElementsAre(1, 2, 3, 3));
}

TEST(BucketCounts, IgnoresWhatIsNotFiniteAndTakesNegativeAsZero) {
  bucket_counts counts{bounds};
  counts.observe(std::numeric_limits<double>::infinity());
  counts.observe(std::numeric_limits<double>::quiet_NaN());
  counts.observe(-3);
  const auto now = counts.read();
  EXPECT_THAT(now.cumulative, ElementsAre(1, 1, 1, 1));
  EXPECT_EQ(now.sum, 0.0);
}

}  // namespace
}  // namespace musiccorp::telemetry
