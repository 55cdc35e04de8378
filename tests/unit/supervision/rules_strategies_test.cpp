// Who else is restarted, and what it costs: OTP's cases 45 to 51.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/supervision/rules_world.hpp"

namespace musiccorp::supervision::testing {
namespace {

constexpr auto one_for_one = restart_strategy::one_for_one;
constexpr auto one_for_all = restart_strategy::one_for_all;
constexpr auto rest_for_one = restart_strategy::rest_for_one;

TEST(Strategies, OneForOneTouchesOnlyTheVictimUntilTheBudgetIsUsedUp) {  // OTP 45
  rules_world world{with(one_for_one, 2), specs({"a", "b", "c"})};
  world.start();
  world.story();
  world.crash("b");
  EXPECT_EQ(world.story(), "end b, start b");
  world.crash("b");
  EXPECT_EQ(world.rules.budget_left(world.now), 0U);
  world.story();
  world.crash("b", "the third");
  EXPECT_EQ(world.story(), "end b, stop c, stop a");
  ASSERT_TRUE(world.has_ended());
  EXPECT_EQ(world.ended->kind, end_kind::exhausted);
  EXPECT_THAT(world.ended->text, ::testing::HasSubstr("b: the third"));
}

TEST(Strategies, TheBudgetIsSharedByAllChildren) {
  rules_world world{with(one_for_one, 2), specs({"a", "b", "c"})};
  world.start();
  world.crash("a");
  world.crash("b");
  world.crash("c");
  EXPECT_EQ(world.ended->kind, end_kind::exhausted);
}

TEST(Strategies, OneForAllReplacesEverybodyForThePriceOfOne) {  // OTP 46
  rules_world world{with(one_for_all), specs({"zoo", "ant", "mole"})};
  world.start();
  world.story();
  world.crash("ant");
  EXPECT_EQ(world.story(), "end ant, stop mole, stop zoo, start zoo, start ant, start mole");
  EXPECT_EQ(world.rules.budget_left(world.now), 2U);
}

TEST(Strategies, RestForOneKeepsTheEarlierAndReplacesTheLater) {  // OTP 47
  rules_world world{with(rest_for_one), specs({"zoo", "ant", "mole", "bee"})};
  world.start();
  world.story();
  world.crash("ant");
  EXPECT_EQ(world.story(), "end ant, stop bee, stop mole, start ant, start mole, start bee");
  EXPECT_EQ(world.rules.budget_left(world.now), 2U);
}

TEST(Strategies, FailedStartsBurnTheBudgetUpToEscalation) {  // OTP 48
  for (const auto strategy : {one_for_one, one_for_all, rest_for_one}) {
    rules_world world{with(strategy, 3), specs({"a", "b", "c"})};
    world.start();
    world.children["b"].failing_starts = 100;
    world.crash("b");
    world.pass(1s);
    ASSERT_TRUE(world.has_ended()) << describe::name_of(strategy);
    EXPECT_EQ(world.ended->kind, end_kind::exhausted);
    EXPECT_EQ(world.starts["b"], 1 + 3);  // The death and two failed starts are allowed; the third is one too many.
    EXPECT_TRUE(world.running.empty());
  }
}

TEST(Strategies, AFailedStartOfAMemberBurnsTheBudgetToo) {  // OTP 48 for pools
  rules_world world{with(restart_strategy::pool, 3), specs({"worker"})};
  world.start();
  world.start_child(spec("w1"));
  world.start_child(spec("w2"));
  world.children["w1"].failing_starts = 100;
  world.crash("w1");
  world.pass(1s);
  EXPECT_EQ(world.ended->kind, end_kind::exhausted);
  EXPECT_TRUE(world.running.empty());
}

TEST(Strategies, OneForAllBeginsAnewWhenASiblingFailsToRestart) {  // OTP 49
  rules_world world{with(one_for_all), specs({"a", "b", "c"})};
  world.start();
  world.story();
  world.children["b"].failing_starts = 1;
  world.crash("c");
  EXPECT_EQ(world.story(), "end c, stop b, stop a, start a, fail b, stop a");
  world.pass(0s);
  EXPECT_EQ(world.story(), "start a, start b, start c");
  EXPECT_EQ(world.rules.budget_left(world.now), 1U);
}

TEST(Strategies, RestForOneGoesOnAtTheOneThatFailedToRestart) {  // OTP 50
  rules_world world{with(rest_for_one), specs({"a", "b", "c", "d"})};
  world.start();
  world.story();
  world.children["c"].failing_starts = 1;
  world.crash("b");
  EXPECT_EQ(world.story(), "end b, stop d, stop c, start b, fail c");
  EXPECT_TRUE(world.runs("b"));
  world.pass(0s);
  EXPECT_EQ(world.story(), "start c, start d");
}

TEST(Strategies, RestartsFurtherApartThanThePeriodNeverExhaustTheBudget) {  // OTP 51
  for (const auto strategy : {one_for_one, one_for_all, rest_for_one}) {
    rules_world world{with(strategy, 1), specs({"a", "b"})};
    world.start();
    for (int i = 0; i < 50; ++i) {
      world.crash("a");
      world.pass(5s + 1us);
    }
    EXPECT_FALSE(world.has_ended());
    EXPECT_EQ(world.starts["a"], 51);
  }
}

TEST(Strategies, TwoCrashesInOneTickCostOneRoundWhenTheGroupIsAlreadyStopping) {
  rules_world world{with(one_for_all), specs({"a", "b", "c"})};
  world.start();
  world.story();
  world.holds = true;
  world.crash("b");
  world.crash("a");  // Before it was asked: it would have been stopped anyway.
  world.end_asked("c");
  EXPECT_EQ(world.story(), "end b, stop c, end a, end c, start a, start b, start c");
  EXPECT_EQ(world.rules.budget_left(world.now), 2U);
}

TEST(Strategies, TwoCrashesInOneTickCostTwoWhenEachIsAlone) {
  rules_world world{with(one_for_one), specs({"a", "b"})};
  world.start();
  world.crash("a");
  world.crash("b");
  EXPECT_EQ(world.rules.budget_left(world.now), 1U);
}

TEST(Strategies, AnEarlierCrashWidensTheRoundThatIsUnderWay) {
  rules_world world{with(rest_for_one), specs({"a", "b", "c"})};
  world.start();
  world.story();
  world.holds = true;
  world.crash("b");
  world.crash("a");
  EXPECT_EQ(world.story(), "end b, stop c, end a");
  world.end_asked("c");
  EXPECT_EQ(world.story(), "end c, start a, start b, start c");
  EXPECT_EQ(world.rules.budget_left(world.now), 1U);
}

TEST(Strategies, ACrashWhileTheGroupStartsAgainBeginsANewRoundFromThere) {
  rules_world world{with(rest_for_one, 5), specs({"a", "b", "c", "d"})};
  world.start();
  world.story();
  world.children["c"].slow = true;
  world.crash("a");
  world.story();
  world.crash("b");
  EXPECT_EQ(world.story(), "end b, stop c, start b, start c");
  world.comes_up("c");
  EXPECT_EQ(world.story(), "start d");
}

TEST(Strategies, BackoffDelaysTheRestartAndGrowsWithFailedStarts) {
  auto options = with(one_for_one, 10);
  options.backoff = {.delay_first = 100ms, .delay_max = 1s, .jitter = 0, .immediate = 0};
  rules_world world{options, specs({"a"})};
  world.start();
  world.children["a"].failing_starts = 2;
  world.crash("a");
  EXPECT_EQ(world.state("a"), child_state::restarting);
  const auto tries = [&](duration time) {
    world.pass(time);
    return world.starts["a"];
  };
  EXPECT_EQ(tries(100ms - 1us), 1);
  EXPECT_EQ(tries(1us), 2);
  EXPECT_EQ(tries(200ms - 1us), 2);
  EXPECT_EQ(tries(1us), 3);
  EXPECT_EQ(tries(400ms), 4);
  EXPECT_TRUE(world.runs("a"));
}

TEST(Strategies, AGroupWaitsForItsDelayWithEverybodyStopped) {
  auto options = with(one_for_all, 10);
  options.backoff = {.delay_first = 100ms, .delay_max = 1s, .jitter = 0, .immediate = 0};
  rules_world world{options, specs({"a", "b"})};
  world.start();
  world.story();
  world.crash("a");
  EXPECT_EQ(world.story(), "end a, stop b");
  const auto seen = world.rules.view_of(2, wall_time{instant{}, world.now});
  EXPECT_EQ(seen->next_retry, instant{100ms});
  world.pass(100ms);
  EXPECT_EQ(world.story(), "start a, start b");
}

TEST(Strategies, AWedgedSiblingHoldsNobodyUpAndIsStartedWhenItHasEnded) {
  rules_world world{with(one_for_all), specs({"a", "b", "c"})};
  world.children["b"].immortal = true;
  world.start();
  world.story();
  world.crash("a");
  world.pass(5s + 1s);
  EXPECT_EQ(world.story(), "end a, stop c, stop b, kill b, abandon b, start a, start c");
  EXPECT_EQ(world.state("b"), child_state::wedged);
  EXPECT_EQ(world.answer(world.restart_child("b")), outcome::wedged);
  EXPECT_EQ(world.answer(world.start_child(spec("b"))), outcome::already_started);
  world.children["b"].immortal = false;
  world.end("b", {end_kind::killed, {}, {}});
  EXPECT_EQ(world.story(), "end b, start b");
}

/// The rules of three levels, each the child of the one above: the innermost spends its budget, the middle one starts
/// it again from its list, and the root hears of nothing.
TEST(Strategies, AnExhaustedInnerSupervisorIsRestartedFromItsListByTheOneAbove) {  // OTP 55
  const auto make_inner = [] { return rules_world{with(restart_strategy::one_for_one, 0), specs({"w1", "w2"})}; };
  auto inner = make_inner();
  rules_world middle{with(restart_strategy::one_for_one, 1), {spec("inner", restart_kind::transient), spec("z")}};
  rules_world root{with(restart_strategy::one_for_one, 0), specs({"middle"})};
  for (auto* one : {&root, &middle, &inner}) one->start();
  inner.start_child(spec("added"));
  inner.crash("w1");
  ASSERT_TRUE(inner.has_ended());
  EXPECT_EQ(inner.ended->kind, end_kind::exhausted);
  EXPECT_TRUE(inner.running.empty());
  middle.end("inner", *inner.ended);
  EXPECT_EQ(middle.starts["inner"], 2);
  auto next = make_inner();
  next.start();
  EXPECT_TRUE(next.runs("w1"));
  EXPECT_FALSE(next.runs("added")) << "children added at run time do not come back";
  EXPECT_EQ(root.starts["middle"], 1);
  middle.end("inner", *inner.ended);  // Once more than its budget: now it is the middle's turn.
  ASSERT_TRUE(middle.has_ended());
  EXPECT_EQ(middle.story(), "start inner, start z, end inner, start inner, end inner, stop z");
  root.end("middle", *middle.ended);
  EXPECT_EQ(root.ended->kind, end_kind::exhausted);
}

}  // namespace
}  // namespace musiccorp::supervision::testing
