#include "cluster/pause_fence.hpp"

#include <gtest/gtest.h>

namespace musiccorp::cluster {
namespace {

using namespace std::chrono_literals;

constexpr moment at(duration time) { return moment{1h + time}; }

class PauseFence : public ::testing::Test {
 protected:
  void pulse(duration from, duration to) {
    for (auto time = from; time <= to; time += 50ms) fence_.pulse(at(time));
  }
  pause_fence fence_{1100ms, 3s, {"east", "south"}};
};

TEST_F(PauseFence, IsOpenWhileItsPulseIsThere) {
  EXPECT_TRUE(fence_.is_open(at(0s))) << "before it has begun";
  pulse(0s, 1s);
  EXPECT_TRUE(fence_.is_open(at(1s + 1099ms)));
}

TEST_F(PauseFence, IsClosedByALatePulseBeforeAndAfterItComes) {
  pulse(0s, 1s);
  EXPECT_FALSE(fence_.is_open(at(1s + 1100ms)));
  fence_.pulse(at(5s));
  EXPECT_FALSE(fence_.is_open(at(5s)));
}

TEST_F(PauseFence, OpensWhenEachPeerHasAnsweredWhatWasSaidAfterThePause) {
  pulse(0s, 1s);
  pulse(5s, 5s + 200ms);
  fence_.vouch("east", at(5s + 50ms));
  fence_.vouch("south", at(5s));
  fence_.vouch("south", at(900ms));  // From before: it lay in the socket.
  EXPECT_FALSE(fence_.is_open(at(5s + 200ms)));
  fence_.vouch("south", at(5s + 100ms));
  EXPECT_TRUE(fence_.is_open(at(5s + 200ms)));
}

TEST_F(PauseFence, DoesNotWaitForEverForPeersThatAreAwayThemselves) {
  pulse(0s, 1s);
  pulse(5s, 8s);
  fence_.vouch("east", at(6s));
  EXPECT_FALSE(fence_.is_open(at(8s - 1us)));
  EXPECT_TRUE(fence_.is_open(at(8s)));
}

TEST_F(PauseFence, HasNobodyToAskInAClusterOfOne) {
  pause_fence alone{1100ms, 3s, {}};
  alone.pulse(at(0s));
  EXPECT_TRUE(alone.is_open(at(4s)));
  alone.pulse(at(5s));
  EXPECT_TRUE(alone.is_open(at(5s)));
}

TEST_F(PauseFence, KnowsWhenTheLastPauseEnded) {
  pulse(0s, 1s);
  EXPECT_EQ(fence_.last_pause(), moment{});
  pulse(5s, 6s);
  EXPECT_EQ(fence_.last_pause(), at(5s));
}

TEST_F(PauseFence, EachPauseIsItsOwn) {
  pulse(0s, 1s);
  pulse(5s, 5s + 200ms);
  fence_.vouch("east", at(5s + 50ms));
  fence_.vouch("south", at(5s + 50ms));
  pulse(9s, 9s + 50ms);
  fence_.vouch("east", at(9s + 50ms));
  EXPECT_FALSE(fence_.is_open(at(9s + 60ms)));
}

}  // namespace
}  // namespace musiccorp::cluster
