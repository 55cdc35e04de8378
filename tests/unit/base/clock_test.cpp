#include "base/clock.hpp"

#include <gtest/gtest.h>

namespace musiccorp::base {
namespace {

TEST(Clock, WritesAndReadsTheSameInstant) {
  const instant time{1'770'000'000'123'456us};
  EXPECT_EQ(to_text(time), "2026-02-02T02:40:00.123456Z");
  EXPECT_EQ(parse_instant(to_text(time)), time);
}

TEST(Clock, ReadsOffsetsAndCutsFractions) {
  EXPECT_EQ(parse_instant("2026-02-02T04:40:00.1234567+02:00"), instant{1'770'000'000'123'456us});
  EXPECT_EQ(parse_instant("2026-02-01T21:40:00-05:00"), instant{1'770'000'000s});
}

TEST(Clock, RefusesWhatIsNoTime) {
  for (const auto* text : {"", "now", "2026-02-30T00:00:00Z", "2026-02-02", "2026-02-02T25:00:00Z",
                           "2026-02-02T00:00:00", "2026-02-02T00:00:00Zx", "2026-02-02T00:00:00.Z"})
    EXPECT_FALSE(parse_instant(text)) << text;
}

TEST(Clock, ReadsOnlyWhatItCanWrite) {
  for (const auto* text : {"0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:00:00+10:00"}) {
    const auto time = parse_instant(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(parse_instant(to_text(*time)), time) << text;
  }
  for (const auto* text : {"9999-12-31T23:59:59-00:01", "9999-12-31T23:59:60Z", "0000-01-01T00:00:00+00:01"})
    EXPECT_FALSE(parse_instant(text)) << text;
}

TEST(Clock, GoesOnSteadilyWhenTheWallClockIsSetBack) {
  forward_time time;
  const instant start{1'770'000'000s};
  EXPECT_EQ(time.at(start, 100s), start);
  EXPECT_EQ(time.at(start + 2s, 101s), start + 2s);  // Set forward: followed at once.
  EXPECT_EQ(time.at(start - 1h, 102s), start + 3s);  // Set back: one second later all the same.
  EXPECT_EQ(time.at(start - 1h + 5s, 107s), start + 8s);
  EXPECT_EQ(time.at(start + 1h, 108s), start + 1h);
}

TEST(Clock, AReaderThatWasStoppedPutsNobodyAhead) {
  forward_time time;
  const instant start{1'770'000'000s};
  EXPECT_EQ(time.at(start, 100s), start);
  EXPECT_EQ(time.at(start + 1s, 109s), start + 9s);  // Stopped for 8 s between the two clocks.
  EXPECT_EQ(time.at(start + 9s, 109s), start + 9s);
  EXPECT_EQ(time.at(start + 10s, 110s), start + 10s);
}

TEST(Clock, ManualTimeMovesOnlyWhenTold) {
  manual_clock clock;
  const auto start = clock.now();
  clock.advance(5ms);
  EXPECT_EQ(clock.now() - start, 5ms);
}

}  // namespace
}  // namespace musiccorp::base
