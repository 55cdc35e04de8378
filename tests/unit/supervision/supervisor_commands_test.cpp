// Commands to real supervisors, also in the middle of a restart that fails again and again, and changes at run time:
// OTP's cases 29, 30, 48, 53, 54, 68 and 69.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/supervision/actor_world.hpp"

namespace musiccorp::supervision::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto one_for_one = restart_strategy::one_for_one;
constexpr auto endless = 1'000'000;

auto start_of(supervised_child child) {
  return [child = std::move(child)](auto to, auto then) { to.start_child(child, then); };
}
auto restart_of(std::string id) {
  return [id](auto to, auto then) { to.restart_child(id, then); };
}
auto delete_of(std::string id) {
  return [id](auto to, auto then) { to.delete_child(id, then); };
}
auto end_of(std::string id) {
  return [id](auto to, auto then) { to.terminate_child(id, then); };
}
auto replace_of(std::string id) {
  return [id](auto to, auto then) { to.replace_child(id, then); };
}

TEST(SupervisorCommands, AreAnsweredByTheStateOfTheChild) {  // OTP 29
  under_many_orders([](actor_world& world) {
    world.start(with(one_for_one), world.toys(specs({"a"})));
    EXPECT_EQ(world.answer_to(start_of(world.toy(spec("a")))), outcome::already_started);
    EXPECT_EQ(world.answer_to(restart_of("a")), outcome::running);
    EXPECT_EQ(world.answer_to(delete_of("a")), outcome::running);
    EXPECT_EQ(world.answer_to(end_of("a")), outcome::done);
    EXPECT_EQ(world.answer_to(end_of("a")), outcome::done) << "twice is fine";
    EXPECT_EQ(world.answer_to(start_of(world.toy(spec("a")))), outcome::already_present);
    EXPECT_EQ(world.answer_to(restart_of("a")), outcome::done);
    EXPECT_EQ(world.answer_to(end_of("a")), outcome::done);
    EXPECT_EQ(world.answer_to(delete_of("a")), outcome::done);
    EXPECT_EQ(world.answer_to(restart_of("a")), outcome::not_found);
    EXPECT_EQ(world.answer_to(delete_of("a")), outcome::not_found);
    EXPECT_EQ(world.answer_to(end_of("a")), outcome::not_found);
    EXPECT_EQ(world.answer_to(replace_of("a")), outcome::not_found);
    EXPECT_EQ(world.answer_to(start_of(world.toy(spec("a")))), outcome::done);
    EXPECT_EQ(world.view().budget_left, 3) << "commands cost nothing";
  });
}

TEST(SupervisorCommands, AreAnsweredWithRestartingWhileARestartIsPending) {  // OTP 29
  under_many_orders([](actor_world& world) {
    auto options = with(one_for_one);
    options.backoff = {.delay_first = 10s, .delay_max = 10s, .jitter = 0, .immediate = 0};
    world.start(options, world.toys(specs({"a"})));
    world.tell_toy("a", "crash x");
    EXPECT_EQ(world.answer_to(start_of(world.toy(spec("a")))), outcome::already_started);
    EXPECT_EQ(world.answer_to(restart_of("a")), outcome::restarting);
    EXPECT_EQ(world.answer_to(delete_of("a")), outcome::restarting);
    EXPECT_EQ(world.answer_to(end_of("a")), outcome::done);
    world.pass(1min);
    EXPECT_FALSE(world.runs("a"));
    EXPECT_EQ(world.answer_to(delete_of("a")), outcome::done);
  });
}

TEST(SupervisorCommands, OfAPoolKnowOnlyMembers) {  // OTP 30
  under_many_orders([](actor_world& world) {
    world.start_pool(with(one_for_one), spec("worker"), {"w1"});
    EXPECT_EQ(world.answer_to(start_of({spec("w1"), {}})), outcome::already_started);
    EXPECT_EQ(world.answer_to(end_of("stranger")), outcome::not_found);
    EXPECT_EQ(world.answer_to(end_of("worker")), outcome::not_found) << "the template is no member";
    EXPECT_EQ(world.answer_to(restart_of("w1")), outcome::is_pool);
    EXPECT_EQ(world.answer_to(delete_of("w1")), outcome::is_pool);
    EXPECT_TRUE(world.runs("w1"));
    EXPECT_EQ(world.answer_to(end_of("w1")), outcome::done);
    EXPECT_THAT(world.ids(), IsEmpty());
    EXPECT_EQ(world.answer_to(start_of({spec("w1"), {}})), outcome::done);
  });
}

TEST(SupervisorCommands, SeveralAtOnceHaveOneAnswerEach) {  // OTP 29
  under_many_orders([](actor_world& world) {
    world.start(with(one_for_one), world.toys(specs({"a", "b"})));
    int answered = 0, asked_for = 0;
    for (int i = 0; i < 20; ++i) {
      const auto count = [&](const command_answer&) { ++answered; };
      const std::string id = world.random.below(2) == 0 ? "a" : "b";
      ++asked_for;
      switch (world.random.below(4)) {
        case 0:
          world.commands().terminate_child(id, count);
          break;
        case 1:
          world.commands().restart_child(id, count);
          break;
        case 2:
          world.commands().replace_child(id, count);
          break;
        default:
          world.say(id, "crash x");
          world.commands().delete_child(id, count);
      }
      world.run_steps(world.random.below(6));
    }
    world.run();
    EXPECT_EQ(answered, asked_for);
  });
}

TEST(SupervisorCommands, AFailedRestartOfAMemberBurnsTheBudget) {  // OTP 48
  under_many_orders([](actor_world& world) {
    world.start_pool(with(one_for_one, 3), spec("worker"), {"w1", "w2"});
    world.board->toys["w1"].failing_starts = endless;
    world.tell_toy("w1", "crash x");
    ASSERT_TRUE(world.ended);
    EXPECT_EQ(world.ended->kind, end_kind::exhausted);
    EXPECT_EQ(world.board->toys["w1"].failing_starts, endless - 3);
    EXPECT_FALSE(world.runs("w2"));
  });
}

/// A supervisor whose child "b" has crashed and whose new starts all fail, some messages into that.
void in_a_failing_restart(restart_strategy strategy, const std::function<void(actor_world&)>& claim) {
  under_many_orders([&](actor_world& world) {
    auto options = with(strategy, endless);
    if (strategy == restart_strategy::pool)
      world.start_pool(options, spec("worker"), {"a", "b", "c"});
    else
      world.start(options, world.toys(specs({"a", "b", "c"})));
    world.board->toys["b"].failing_starts = endless;
    world.say("b", "crash x");
    world.run_steps(10 + world.random.below(50));
    const auto tries = endless - world.board->toys["b"].failing_starts;
    EXPECT_GT(tries, 0) << "it is in the middle of it";
    claim(world);
    EXPECT_LT(endless - world.board->toys["b"].failing_starts, tries + 10) << "the command came through at once";
  });
}
constexpr auto strategies = {one_for_one, restart_strategy::one_for_all, restart_strategy::rest_for_one,
                             restart_strategy::pool};

TEST(SupervisorCommands, AStopComesThroughAFailingRestart) {  // OTP 53
  for (const auto strategy : strategies)
    in_a_failing_restart(strategy, [](actor_world& world) {
      world.commands().stop();
      world.run();
      ASSERT_TRUE(world.ended);
      EXPECT_EQ(world.ended->kind, end_kind::shutdown);
    });
}

TEST(SupervisorCommands, TerminatingTheChildEndsItsFailingRestart) {  // OTP 53
  for (const auto strategy : strategies)
    in_a_failing_restart(strategy, [&](actor_world& world) {
      EXPECT_EQ(world.answer_to(end_of("b")), outcome::done);
      EXPECT_FALSE(world.ended);
      for (const auto* id : {"a", "c"}) EXPECT_TRUE(world.runs(id)) << id;
      if (strategy == restart_strategy::pool)
        EXPECT_THAT(world.ids(), ElementsAre("a", "c"));
      else
        EXPECT_EQ(world.view_of("b").state, child_state::stopped);
    });
}

TEST(SupervisorCommands, QueriesAndRefusalsComeThroughAFailingRestart) {  // OTP 53, 54
  for (const auto strategy : strategies)
    in_a_failing_restart(strategy, [&](actor_world& world) {
      EXPECT_EQ(world.ids().size(), 3U) << "it is known";
      EXPECT_EQ(world.view_of("b").state, child_state::restarting) << "and does not run";
      EXPECT_LT(world.view().budget_left, endless);
      EXPECT_EQ(world.view_of("b").causes.back().text, "can't start");
      std::optional<outcome> answer;
      world.commands().restart_child("b", world.note(answer));
      world.run_steps(6);
      EXPECT_EQ(answer, strategy == restart_strategy::pool ? outcome::is_pool : outcome::restarting);
      world.board->toys["b"].failing_starts = endless;
      world.commands().stop();
      world.run();
    });
}

TEST(SupervisorCommands, CountsDifferWhileSomeAreRestarting) {  // OTP 54
  under_many_orders([](actor_world& world) {
    auto options = with(one_for_one, 10);
    options.backoff = {.delay_first = 10s, .delay_max = 10s, .jitter = 0, .immediate = 0};
    world.start(options, world.toys(specs({"a", "b", "c"})));
    for (const auto* id : {"a", "c"}) world.say(id, "crash x");
    world.run();
    EXPECT_EQ(world.ids().size(), 3U);
    EXPECT_EQ(std::ranges::count(world.view().children, child_state::up, &child_view::state), 1);
    EXPECT_EQ(std::ranges::count(world.view().children, child_state::restarting, &child_view::state), 2);
    EXPECT_EQ(world.view().budget_left, 8);
    world.pass(10s + 1ms);
    EXPECT_EQ(std::ranges::count(world.view().children, child_state::up, &child_view::state), 3);
  });
}

// --- changes at run time ---

auto change_to(supervisor_options options, std::vector<supervised_child> list) {
  return [options, list = std::move(list)](auto to, auto then) { to.change(options, list, then); };
}

TEST(SupervisorCommands, AChangeTakesFlagsAndSpecsAndTouchesNobodyThatRuns) {  // OTP 68
  under_many_orders([](actor_world& world) {
    world.start(with(one_for_one, 7), world.toys({spec("a"), spec("b", restart_kind::transient), spec("c")}));
    world.story();
    world.tell_toy("a", "crash x");
    world.story();
    auto wanted = with(restart_strategy::rest_for_one, 9);
    EXPECT_EQ(world.answer_to(change_to(wanted, world.toys({spec("new"), spec("a"), spec("b")}))), outcome::done);
    EXPECT_EQ(world.story(), "") << "nobody is stopped or started";
    EXPECT_THAT(world.ids(), ElementsAre("new", "a", "b", "c")) << "who is not named any more runs on, at the end";
    EXPECT_EQ(world.view().budget_left, 8) << "what was spent stays spent";
    EXPECT_EQ(world.view_of("b").restart, restart_kind::permanent);
    world.tell_toy("a", "crash y");
    EXPECT_EQ(world.story(), "end a, end c, end b, start a, start b, start c") << "the new strategy and order";
    EXPECT_EQ(world.answer_to(restart_of("new")), outcome::done);
    world.story();
    world.commands().stop();
    world.run();
    EXPECT_EQ(world.story(), "end c, end b, end a, end new");
  });
}

TEST(SupervisorCommands, AChangedStartFunctionIsUsedByTheNextRun) {  // OTP 68
  actor_world world;
  world.start(with(one_for_one), world.toys(specs({"a"})));
  int calls = 0;
  auto other = world.toy(spec("a"));
  other.start = [&calls, start = other.start](const start_context& how) {
    ++calls;
    return start(how);
  };
  EXPECT_EQ(world.answer_to(change_to(with(one_for_one), {other})), outcome::done);
  EXPECT_EQ(calls, 0);
  world.tell_toy("a", "crash x");
  EXPECT_EQ(calls, 1);
}

TEST(SupervisorCommands, ABadChangeIsRefusedAsAWhole) {  // OTP 68
  under_many_orders([](actor_world& world) {
    world.start(with(one_for_one), world.toys(specs({"a"})));
    auto no_period = with(one_for_one, 9);
    no_period.period = 0us;
    const std::vector<std::pair<supervisor_options, std::vector<supervised_child>>> bad{
        {no_period, world.toys(specs({"a"}))},
        {with(one_for_one, 9), world.toys(specs({"a", "a"}))},
        {with(one_for_one, 9), world.toys(specs({"b", ""}))},
        {with(restart_strategy::pool, 9), world.toys(specs({"a"}))}};
    for (const auto& [options, list] : bad) {
      const auto answer = world.give(change_to(options, list));
      ASSERT_TRUE(answer);
      EXPECT_EQ(answer->what, outcome::refused);
      EXPECT_FALSE(answer->problems.empty());
    }
    EXPECT_EQ(world.view().budget_left, 3);
    EXPECT_THAT(world.ids(), ElementsAre("a"));
    world.tell_toy("a", "crash x");
    EXPECT_TRUE(world.runs("a"));
  });
}

TEST(SupervisorCommands, AChangeOfAPoolConcernsTheNextMembers) {  // OTP 69
  under_many_orders([](actor_world& world) {
    world.start_pool(with(one_for_one), spec("worker"), {"w1"});
    auto pool = with(restart_strategy::pool, 8);
    EXPECT_EQ(world.answer_to(change_to(pool, {world.pool_of(spec("worker", restart_kind::temporary))})),
              outcome::done);
    EXPECT_EQ(world.answer_to(start_of({spec("w2"), {}})), outcome::done);
    EXPECT_EQ(world.view_of("w1").restart, restart_kind::permanent);
    EXPECT_EQ(world.view_of("w2").restart, restart_kind::temporary);
    EXPECT_EQ(world.view().budget_left, 8);
    for (const auto* id : {"w1", "w2"}) world.say(id, "crash x");
    world.run();
    EXPECT_TRUE(world.runs("w1"));
    EXPECT_FALSE(world.runs("w2"));
    EXPECT_EQ(world.answer_to(change_to(pool, world.toys(specs({"a", "b"})))), outcome::refused);
    EXPECT_EQ(world.answer_to(change_to(with(one_for_one), world.toys(specs({"a"})))), outcome::refused);
  });
}

}  // namespace
}  // namespace musiccorp::supervision::testing
