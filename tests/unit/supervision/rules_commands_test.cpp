// What commands answer, and changes of specs at run time: OTP's cases 14, 29, 30, 67 to 69.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/supervision/rules_world.hpp"

namespace musiccorp::supervision::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto one_for_one = restart_strategy::one_for_one;

TEST(Commands, AnswerByTheStateOfTheChild) {  // OTP 29
  rules_world world{with(one_for_one), specs({"a"})};
  world.start();
  EXPECT_EQ(world.answer(world.start_child(spec("a"))), outcome::already_started);
  EXPECT_EQ(world.answer(world.restart_child("a")), outcome::running);
  EXPECT_EQ(world.answer(world.delete_child("a")), outcome::running);
  EXPECT_EQ(world.answer(world.terminate_child("a")), outcome::done);
  EXPECT_EQ(world.answer(world.terminate_child("a")), outcome::done);  // Twice is fine.
  EXPECT_EQ(world.answer(world.start_child(spec("a"))), outcome::already_present);
  EXPECT_EQ(world.answer(world.restart_child("a")), outcome::done);
  world.terminate_child("a");
  EXPECT_EQ(world.answer(world.delete_child("a")), outcome::done);
  EXPECT_EQ(world.answer(world.delete_child("a")), outcome::not_found);
  EXPECT_EQ(world.answer(world.restart_child("a")), outcome::not_found);
  EXPECT_EQ(world.answer(world.terminate_child("a")), outcome::not_found);
  EXPECT_EQ(world.answer(world.replace_child("a")), outcome::not_found);
  EXPECT_EQ(world.answer(world.start_child(spec("a"))), outcome::done);
  EXPECT_EQ(world.rules.budget_left(world.now), 3U);  // Commands cost nothing.
}

TEST(Commands, OfAPoolKnowOnlyMembers) {  // OTP 30, 14
  auto member = spec("worker", restart_kind::transient);
  member.stop = stop_limit::within(7s);
  rules_world world{with(restart_strategy::pool), {member}};
  world.start();
  EXPECT_EQ(world.answer(world.start_child(spec("w1"))), outcome::done);
  EXPECT_EQ(world.answer(world.start_child(spec("w1"))), outcome::already_started);
  EXPECT_EQ(world.answer(world.terminate_child("stranger")), outcome::not_found);
  EXPECT_EQ(world.answer(world.restart_child("w1")), outcome::is_pool);
  EXPECT_EQ(world.answer(world.delete_child("w1")), outcome::is_pool);
  EXPECT_EQ(world.rules.spec_of("w1")->restart, restart_kind::transient);  // The template's, whatever was said.
  EXPECT_EQ(world.rules.spec_of("w1")->stop, stop_limit::within(7s));
  EXPECT_FALSE(world.rules.spec_of("stranger"));
  EXPECT_EQ(world.answer(world.terminate_child("w1")), outcome::done);
  EXPECT_THAT(world.rules.ids(), IsEmpty());
  EXPECT_EQ(world.rules.counts().specs, 1U);
}

TEST(Commands, ATerminationIsAnsweredAtTheChildsEnd) {
  rules_world world{with(one_for_one), specs({"a"})};
  world.start();
  world.holds = true;
  const auto one = world.terminate_child("a");
  const auto two = world.terminate_child("a");
  EXPECT_FALSE(world.answer(one));
  world.end_asked("a");
  EXPECT_EQ(world.answer(one), outcome::done);
  EXPECT_EQ(world.answer(two), outcome::done);
}

TEST(Commands, AChildStoppedByCommandStaysStoppedWhenItsGroupRestarts) {
  rules_world world{with(restart_strategy::one_for_all), specs({"a", "b"})};
  world.start();
  world.terminate_child("b");
  world.crash("a");
  EXPECT_TRUE(world.runs("a"));
  EXPECT_EQ(world.state("b"), child_state::stopped);
}

TEST(Commands, ReplacingStopsAndStartsOnlyThisOneForNothing) {
  rules_world world{with(restart_strategy::one_for_all), specs({"a", "b"})};
  world.start();
  world.story();
  EXPECT_EQ(world.answer(world.replace_child("a")), outcome::done);
  EXPECT_EQ(world.story(), "stop a, start a");
  EXPECT_EQ(world.rules.budget_left(world.now), 3U);
  world.terminate_child("a");
  EXPECT_EQ(world.answer(world.replace_child("a")), outcome::done);
}

TEST(Commands, ATemporaryChildCannotBeReplaced) {
  rules_world world{with(one_for_one), {spec("t", restart_kind::temporary)}};
  world.start();
  EXPECT_EQ(world.answer(world.replace_child("t")), outcome::refused);
  EXPECT_TRUE(world.runs("t"));
}

TEST(Commands, ReplacingAWedgedChildSaysSo) {
  rules_world world{with(one_for_one), specs({"a"})};
  world.children["a"].immortal = true;
  world.start();
  const auto token = world.replace_child("a");
  world.pass(10s);
  EXPECT_EQ(world.answer(token), outcome::wedged);
  EXPECT_EQ(world.answer(world.replace_child("a")), outcome::wedged);
  EXPECT_EQ(world.answer(world.terminate_child("a")), outcome::wedged);
  world.children["a"].immortal = false;
  world.end("a", work_done);
  EXPECT_EQ(world.state("a"), child_state::stopped);  // The last command was to end it.
}

TEST(Commands, AreRefusedWhileStopping) {
  rules_world world{with(one_for_one), specs({"a", "b"})};
  world.start();
  world.terminate_child("b");
  world.holds = true;
  world.stop();
  EXPECT_EQ(world.answer(world.start_child(spec("c"))), outcome::stopping);
  EXPECT_EQ(world.answer(world.restart_child("b")), outcome::stopping);
  EXPECT_EQ(world.answer(world.replace_child("a")), outcome::stopping);
  EXPECT_EQ(world.answer(world.change({}, {})), outcome::stopping);
  const auto token = world.terminate_child("a");
  world.end_asked("a");
  EXPECT_EQ(world.answer(token), outcome::done);
  EXPECT_TRUE(world.has_ended());
}

TEST(Commands, ATerminationWhileStoppingKeepsTheOrder) {
  rules_world world{with(one_for_one), specs({"a", "b"})};
  world.start();
  world.holds = true;
  world.stop();
  world.story();
  const auto token = world.terminate_child("a");
  EXPECT_EQ(world.story(), "");
  world.end_asked("b");
  world.end_asked("a");
  EXPECT_EQ(world.answer(token), outcome::done);
}

// --- changes at run time ---

TEST(Changes, TakeFlagsAndSpecsAndKeepRunningChildren) {  // OTP 68
  rules_world world{with(one_for_one), specs({"a", "b", "c"})};
  world.start();
  world.crash("a");
  const auto before = world.running;
  auto options = with(restart_strategy::rest_for_one, 7);
  auto changed = spec("c", restart_kind::transient);
  changed.stop = stop_limit::within(9s);
  EXPECT_EQ(world.answer(world.change(options, {changed, spec("new"), spec("a")})), outcome::done);
  EXPECT_EQ(world.running, before);
  EXPECT_THAT(world.rules.ids(), ElementsAre("c", "new", "a", "b"));  // Not named: kept, behind the others.
  EXPECT_EQ(world.rules.spec_of("c")->restart, restart_kind::transient);
  EXPECT_EQ(world.rules.spec_of("c")->stop, stop_limit::within(9s));
  EXPECT_EQ(world.state("new"), child_state::none);
  EXPECT_EQ(world.rules.budget_left(world.now), 6U);  // What was spent stays spent.

  world.story();
  world.crash("a");  // The new strategy and order are in force.
  EXPECT_EQ(world.story(), "end a, stop b, start a, start b");
  EXPECT_EQ(world.answer(world.restart_child("new")), outcome::done);
  world.story();
  world.stop();
  EXPECT_EQ(world.story(), "stop b, stop a, stop new, stop c");
}

TEST(Changes, AreAllOrNothing) {  // OTP 68
  rules_world world{with(one_for_one), specs({"a"})};
  world.start();
  auto bad = with(one_for_one, 9);
  bad.period = 0us;
  EXPECT_EQ(world.answer(world.change(bad, specs({"a"}))), outcome::refused);
  EXPECT_EQ(world.answer(world.change(with(one_for_one, 9), specs({"a", "a"}))), outcome::refused);
  EXPECT_EQ(world.answer(world.change(with(restart_strategy::pool), specs({"a"}))), outcome::refused);
  EXPECT_EQ(world.rules.budget_left(world.now), 3U);
  EXPECT_TRUE(world.runs("a"));
}

TEST(Changes, KeepARestartThatIsDue) {
  auto options = with(one_for_one);
  options.backoff = {.delay_first = 10s, .delay_max = 10s, .jitter = 0, .immediate = 0};
  rules_world world{options, specs({"a", "b"})};
  world.start();
  world.crash("a");
  world.change(options, specs({"b", "a"}));
  world.pass(10s);
  EXPECT_TRUE(world.runs("a"));
}

TEST(Changes, OfAPoolConcernTheNextMembers) {  // OTP 69
  rules_world world{with(restart_strategy::pool), specs({"worker"})};
  world.start();
  world.start_child(spec("w1"));
  EXPECT_EQ(world.answer(world.change(with(restart_strategy::pool, 8), {spec("worker", restart_kind::temporary)})),
            outcome::done);
  world.start_child(spec("w2"));
  EXPECT_EQ(world.rules.spec_of("w1")->restart, restart_kind::permanent);
  EXPECT_EQ(world.rules.spec_of("w2")->restart, restart_kind::temporary);
  EXPECT_EQ(world.answer(world.change(with(restart_strategy::pool), specs({"a", "b"}))), outcome::refused);
  EXPECT_EQ(world.rules.budget_left(world.now), 8U);
}

}  // namespace
}  // namespace musiccorp::supervision::testing
