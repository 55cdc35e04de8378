#include "telemetry/sliding_peak.hpp"

#include <gtest/gtest.h>

namespace musiccorp::telemetry {
namespace {

using namespace std::chrono_literals;

class SlidingPeak : public testing::Test {
 protected:
  instant now{std::chrono::days{20'000}};
  sliding_peak peak;
};

TEST_F(SlidingPeak, ShowsASpikeBetweenTwoReadings) {
  peak.saw(5);
  peak.saw(90);
  peak.saw(3);
  EXPECT_EQ(peak.read(now), 90U);
}

TEST_F(SlidingPeak, ShowsTheSameToTwoScrapers) {
  peak.saw(90);
  EXPECT_EQ(peak.read(now), 90U);
  EXPECT_EQ(peak.read(now + 5s), 90U);
  EXPECT_EQ(peak.read(now + 15s), 90U);
}

TEST_F(SlidingPeak, ForgetsAfterTheWindow) {
  peak.saw(90);
  EXPECT_EQ(peak.read(now), 90U);
  peak.saw(40);
  EXPECT_EQ(peak.read(now + 5s), 90U);
  EXPECT_EQ(peak.read(now + 16s), 40U);
  EXPECT_EQ(peak.read(now + 40s), 0U);
}

TEST_F(SlidingPeak, AHigherValueReplacesTheOlder) {
  peak.saw(10);
  EXPECT_EQ(peak.read(now), 10U);
  peak.saw(20);
  EXPECT_EQ(peak.read(now + 1s), 20U);
  EXPECT_EQ(peak.read(now + 16s), 20U);
}

}  // namespace
}  // namespace musiccorp::telemetry
