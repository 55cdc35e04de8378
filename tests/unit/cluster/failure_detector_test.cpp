#include "cluster/failure_detector.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace musiccorp::cluster {
namespace {

using namespace std::chrono_literals;

constexpr moment at(duration time) { return moment{1h + time}; }
constexpr detector_options usual{200ms, 1500ms};

/// Beats from `from` to `to`, each `jitter` late at most.
void beats(failure_detector& peer, duration from, duration to, duration jitter = 0us) {
  base::random_source random{3};
  for (auto time = from; time <= to; time += 200ms)
    peer.heard(at(
        time + duration{static_cast<duration::rep>(random.below(static_cast<std::uint64_t>(jitter.count()) + 1))}));
}

TEST(FailureDetector, BearsASilenceUpToTheLimitAndNoMore) {
  failure_detector peer{usual, at(0s)};
  beats(peer, 200ms, 10s);
  EXPECT_FALSE(peer.is_down(at(10s + 1499ms)));
  EXPECT_TRUE(peer.is_down(at(10s + 1500ms)));
}

TEST(FailureDetector, NoticesAPeerThatNeverSaidAnything) {
  const failure_detector peer{usual, at(0s)};
  EXPECT_FALSE(peer.is_down(at(1400ms)));
  EXPECT_TRUE(peer.is_down(at(1900ms)));
}

TEST(FailureDetector, GrowsSuspiciousFasterOfAPeerThatWasRegular) {
  failure_detector regular{usual, at(0s)}, irregular{usual, at(0s)};
  beats(regular, 200ms, 20s);
  beats(irregular, 200ms, 20s, 400ms);
  EXPECT_LT(regular.suspicion(at(20s + 210ms)), 1);
  EXPECT_GT(regular.suspicion(at(20s + 600ms)), 8);
  EXPECT_GT(regular.suspicion(at(20s + 900ms)), irregular.suspicion(at(20s + 900ms)));
}

TEST(FailureDetector, GivesAnIrregularPeerAQuarterMoreAtMost) {
  failure_detector peer{usual, at(0s)};
  duration time = 0s;
  for (int i = 0; i < 64; ++i) peer.heard(at(time += (i % 2 == 0 ? 150ms : 1200ms)));
  EXPECT_FALSE(peer.is_down(at(time + 1600ms)));
  EXPECT_TRUE(peer.is_down(at(time + 1875ms)));
}

TEST(FailureDetector, DoesNotCountSilenceThatItCouldNotHear) {
  failure_detector peer{usual, at(0s)};
  beats(peer, 200ms, 5s);
  peer.deaf(4s);
  EXPECT_FALSE(peer.is_down(at(5s + 4s + 1400ms)));
  EXPECT_EQ(peer.silence(at(5s + 3s)), 0us);
  EXPECT_TRUE(peer.is_down(at(5s + 4s + 1500ms)));
}

TEST(FailureDetector, TakesNoSignFromThePast) {
  failure_detector peer{usual, at(0s)};
  beats(peer, 200ms, 5s);
  peer.heard(at(1s));
  EXPECT_EQ(peer.silence(at(5500ms)), 500ms);
}

TEST(FailureDetector, ABurstDoesNotMakeItImpatient) {
  failure_detector peer{usual, at(0s)};
  beats(peer, 200ms, 20s);
  for (int i = 0; i < 10'000; ++i) peer.heard(at(20s + i * 1us));
  EXPECT_LT(peer.suspicion(at(20s + 250ms)), 2);
}

TEST(FailureDetector, DoesNotTakeItsOwnSlowReaderForADeadPeer) {
  failure_detector peer{usual, at(0s)};
  own_pace pace{750ms, at(0s)};
  beats(peer, 200ms, 5s);
  pace.has_read_up_to(at(5s));
  // The reader is busy for 4 s: the peer's beats lie in front of it.
  EXPECT_FALSE(peer.is_down(pace.horizon()));
  beats(peer, 9s, 9s);
  pace.has_read_up_to(at(9s));
  EXPECT_FALSE(peer.is_down(pace.horizon()));
}

TEST(OwnPace, NeverGoesBack) {
  own_pace pace{750ms, at(0s)};
  pace.has_read_up_to(at(2s));
  pace.has_read_up_to(at(1s));
  EXPECT_EQ(pace.horizon(), at(2s));
}

TEST(OwnPace, TellsAPauseOfTheProcessFromATimerThatIsLate) {
  own_pace pace{750ms, at(0s)};
  EXPECT_EQ(pace.pause_since_last(at(50ms)), 0us);
  EXPECT_EQ(pace.pause_since_last(at(400ms)), 0us);
  EXPECT_EQ(pace.pause_since_last(at(5400ms)), 5s);
  EXPECT_EQ(pace.pause_since_last(at(5450ms)), 0us);
}

}  // namespace
}  // namespace musiccorp::cluster
