// First starts, manual starts and pools over real actors: OTP's cases 4 to 7 and 10 to 20.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/supervision/actor_world.hpp"

namespace musiccorp::supervision::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto one_for_one = restart_strategy::one_for_one;

auto starting(supervised_child child) {
  return [child = std::move(child)](const supervisor_handle& to, on_answer then) { to.start_child(child, then); };
}
auto restarting(std::string id) {
  return [id = std::move(id)](const supervisor_handle& to, on_answer then) { to.restart_child(id, then); };
}
auto terminating(std::string id) {
  return [id = std::move(id)](const supervisor_handle& to, on_answer then) { to.terminate_child(id, then); };
}

TEST(SupervisorStart, AnIgnoredTemporaryChildIsForgotten) {  // OTP 4
  under_many_orders([](actor_world& world) {
    world.board->toys["t"].ignores = true;
    world.start(with(one_for_one), world.toys({spec("t", restart_kind::temporary), spec("b")}));
    EXPECT_THAT(world.ids(), ElementsAre("b"));
    EXPECT_TRUE(world.runs("b"));
    EXPECT_EQ(world.answer_to(restarting("t")), outcome::not_found);
  });
}

TEST(SupervisorStart, ACommandHearsThatItsChildWasIgnored) {  // OTP 5
  under_many_orders([](actor_world& world) {
    world.start(with(one_for_one), {});
    world.board->toys["a"].ignores = world.board->toys["t"].ignores = true;
    EXPECT_EQ(world.answer_to(starting(world.toy(spec("a")))), outcome::ignored);
    EXPECT_EQ(world.answer_to(starting(world.toy(spec("t", restart_kind::temporary)))), outcome::ignored);
    EXPECT_THAT(world.ids(), ElementsAre("a"));
    EXPECT_EQ(world.view_of("a").state, child_state::none);
    world.board->toys["a"].ignores = false;
    EXPECT_EQ(world.answer_to(restarting("a")), outcome::done);
    EXPECT_TRUE(world.runs("a"));
  });
}

TEST(SupervisorStart, AnIgnoredMemberOfAPoolIsForgottenAndHarmsNoLaterStop) {  // OTP 6, 7
  under_many_orders([](actor_world& world) {
    world.board->toys["w2"].ignores = true;
    world.start_pool(with(one_for_one), spec("worker"), {"w1", "w3"});
    EXPECT_EQ(world.answer_to(starting({spec("w2"), {}})), outcome::ignored);
    EXPECT_THAT(world.ids(), ElementsAre("w1", "w3"));
    world.commands().stop();
    world.run();
    ASSERT_TRUE(world.ended);
    EXPECT_EQ(world.ended->kind, end_kind::shutdown);
    EXPECT_FALSE(world.runs("w1"));
    EXPECT_FALSE(world.runs("w3"));
  });
}

TEST(SupervisorStart, ACommandHearsWhyAStartFailedAndTheSpecIsNotKept) {  // OTP 10
  for (const bool throws : {true, false})
    under_many_orders([&](actor_world& world) {
      world.start(with(one_for_one), {});
      world.board->toys["a"].throwing_start = throws;
      world.board->toys["a"].failing_starts = 1;
      const auto answer = world.give(starting(world.toy(spec("a"))));
      ASSERT_TRUE(answer);
      EXPECT_EQ(answer->what, outcome::not_started);
      EXPECT_EQ(answer->text, throws ? "no strings" : "can't start");
      EXPECT_THAT(world.ids(), IsEmpty());
      EXPECT_EQ(world.view().budget_left, 3);
      world.board->toys["a"].throwing_start = false;
      world.board->toys["a"].failing_starts = 0;
      EXPECT_EQ(world.answer_to(starting(world.toy(spec("a")))), outcome::done);
    });
}

/// CAF runs a class's constructor inside spawn(), and make_behavior() with the first message: the second is an end.
TEST(SupervisorStart, AChildThatDiesBeforeItSaysThatItIsUpHasNotStarted) {  // OTP 10, crash in start
  under_many_orders([](actor_world& world) {
    auto slow = spec("b");
    slow.ready_within = 10s;
    world.board->toys["b"].slow = true;
    world.start(with(one_for_one), world.toys({spec("a"), slow}));
    world.tell_toy("b", "crash not today");
    ASSERT_TRUE(world.ended);
    EXPECT_EQ(world.ended->kind, end_kind::start_failed);
    EXPECT_EQ(world.ended->text, "b: not today");
    EXPECT_EQ(world.story(), "start a, start b, end b, end a");
  });
}

TEST(SupervisorStart, AManualRestartThatFailsLeavesTheChildStopped) {  // OTP 11
  under_many_orders([](actor_world& world) {
    world.start(with(one_for_one), world.toys(specs({"a", "b"})));
    EXPECT_EQ(world.answer_to(terminating("a")), outcome::done);
    world.board->toys["a"].failing_starts = 1;
    const auto answer = world.give(restarting("a"));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->what, outcome::not_started);
    EXPECT_EQ(answer->text, "can't start");
    world.pass(1min);
    EXPECT_FALSE(world.runs("a"));
    EXPECT_EQ(world.view_of("a").state, child_state::stopped);
    EXPECT_EQ(world.view().budget_left, 3);
    EXPECT_EQ(world.answer_to(restarting("a")), outcome::done);
    EXPECT_TRUE(world.runs("a"));
  });
}

TEST(SupervisorStart, AMemberThatFailsToStartIsForgotten) {  // OTP 12
  under_many_orders([](actor_world& world) {
    world.start_pool(with(one_for_one), spec("worker"), {"w1"});
    world.board->toys["w2"].failing_starts = 1;
    const auto answer = world.give(starting({spec("w2"), {}}));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->what, outcome::not_started);
    EXPECT_EQ(answer->text, "can't start");
    EXPECT_THAT(world.ids(), ElementsAre("w1"));
    EXPECT_EQ(world.view().budget_left, 3);
    EXPECT_EQ(world.answer_to(starting({spec("w2"), {}})), outcome::done);
  });
}

TEST(SupervisorStart, WhatIsNotSaidIsPermanentWithFiveSecondsForAWorkerAndNoLimitForASupervisor) {  // OTP 13
  actor_world world;
  const auto inner = supervisor_child({.id = "inner"}, {.children = {world.toy({.id = "patient"})}});
  world.start(with(one_for_one), {world.toy({.id = "a"}), inner});
  EXPECT_EQ(world.view_of("a").restart, restart_kind::permanent);
  EXPECT_EQ(world.view_of("a").kind, child_kind::worker);
  EXPECT_EQ(world.view_of("inner").kind, child_kind::supervisor);
  world.board->toys["a"].deaf = world.board->toys["patient"].deaf = true;
  world.commands().terminate_child("inner");
  world.pass(5s - 1ms);
  EXPECT_TRUE(world.runs("patient"));
  world.pass(2ms);
  EXPECT_FALSE(world.runs("patient")) << "after its own 5 s; its supervisor was not killed before";
  EXPECT_THAT(world.texts_of("child-stopped-wrongly"),
              ElementsAre("killed: CAF: kill"));  // The worker, and nobody else.
  world.commands().stop();
  world.pass(5s - 1ms);
  EXPECT_TRUE(world.runs("a"));
  world.pass(2ms);
  EXPECT_TRUE(world.ended);
}

TEST(SupervisorStart, MembersHaveWhatTheTemplateSays) {  // OTP 14
  under_many_orders([](actor_world& world) {
    auto member = spec("worker", restart_kind::transient);
    member.stop = stop_limit::within(7s);
    world.start_pool(with(one_for_one), member, {"w1"});
    EXPECT_EQ(world.view_of("w1").restart, restart_kind::transient);
    EXPECT_THAT(world.ids(), ElementsAre("w1"));
    world.board->toys["w1"].deaf = true;
    world.commands().terminate_child("w1");
    world.pass(7s - 1ms);
    EXPECT_TRUE(world.runs("w1"));
    world.pass(2ms);
    EXPECT_FALSE(world.runs("w1"));
  });
}

/// What is wrong with a list is found before anything starts; a command's spec, before anything changes.
struct refusal_case {
  std::string pointer;
  child_spec spec;
};
std::vector<refusal_case> bad_specs() {
  std::vector<refusal_case> bad{{"/id", spec("")}};
  bad.push_back({"/stop", spec("a")});
  bad.back().spec.stop = stop_limit::within(-1ms);
  bad.push_back({"/ready_within", spec("a")});
  bad.back().spec.ready_within = -1ms;
  bad.push_back({"/significant", spec("a")});
  bad.back().spec.significant = true;  // Permanent ones can't be.
  bad.push_back({"/significant", spec("a", restart_kind::transient)});
  bad.back().spec.significant = true;  // And nobody can when the supervisor never ends with them.
  bad.push_back({"/restart", spec("a")});
  bad.back().spec.restart = static_cast<restart_kind>(99);
  bad.push_back({"/kind", spec("a")});
  bad.back().spec.kind = static_cast<child_kind>(99);
  return bad;
}

TEST(SupervisorStart, BadSpecsAreRefusedByTheListAndByTheCommand) {  // OTP 15, 16, 17
  for (const auto& [pointer, bad] : bad_specs()) {
    SCOPED_TRACE(pointer);
    actor_world world;
    const auto made = spawn_supervisor(world.system, {.children = {world.toy(spec("z")), world.toy(bad)}});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().problems.at(0).pointer, "/1" + pointer);
    world.start(with(one_for_one), world.toys(specs({"z"})));
    const auto answer = world.give(starting(world.toy(bad)));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->what, outcome::refused);
    ASSERT_FALSE(answer->problems.empty());
    EXPECT_EQ(answer->problems.at(0).pointer, pointer);
    EXPECT_THAT(world.ids(), ElementsAre("z"));
    EXPECT_EQ(world.story(), "start z") << "nothing else was started";
  }
}

TEST(SupervisorStart, EveryValidSpecStarts) {  // OTP 17
  actor_world world;
  auto options = with(one_for_one);
  options.shutdown = auto_shutdown::any_significant;
  std::vector<child_spec> list;
  for (const auto restart : {restart_kind::permanent, restart_kind::transient, restart_kind::temporary})
    for (const auto kind : {child_kind::worker, child_kind::supervisor})
      for (const auto limit : {stop_limit::at_once(), stop_limit::within(1s), stop_limit::unlimited()})
        for (const bool significant : {false, true}) {
          if (significant && restart == restart_kind::permanent) continue;
          auto one = spec("c" + std::to_string(list.size()), restart);
          one.kind = kind;
          one.stop = limit;
          one.significant = significant;
          list.push_back(one);
        }
  world.start(options, world.toys(list));
  EXPECT_FALSE(world.ended);
  for (const auto& one : list) EXPECT_TRUE(world.runs(one.id)) << one.id;
}

TEST(SupervisorStart, APoolHasExactlyOneTemplate) {  // OTP 19
  actor_world world;
  for (const auto& list : {specs({}), specs({"a", "b"})}) {
    const auto made =
        spawn_supervisor(world.system, {.options = with(restart_strategy::pool), .children = world.toys(list)});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().kind, fault_kind::invalid);
  }
  EXPECT_EQ(world.story(), "");
}

TEST(SupervisorStart, EachBadOptionIsRefused) {  // OTP 8, 20
  actor_world world;
  std::vector<supervisor_options> bad(4, with(one_for_one));
  bad[0].period = 0us;
  bad[1].backoff.jitter = 2;
  bad[2].kill_grace = -1s;
  bad[3].backoff.delay_first = -1s;
  for (const auto& options : bad) {
    const auto made = spawn_supervisor(world.system, {.options = options, .children = world.toys(specs({"a"}))});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().kind, fault_kind::invalid);
    EXPECT_EQ(made.error().problems.size(), 1U);
  }
  EXPECT_EQ(world.story(), "");
}

}  // namespace
}  // namespace musiccorp::supervision::testing
