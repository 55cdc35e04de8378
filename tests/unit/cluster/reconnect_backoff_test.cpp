#include "cluster/reconnect_backoff.hpp"

#include <gtest/gtest.h>

namespace musiccorp::cluster {
namespace {

using namespace std::chrono_literals;

constexpr moment at(duration time) { return moment{1h + time}; }
constexpr backoff_limits usual{100ms, 5s};

TEST(ReconnectBackoff, DrawsFromAWindowThatDoublesUpToTheLongest) {
  base::random_source random{1};
  duration most[12]{};
  for (int run = 0; run < 200; ++run) {
    reconnect_backoff calls{usual};
    for (auto& one : most) one = std::max(one, calls.failed(at(0s), random));
  }
  duration window = 100ms;
  for (const auto& one : most) {
    EXPECT_LE(one, window);
    EXPECT_GT(one, window * 8 / 10) << "full jitter uses the whole window";
    window = std::min<duration>(window * 2, 5s);
  }
}

TEST(ReconnectBackoff, NeverCallsAtOnceAndNeverGivesUp) {
  base::random_source random{2};
  reconnect_backoff calls{usual};
  for (int i = 0; i < 10'000; ++i) {
    const auto delay = calls.failed(at(0s), random);
    EXPECT_GE(delay, 10ms);
    EXPECT_LE(delay, 5s);
  }
}

TEST(ReconnectBackoff, BeginsAnewAfterALinkThatLasted) {
  base::random_source random{3};
  reconnect_backoff calls{usual};
  for (int i = 0; i < 10; ++i) (void)calls.failed(at(0s), random);
  calls.came_up(at(10s));
  (void)calls.failed(at(11s), random);
  EXPECT_EQ(calls.failures(), 11U) << "a link that ends at once is a failure like any other";
  calls.came_up(at(20s));
  EXPECT_LE(calls.failed(at(25s), random), 100ms);
}

TEST(ReconnectBackoff, IsRepeatableBySeed) {
  base::random_source one{9}, two{9};
  reconnect_backoff first{usual}, second{usual};
  for (int i = 0; i < 20; ++i) EXPECT_EQ(first.failed(at(0s), one), second.failed(at(0s), two));
}

}  // namespace
}  // namespace musiccorp::cluster
