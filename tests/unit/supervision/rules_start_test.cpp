// Starting: OTP's cases 1 to 12, and 31.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/supervision/rules_world.hpp"

namespace musiccorp::supervision::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto one_for_one = restart_strategy::one_for_one;

TEST(StartingChildren, AnEmptySupervisorStartsAndStopsCleanly) {  // OTP 1
  rules_world world{with(one_for_one), {}};
  world.start();
  EXPECT_TRUE(world.ready);
  EXPECT_EQ(world.rules.phase(), supervisor_phase::running);
  world.stop();
  ASSERT_TRUE(world.has_ended());
  EXPECT_EQ(world.ended->kind, end_kind::shutdown);
}

TEST(StartingChildren, HappensInOrderAndEachWaitsForTheOneBefore) {  // OTP 58
  rules_world world{with(one_for_one), specs({"zoo", "ant", "mole"})};
  world.children["ant"].slow = true;
  world.start();
  EXPECT_EQ(world.story(), "start zoo, start ant");
  EXPECT_FALSE(world.ready);
  world.comes_up("ant");
  EXPECT_EQ(world.story(), "start mole");
  EXPECT_TRUE(world.ready);
}

TEST(StartingChildren, AnIgnoredChildKeepsItsSpec) {  // OTP 3
  rules_world world{with(one_for_one), specs({"a", "b"})};
  world.children["a"].ignores = true;
  world.start();
  EXPECT_EQ(world.state("a"), child_state::none);
  EXPECT_EQ(world.rules.counts().specs, 2U);
  EXPECT_EQ(world.rules.counts().active, 1U);
  EXPECT_TRUE(world.runs("b"));
}

TEST(StartingChildren, AnIgnoredTemporaryChildIsForgotten) {  // OTP 4
  rules_world world{with(one_for_one), {spec("a", restart_kind::temporary), spec("b")}};
  world.children["a"].ignores = true;
  world.start();
  EXPECT_THAT(world.rules.ids(), ElementsAre("b"));
  EXPECT_TRUE(world.forgotten.contains("a"));
}

TEST(StartingChildren, ACommandHearsThatItsChildWasIgnored) {  // OTP 5
  rules_world world{with(one_for_one), {}};
  world.children["a"].ignores = world.children["t"].ignores = true;
  world.start();
  EXPECT_EQ(world.answer(world.start_child(spec("a"))), outcome::ignored);
  EXPECT_EQ(world.answer(world.start_child(spec("t", restart_kind::temporary))), outcome::ignored);
  EXPECT_THAT(world.rules.ids(), ElementsAre("a"));
}

TEST(StartingChildren, AnIgnoredMemberOfAPoolIsForgotten) {  // OTP 6
  rules_world world{with(restart_strategy::pool), specs({"worker"})};
  world.children["w1"].ignores = true;
  world.start();
  EXPECT_EQ(world.answer(world.start_child(spec("w1"))), outcome::ignored);
  EXPECT_THAT(world.rules.ids(), IsEmpty());
  EXPECT_EQ(world.rules.counts().active, 0U);
}

TEST(StartingChildren, AnIgnoredMemberDoesNotBreakThePoolsEnd) {  // OTP 7
  rules_world world{with(restart_strategy::pool), specs({"worker"})};
  world.children["w2"].ignores = true;
  world.start();
  for (const auto* id : {"w1", "w2", "w3"}) world.start_child(spec(id));
  world.stop();
  EXPECT_TRUE(world.has_ended());
  EXPECT_TRUE(world.running.empty());
}

TEST(StartingChildren, AFailureAtFirstStopsTheStartedOnesInReverseAndIsNotRetried) {  // OTP 10 for the first list
  rules_world world{with(one_for_one), specs({"zoo", "ant", "mole", "bee"})};
  world.children["mole"].failing_starts = 1;
  world.start();
  EXPECT_EQ(world.story(), "start zoo, start ant, fail mole, stop ant, stop zoo");
  ASSERT_TRUE(world.has_ended());
  EXPECT_EQ(world.ended->kind, end_kind::start_failed);
  EXPECT_EQ(world.ended->text, "mole: can't start");
}

TEST(StartingChildren, ACommandHearsWhyAStartFailedAndTheSpecIsNotKept) {  // OTP 10
  rules_world world{with(one_for_one), {}};
  world.children["a"].failing_starts = 1;
  world.start();
  const auto token = world.start_child(spec("a"));
  EXPECT_EQ(world.answer(token), outcome::not_started);
  EXPECT_EQ(world.answers.at(token).text, "can't start");
  EXPECT_THAT(world.rules.ids(), IsEmpty());
  EXPECT_TRUE(world.forgotten.contains("a"));
  EXPECT_EQ(world.rules.budget_left(world.now), 3U);
  EXPECT_EQ(world.answer(world.start_child(spec("a"))), outcome::done);
}

TEST(StartingChildren, AManualRestartThatFailsLeavesTheChildStopped) {  // OTP 11
  rules_world world{with(one_for_one), specs({"a"})};
  world.start();
  world.terminate_child("a");
  world.children["a"].failing_starts = 1;
  EXPECT_EQ(world.answer(world.restart_child("a")), outcome::not_started);
  EXPECT_EQ(world.state("a"), child_state::stopped);
  EXPECT_EQ(world.rules.budget_left(world.now), 3U);
  world.pass(1min);
  EXPECT_FALSE(world.runs("a"));
  EXPECT_EQ(world.answer(world.restart_child("a")), outcome::done);
}

TEST(StartingChildren, AMemberThatFailsToStartIsForgotten) {  // OTP 12
  rules_world world{with(restart_strategy::pool), specs({"worker"})};
  world.children["w1"].failing_starts = 1;
  world.start();
  EXPECT_EQ(world.answer(world.start_child(spec("w1"))), outcome::not_started);
  EXPECT_THAT(world.rules.ids(), IsEmpty());
  EXPECT_TRUE(world.forgotten.contains("w1"));
}

TEST(StartingChildren, AChildThatEndsBeforeItIsUpHasNotStarted) {
  rules_world world{with(one_for_one), specs({"a", "b"})};
  world.children["b"].slow = true;
  world.start();
  world.fails_to_come_up("b");
  EXPECT_EQ(world.story(), "start a, start b, stop a");
  EXPECT_EQ(world.ended->kind, end_kind::start_failed);
}

TEST(StartingChildren, AChildThatIsNotUpInTimeIsKilledAndHasNotStarted) {
  auto late = spec("b");
  late.ready_within = 2s;
  rules_world world{with(one_for_one), {spec("a"), late}};
  world.children["b"].slow = true;
  world.start();
  world.pass(2s - 1us);
  EXPECT_TRUE(world.runs("b"));
  world.pass(1us);
  EXPECT_EQ(world.story(), "start a, start b, kill b, stop a");
  EXPECT_EQ(world.ended->text, "b: not up within 2000 ms");
}

TEST(StartingChildren, AChildThatIsUpInTimeIsLeftAlone) {
  auto prompt = spec("a");
  prompt.ready_within = 2s;
  rules_world world{with(one_for_one), {prompt}};
  world.start();
  world.pass(1min);
  EXPECT_TRUE(world.runs("a"));
}

TEST(StartingChildren, AnotherStopComesInBetween) {
  rules_world world{with(one_for_one), specs({"a", "b", "c"})};
  world.children["b"].slow = true;
  world.start();
  world.stop();
  EXPECT_EQ(world.story(), "start a, start b, stop b, stop a");
  EXPECT_EQ(world.ended->kind, end_kind::shutdown);
}

TEST(StartingChildren, ACrashOfAnEarlierOneDoesNotDisturbTheFirstStart) {
  rules_world world{with(one_for_one), specs({"a", "b", "c"})};
  world.children["b"].slow = true;
  world.start();
  world.crash("a");
  EXPECT_EQ(world.story(), "start a, start b, end a, start a");
  world.comes_up("b");
  EXPECT_TRUE(world.ready);
}

TEST(StartingChildren, ACommandWaitsUntilTheFirstStartIsOver) {
  rules_world world{with(one_for_one), specs({"a"})};
  world.children["a"].slow = true;
  world.start();
  const auto token = world.start_child(spec("z"));
  EXPECT_FALSE(world.answer(token));
  world.comes_up("a");
  EXPECT_EQ(world.answer(token), outcome::done);
  EXPECT_THAT(world.rules.ids(), ElementsAre("a", "z"));
}

TEST(StartingChildren, ACommandThatWaitsIsAnsweredWhenTheStartFails) {
  rules_world world{with(one_for_one), specs({"a"})};
  world.children["a"].slow = true;
  world.start();
  const auto token = world.start_child(spec("z"));
  world.fails_to_come_up("a");
  EXPECT_EQ(world.answer(token), outcome::stopping);
}

}  // namespace
}  // namespace musiccorp::supervision::testing
