// Crashes that a child survives by rebuilding its core: the address and the mailbox stay, the supervisor decides for
// the group and keeps the budget by cause.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/supervision/rules_world.hpp"

namespace musiccorp::supervision::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<child_spec> cells(std::initializer_list<const char*> ids) {
  auto made = specs(ids);
  for (auto& one : made) one.rebuilds = true;
  return made;
}
crash_report over(std::string message) {
  return {.message = std::move(message), .text = "boom", .backtrace = "at x"};
}

TEST(CrashInPlace, KeepsTheRunAndSpendsOne) {
  rules_world world{with(restart_strategy::one_for_one), cells({"a", "b"})};
  world.start();
  world.story();
  world.crash_in_place("a", over("m1"));
  EXPECT_EQ(world.story(), "");
  EXPECT_THAT(world.rebuilt, IsEmpty());
  EXPECT_EQ(world.rules.budget_left(world.now), 2U);
  const auto seen = world.rules.view_of(1, wall_time{instant{}, world.now});
  EXPECT_EQ(seen->rebuilds, 1);
  EXPECT_EQ(seen->restarts, 0);
  EXPECT_EQ(seen->causes.front().message, "m1");
  EXPECT_EQ(seen->causes.front().backtrace, "at x");
  EXPECT_TRUE(seen->causes.front().in_place);
}

TEST(CrashInPlace, TheSameMessageSpendsItsAttemptsNotTheBudget) {
  rules_world world{with(restart_strategy::one_for_one, 1), cells({"a"})};
  world.start();
  for (int i = 0; i < 100; ++i) world.crash_in_place("a", over("poison"));
  EXPECT_FALSE(world.has_ended());
}

TEST(CrashInPlace, AnUnavailableDependencySpendsNothing) {
  rules_world world{with(restart_strategy::one_for_one, 0), cells({"a"})};
  world.start();
  for (int i = 0; i < 100; ++i) {
    auto crash = over("m" + std::to_string(i));
    crash.unavailable = true;
    world.crash_in_place("a", crash);
  }
  EXPECT_FALSE(world.has_ended());
}

TEST(CrashInPlace, DifferingMessagesExhaustTheBudgetAndEscalate) {
  rules_world world{with(restart_strategy::one_for_one, 2), cells({"a", "b"})};
  world.start();
  for (const auto* message : {"m1", "m2", "m3"}) world.crash_in_place("a", over(message));
  ASSERT_TRUE(world.has_ended());
  EXPECT_EQ(world.ended->kind, end_kind::exhausted);
  EXPECT_EQ(world.ended->backtrace, "at x");
  EXPECT_TRUE(world.running.empty());
}

TEST(CrashInPlace, AndEndsShareOneBudget) {
  rules_world world{with(restart_strategy::one_for_one, 2), cells({"a", "b"})};
  world.start();
  world.crash_in_place("a", over("m1"));
  world.crash("b");
  world.crash_in_place("a", over("m2"));
  EXPECT_EQ(world.ended->kind, end_kind::exhausted);
}

TEST(CrashInPlace, HasTheGroupRebuildInPlaceToo) {
  rules_world all{with(restart_strategy::one_for_all), cells({"a", "b", "c"})};
  all.start();
  all.story();
  all.crash_in_place("b", over("m1"));
  EXPECT_THAT(all.rebuilt, ElementsAre("a", "c"));
  EXPECT_EQ(all.story(), "");

  rules_world rest{with(restart_strategy::rest_for_one), cells({"a", "b", "c", "d"})};
  rest.start();
  rest.terminate_child("d");
  rest.crash_in_place("b", over("m1"));
  EXPECT_THAT(rest.rebuilt, ElementsAre("c"));
}

TEST(CrashInPlace, StopsAndStartsTheGroupWhenSomebodyCannotRebuild) {
  auto mixed = cells({"a", "b", "c"});
  mixed[2].rebuilds = false;
  rules_world world{with(restart_strategy::one_for_all), mixed};
  world.start();
  world.story();
  world.crash_in_place("b", over("m1"));
  EXPECT_EQ(world.story(), "stop c, stop b, stop a, start a, start b, start c");
  EXPECT_EQ(world.rules.budget_left(world.now), 2U);
}

TEST(CrashInPlace, OfATemporaryChildSpendsNothing) {
  rules_world world{with(restart_strategy::one_for_one, 0), {spec("t", restart_kind::temporary)}};
  world.start();
  world.crash_in_place("t", over("m1"));
  EXPECT_FALSE(world.has_ended());
}

TEST(CrashInPlace, OfAnOldRunChangesNothing) {
  rules_world world{with(restart_strategy::one_for_one), cells({"a"})};
  world.start();
  const auto old = world.running.at("a");
  world.crash("a");
  EXPECT_THAT(world.rules.child_crashed_in_place(old, over("m1"), world.now), IsEmpty());
  EXPECT_EQ(world.rules.budget_left(world.now), 2U);
}

TEST(CrashInPlace, WhileStoppingChangesNothing) {
  rules_world world{with(restart_strategy::one_for_all, 0), cells({"a", "b"})};
  world.start();
  world.holds = true;
  world.stop();
  world.crash_in_place("a", over("m1"));
  world.end_asked("b");
  world.end_asked("a");
  EXPECT_EQ(world.ended->kind, end_kind::shutdown);
}

TEST(CrashInPlace, SinglePoisonAmongHealthyTrafficEscalatesNothing) {
  auto options = with(restart_strategy::one_for_one, 3);
  options.differing_in_row = 3;
  rules_world world{options, cells({"a"})};
  world.start();
  for (int i = 0; i < 1000; ++i) {
    auto crash = over("poison " + std::to_string(i));
    crash.handled = 99;
    world.crash_in_place("a", crash);
  }
  EXPECT_FALSE(world.has_ended());
  EXPECT_EQ(world.rules.budget_left(world.now), 3U);
}

}  // namespace
}  // namespace musiccorp::supervision::testing
