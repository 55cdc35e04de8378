#include "supervision/watchdog.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <csignal>
#include <future>
#include <mutex>
#include <thread>

#include "supervision/watchdog_thread.hpp"
#include "telemetry/log.hpp"

namespace musiccorp::supervision {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr moment at(duration time) { return moment{1h + time}; }

TEST(Watchdog, NoticesATurnOverItsDeadlineOnceAndItsEnd) {
  watchdog dog;
  const auto cell = dog.watch("order", 1s);
  cell->begin("order.placed", at(0s));
  EXPECT_THAT(dog.check(at(1s - 1us)), IsEmpty());
  const auto noticed = dog.check(at(1s));
  ASSERT_THAT(noticed, SizeIs(1));
  EXPECT_EQ(noticed[0].what, watchdog_event::kind::wedged);
  EXPECT_EQ(noticed[0].name, "order");
  EXPECT_EQ(noticed[0].handling, "order.placed");
  EXPECT_EQ(noticed[0].running, 1s);
  EXPECT_THAT(dog.check(at(5s)), IsEmpty());
  ASSERT_THAT(dog.overdue(), SizeIs(1));
  EXPECT_EQ(dog.overdue()[0].running_ms, 5000);
  cell->end();
  const auto after = dog.check(at(6s));
  ASSERT_THAT(after, SizeIs(1));
  EXPECT_EQ(after[0].what, watchdog_event::kind::recovered);
  EXPECT_EQ(after[0].running, 5s);
  EXPECT_THAT(dog.overdue(), IsEmpty());
}

TEST(Watchdog, IsQuietAboutHandlersThatFinishAndThoseThatWait) {
  watchdog dog;
  const auto cell = dog.watch("order", 1s);
  for (int i = 0; i < 100; ++i) {
    { const watched_turn turn{*cell, "order.placed", at(i * 900ms)}; }
    EXPECT_THAT(dog.check(at(i * 900ms + 800ms)), IsEmpty());
  }
  EXPECT_THAT(dog.check(at(24h)), IsEmpty());
}

TEST(Watchdog, TellsTwoWedgedTurnsApart) {
  watchdog dog;
  const auto cell = dog.watch("order", 1s);
  cell->begin("first", at(0s));
  EXPECT_THAT(dog.check(at(2s)), SizeIs(1));
  cell->end();
  cell->begin("second", at(2s));
  const auto noticed = dog.check(at(4s));
  ASSERT_THAT(noticed, SizeIs(2));
  EXPECT_EQ(noticed[0].what, watchdog_event::kind::recovered);
  EXPECT_EQ(noticed[0].handling, "first");
  EXPECT_EQ(noticed[1].handling, "second");
}

TEST(Watchdog, ABeginAfterACrashWithoutAnEndIsANewTurn) {
  watchdog dog;
  const auto cell = dog.watch("order", 1s);
  cell->begin("first", at(0s));
  cell->begin("second", at(10s));
  EXPECT_THAT(dog.check(at(10s + 500ms)), IsEmpty());
  EXPECT_EQ(dog.check(at(11s)).at(0).handling, "second");
}

TEST(Watchdog, AHandlerThatIsGoneHasRecovered) {
  watchdog dog;
  auto cell = dog.watch("order", 1s);
  cell->begin("x", at(0s));
  EXPECT_THAT(dog.check(at(2s)), SizeIs(1));
  cell.reset();
  EXPECT_EQ(dog.check(at(3s)).at(0).what, watchdog_event::kind::recovered);
  EXPECT_THAT(dog.check(at(4s)), IsEmpty());
}

TEST(Watchdog, LongTextsAreCutAndEmptyOnesAllowed) {
  watchdog dog;
  const auto cell = dog.watch("order", 1s);
  cell->begin(std::string(200, 'x'), at(0s));
  EXPECT_EQ(dog.check(at(1s)).at(0).handling, std::string(watched_handler::text_max, 'x'));
  cell->begin("", at(2s));
  EXPECT_EQ(dog.check(at(3s)).at(1).handling, "");
}

TEST(Watchdog, EachHandlerHasItsOwnDeadline) {
  watchdog dog;
  const auto quick = dog.watch("quick", 1s), slow = dog.watch("slow", 10s);
  quick->begin("x", at(0s));
  slow->begin("y", at(0s));
  EXPECT_THAT(dog.check(at(2s)), SizeIs(1));
  slow->set_deadline(1s);
  EXPECT_EQ(dog.check(at(2s)).at(0).name, "slow");
}

/// A reader never sees half of one turn and half of another: text and time belong together.
TEST(Watchdog, ReadsWholeTurnsWhileTheyAreWritten) {
  watchdog dog;
  const auto cell = dog.watch("order", 0s);
  std::jthread writer{[&](const std::stop_token& ending) {
    for (int i = 0; !ending.stop_requested(); i = (i + 1) % 26)
      cell->begin(std::string(40, static_cast<char>('a' + i)), at(i * 1s));
  }};
  int seen = 0;
  const auto give_up = std::chrono::steady_clock::now() + 60s;
  while (seen < 50 && std::chrono::steady_clock::now() < give_up)
    for (const auto& event : dog.check(at(100s)))
      if (event.what == watchdog_event::kind::wedged) {
        ++seen;
        ASSERT_EQ(event.handling, std::string(40, event.handling.at(0)));
        ASSERT_EQ(event.running, 100s - (event.handling[0] - 'a') * 1s);
      }
  EXPECT_GE(seen, 50);
}

/// All scheduler threads may hang; this one does not.
TEST(WatchdogThread, TellsAWedgeAndItsEnd) {
  const telemetry::captured_logs logs;
  const auto dog = std::make_shared<watchdog>();
  const auto cell = dog->watch("order", 1ms);
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<watchdog_event> told;
  const watchdog_thread thread{dog, 1ms, [&](const watchdog_event& seen) {
                                 const std::lock_guard hold{mutex};
                                 told.push_back(seen);
                                 changed.notify_all();
                                 if (told.size() == 1) throw std::runtime_error{"a bad reaction"};
                               }};
  cell->begin("order.placed", std::chrono::time_point_cast<duration>(std::chrono::steady_clock::now()));
  std::unique_lock hold{mutex};
  ASSERT_TRUE(changed.wait_for(hold, 20s, [&] { return told.size() == 1; }));
  EXPECT_EQ(told[0].what, watchdog_event::kind::wedged);
  cell->end();
  ASSERT_TRUE(changed.wait_for(hold, 20s, [&] { return told.size() == 2; }));
  EXPECT_EQ(told[1].what, watchdog_event::kind::recovered);
}

void hang_under_a_watchdog() {
  const auto dog = std::make_shared<watchdog>();
  const auto cell = dog->watch("order", 1ms);
  const watchdog_thread thread{dog, 1ms, end_process()};
  cell->begin("order.placed", std::chrono::time_point_cast<duration>(std::chrono::steady_clock::now()));
  std::promise<void> never;
  never.get_future().wait();
}

TEST(WatchdogThreadDeathTest, MayEndTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(hang_under_a_watchdog(), ::testing::KilledBySignal(SIGABRT), "");
}

}  // namespace
}  // namespace musiccorp::supervision
