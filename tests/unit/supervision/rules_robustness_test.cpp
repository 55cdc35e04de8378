// Commands and ends that come at a bad moment: OTP's cases 53 to 55.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/supervision/rules_world.hpp"

namespace musiccorp::supervision::testing {
namespace {

using ::testing::ElementsAre;

constexpr auto one_for_one = restart_strategy::one_for_one;
constexpr auto rest_for_one = restart_strategy::rest_for_one;

/// A child `b` whose restart fails again and again; `crashed` has just begun to be tried again.
rules_world failing_loop(restart_strategy strategy) {
  const bool is_pool = strategy == restart_strategy::pool;
  rules_world world{with(strategy, 1'000'000), is_pool ? specs({"worker"}) : specs({"a", "b", "c"})};
  world.start();
  if (is_pool)
    for (const auto* id : {"a", "b", "c"}) world.start_child(spec(id));
  world.children["b"].failing_starts = 1'000'000;
  world.crash("b");
  for (int i = 0; i < 10; ++i) {
    const auto tries = world.starts["b"];
    for (const auto& one : world.rules.expire(world.now))
      if (const auto* start = std::get_if<start_child>(&one)) {
        ++world.starts["b"];
        (void)world.rules.child_start_failed(start->child, crash_of(), world.now);
      }
    EXPECT_LE(world.starts["b"], tries + 1);  // One try an event: nothing goes round by itself.
  }
  return world;
}

TEST(FailingRestarts, AStopComesThrough) {  // OTP 53
  for (const auto strategy : {one_for_one, rest_for_one, restart_strategy::pool}) {
    auto world = failing_loop(strategy);
    EXPECT_EQ(world.state("b"), child_state::restarting);
    world.stop();
    EXPECT_TRUE(world.has_ended());
    EXPECT_TRUE(world.running.empty());
    EXPECT_EQ(world.ended->kind, end_kind::shutdown);
  }
}

TEST(FailingRestarts, TerminatingTheChildEndsThem) {  // OTP 53
  for (const auto strategy : {one_for_one, rest_for_one, restart_strategy::pool}) {
    auto world = failing_loop(strategy);
    EXPECT_EQ(world.answer(world.terminate_child("b")), outcome::done);
    const auto tries = world.starts["b"];
    world.pass(1min);
    EXPECT_EQ(world.starts["b"], tries);
    EXPECT_TRUE(world.runs("a"));
    EXPECT_TRUE(world.runs("c"));  // The round of rest_for_one goes on without the one that was given up.
  }
}

TEST(FailingRestarts, QueriesSeeThem) {  // OTP 53, 54
  for (const auto strategy : {one_for_one, restart_strategy::pool}) {
    auto world = failing_loop(strategy);
    EXPECT_EQ(world.rules.counts().active, 2U);
    EXPECT_EQ(world.rules.counts().workers, 3U);
    EXPECT_THAT(world.rules.ids(), ElementsAre("a", "b", "c"));
    EXPECT_EQ(world.state("b"), child_state::restarting);
  }
}

TEST(FailingRestarts, CommandsAreAnsweredWithRestarting) {
  auto world = failing_loop(one_for_one);
  EXPECT_EQ(world.answer(world.restart_child("b")), outcome::restarting);
  EXPECT_EQ(world.answer(world.delete_child("b")), outcome::restarting);
  EXPECT_EQ(world.answer(world.start_child(spec("b"))), outcome::already_started);
}

TEST(FailingRestarts, ReplacingTriesNowAndKeepsTrying) {
  auto options = with(one_for_one, 10);
  options.backoff = {.delay_first = 10s, .delay_max = 10s, .jitter = 0, .immediate = 0};
  rules_world world{options, specs({"a"})};
  world.start();
  world.children["a"].failing_starts = 1;
  world.crash("a");
  EXPECT_EQ(world.answer(world.replace_child("a")), outcome::not_started);
  EXPECT_EQ(world.state("a"), child_state::restarting);
  EXPECT_EQ(world.answer(world.replace_child("a")), outcome::done);
  EXPECT_TRUE(world.runs("a"));
  world.pass(1min);
  EXPECT_EQ(world.starts["a"], 3);
}

TEST(FailingRestarts, AStopDuringBackoffEndsAtOnce) {
  auto options = with(one_for_one, 10);
  options.backoff = {.delay_first = 10s, .delay_max = 10s, .jitter = 0, .immediate = 0};
  rules_world world{options, specs({"a", "b"})};
  world.start();
  world.crash("b");
  world.stop();
  EXPECT_TRUE(world.has_ended());
  EXPECT_FALSE(world.rules.next_due(world.now));
  EXPECT_TRUE(world.rules.expire(world.now + 1min).empty());
}

TEST(FailingRestarts, AChildThatDiesBetweenTheAskAndItsEndIsJustDown) {
  rules_world world{with(one_for_one), specs({"a"})};
  world.start();
  world.holds = true;
  const auto token = world.terminate_child("a");
  EXPECT_FALSE(world.answer(token));
  world.crash("a");
  EXPECT_EQ(world.answer(token), outcome::done);
  EXPECT_EQ(world.state("a"), child_state::stopped);
  EXPECT_EQ(world.rules.budget_left(world.now), 3U);
  EXPECT_TRUE(world.told("child-stopped-wrongly"));
}

TEST(FailingRestarts, TerminatingDuringARoundTakesTheChildOutOfIt) {
  rules_world world{with(restart_strategy::one_for_all), specs({"a", "b", "c"})};
  world.start();
  world.holds = true;
  world.crash("a");
  const auto token = world.terminate_child("c");
  world.story();
  world.end_asked("c");
  world.end_asked("b");
  EXPECT_EQ(world.answer(token), outcome::done);
  EXPECT_EQ(world.story(), "end c, stop b, end b, start a, start b");
  EXPECT_EQ(world.state("c"), child_state::stopped);
}

TEST(FailingRestarts, AChildThatACommandIsStoppingDoesNotJoinALaterRound) {
  rules_world world{with(restart_strategy::one_for_all), specs({"a", "b", "c"})};
  world.start();
  world.holds = true;
  const auto token = world.terminate_child("b");
  world.crash("a");
  world.end_asked("c");
  world.end_asked("b");
  EXPECT_EQ(world.answer(token), outcome::done);
  EXPECT_EQ(world.state("b"), child_state::stopped);
  EXPECT_TRUE(world.runs("a"));
  EXPECT_TRUE(world.runs("c"));
}

/// `b` fails to start while its group is being stopped anyway: no cost, and nobody before it is left out.
TEST(FailingRestarts, AStartThatFailsWhileItsGroupStopsIsABystander) {
  rules_world world{with(rest_for_one), specs({"a", "b", "c"})};
  world.start();
  world.children["b"].slow = true;
  world.replace_child("b");
  world.holds = true;
  world.crash("a");
  world.story();
  world.fails_to_come_up("b");
  EXPECT_EQ(world.rules.budget_left(world.now), 2U);
  world.end_asked("c");
  EXPECT_EQ(world.story(), "end c, start a, start b");
  world.comes_up("b");
  EXPECT_TRUE(world.runs("c"));
}

TEST(FailingRestarts, AStopInTheMiddleOfARoundStopsWhatTheRoundHadStarted) {
  rules_world world{with(restart_strategy::one_for_all), specs({"a", "b", "c"})};
  world.start();
  world.children["b"].slow = true;
  world.crash("c");
  world.story();
  world.stop();
  EXPECT_EQ(world.story(), "stop b, stop a");
  EXPECT_TRUE(world.has_ended());
}

TEST(FailingRestarts, CommandsThatStartSomethingWaitForTheEndOfTheRound) {
  rules_world world{with(restart_strategy::one_for_all), specs({"a", "b"})};
  world.start();
  world.terminate_child("b");
  world.children["a"].slow = true;
  world.crash("a");
  const auto started = world.start_child(spec("c"));
  const auto twice = world.start_child(spec("c"));
  const auto restarted = world.restart_child("b");
  EXPECT_FALSE(world.answer(started));
  world.comes_up("a");
  EXPECT_EQ(world.answer(started), outcome::done);
  EXPECT_EQ(world.answer(twice), outcome::already_started);
  EXPECT_EQ(world.answer(restarted), outcome::done);
}

TEST(FailingRestarts, ANewChildIsNotCaughtByARoundThatItsOwnStartMeets) {
  rules_world world{with(restart_strategy::one_for_all), specs({"a"})};
  world.start();
  world.children["z"].slow = true;
  const auto token = world.start_child(spec("z"));
  world.crash("a");
  EXPECT_EQ(world.answer(token), outcome::restarting);
  world.comes_up("z");
  EXPECT_EQ(world.story(), "start a, start z, end a, stop z, start a, start z");
}

/// A slow start in a failing world: whatever comes first, the supervisor ends.
TEST(FailingRestarts, AWedgedStartEndsAFirstStart) {
  auto late = spec("a");
  late.ready_within = 1s;
  rules_world world{with(one_for_one), {late}};
  world.children["a"] = {.slow = true, .immortal = true};
  world.start();
  world.pass(2s);
  EXPECT_EQ(world.story(), "start a, kill a, abandon a");
  EXPECT_EQ(world.ended->kind, end_kind::start_failed);
}

TEST(FailingRestarts, AWedgedStartOfACommandCostsNothingAndIsNotTriedAgain) {
  auto late = spec("a");
  late.ready_within = 2s;
  rules_world world{with(restart_strategy::one_for_one, 0), specs({"z"})};
  world.start();
  world.children["a"].slow = world.children["a"].immortal = true;
  const auto token = world.start_child(late);
  world.pass(10s);
  EXPECT_EQ(world.answer(token), outcome::wedged);
  EXPECT_EQ(world.state("a"), child_state::wedged);
  EXPECT_FALSE(world.has_ended());
  world.end("a", crash_of("at last"));
  world.pass(10s);
  EXPECT_EQ(world.state("a"), child_state::stopped);
  EXPECT_EQ(world.starts["a"], 1);
  world.children["a"] = {};
  EXPECT_EQ(world.answer(world.restart_child("a")), outcome::done);
}

}  // namespace
}  // namespace musiccorp::supervision::testing
