// The edges beyond OTP's list: hooks that throw, a supervisor that dies in the middle of a plan, ends told twice, old
// runs that speak, children that never fall silent, clocks that jump.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/supervision/actor_world.hpp"

namespace musiccorp::supervision::testing {
namespace {

constexpr auto one_for_one = restart_strategy::one_for_one;
constexpr auto strategies = {one_for_one, restart_strategy::one_for_all, restart_strategy::rest_for_one};

void kill(const caf::actor& who) { caf::anon_send_exit(who, caf::exit_reason::kill); }

/// Keeps the address of whatever supervisor runs there now.
supervised_child watched(supervised_child inner, caf::actor_addr& address) {
  inner.start = [&address, begin = inner.start](const start_context& how) {
    auto begun = begin(how);
    if (begun) address = begun->who.address();
    return begun;
  };
  return inner;
}

TEST(SupervisorEdges, ARebuildFunctionThatThrowsHarmsNobody) {  // crash in a hook
  under_many_orders([](actor_world& world) {
    auto list = specs({"a", "b", "c"});
    for (auto& one : list) one.rebuilds = true;
    auto children = world.toys(list);
    children[1].start = [start = children[1].start](const start_context& how) {
      auto begun = start(how);
      begun->rebuild = [] { throw std::runtime_error{"not now"}; };
      return begun;
    };
    world.start(with(restart_strategy::one_for_all), children);
    world.tell_toy("a", "in place m");
    EXPECT_EQ(world.board->toys["c"].rebuilds, 1) << "the next one is asked all the same";
    for (const auto* id : {"a", "b", "c"}) EXPECT_EQ(world.board->toys[id].runs, 1);
    EXPECT_FALSE(world.ended);
  });
}

/// What it calls is its own code: it dies of it, in the middle of whatever it did, and its parent acts.
TEST(SupervisorEdges, ASupervisorWhoseHookThrowsDiesAndIsRestartedWithItsChildren) {  // crash in a hook
  for (const auto strategy : strategies)
    under_many_orders([&](actor_world& world) {
      bool armed = true;
      supervisor_setup setup{.options = with(strategy), .children = world.toys(specs({"w1", "w2", "w3"}))};
      setup.observe = [&](const std::string&, const tell& what) {
        if (what.event == "child-ended" && std::exchange(armed, false)) throw std::runtime_error{"a bug of the hook"};
      };
      world.start(with(one_for_one), {world.toy(spec("a")), supervisor_child(spec("inner"), std::move(setup))});
      world.tell_toy("w2", "crash x");
      EXPECT_FALSE(armed);
      for (const auto* id : {"w1", "w2", "w3"}) EXPECT_EQ(world.board->toys[id].runs, 2) << id;
      EXPECT_EQ(world.board->toys["a"].runs, 1);
      EXPECT_EQ(world.view_of("inner").state, child_state::up);
      EXPECT_EQ(world.view_of("inner").causes.back().text, "a bug of the hook");
    });
}

/// Killed after so many messages of a restart of its group, and of a start that fails: whatever it had begun, its
/// next run has each child once, and nothing is left of the former.
TEST(SupervisorEdges, ASupervisorThatDiesInTheMiddleOfAPlanLeavesNothingBehind) {  // supervisor crash during a plan
  for (const auto strategy : strategies)
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
      SCOPED_TRACE("seed " + std::to_string(seed));
      actor_world world{seed};
      caf::actor_addr inner_address;
      const auto inner = watched(supervisor_child(spec("inner"), {.options = with(strategy, 100),
                                                                  .children = world.toys(specs({"w1", "w2", "w3"}))}),
                                 inner_address);
      world.start(with(one_for_one, 10), {world.toy(spec("a")), inner});
      world.board->toys["w2"].failing_starts = static_cast<int>(seed % 3);
      world.say(seed % 2 == 0 ? "w1" : "w3", "crash x");
      world.say("w2", "crash y");
      world.run_steps(world.random.below(12));
      kill(caf::actor_cast<caf::actor>(inner_address));
      world.run();  // A toy that would run twice tells.
      ASSERT_FALSE(world.ended);
      for (const auto* id : {"a", "w1", "w2", "w3"}) EXPECT_TRUE(world.runs(id)) << id;
      EXPECT_EQ(world.view_of("inner").state, child_state::up);
      EXPECT_EQ(world.view_of("inner").supervises.size(), 1U);
    }
}

/// Each time with a stop instead of a restart: the parent's stop goes through, too.
TEST(SupervisorEdges, AStopMeetsASupervisorThatDies) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    actor_world world{seed};
    caf::actor_addr inner_address;
    const auto inner =
        watched(supervisor_child(spec("inner"), {.children = world.toys(specs({"w1", "w2"}))}), inner_address);
    world.start(with(one_for_one), {world.toy(spec("a")), inner});
    world.commands().stop();
    world.run_steps(world.random.below(6));
    if (const auto who = caf::actor_cast<caf::actor>(inner_address)) kill(who);
    world.run();
    ASSERT_TRUE(world.ended);
    EXPECT_EQ(world.ended->kind, end_kind::shutdown);
  }
}

TEST(SupervisorEdges, TwoThatCrashInOneTickCostTwoUnlessTheGroupStopsAnyway) {  // two crash in one tick
  for (const auto strategy : strategies)
    under_many_orders([&](actor_world& world) {
      world.start(with(strategy, 5), world.toys(specs({"a", "b", "c"})));
      world.say("b", "crash 1");
      world.say("c", "crash 2");
      world.run();
      for (const auto* id : {"a", "b", "c"}) EXPECT_TRUE(world.runs(id)) << id;
      const auto left = world.view().budget_left;
      EXPECT_GE(left, 3);
      EXPECT_LE(left, strategy == one_for_one ? 3 : 4);
    });
}

TEST(SupervisorEdges, AnEndThatIsToldTwiceChangesNothing) {  // duplicate down
  under_many_orders([](actor_world& world) {
    world.start(with(one_for_one), world.toys(specs({"a"})));
    const auto first = world.board->toys["a"].who.address();
    const caf::down_msg again{first, to_error(crash_of("x"))};
    world.say("a", "crash x");
    while (world.runs("a")) world.run_steps(1);
    for (int i = 0; i < 3; ++i) caf::anon_send(world.root, again);  // Behind the true one, or before it.
    world.run();
    caf::anon_send(world.root, again);
    world.run();
    EXPECT_EQ(world.board->toys["a"].runs, 2);
    EXPECT_EQ(world.view().budget_left, 2);
  });
}

TEST(SupervisorEdges, ALinkOfAnEarlierRunSaysNothing) {  // reply after epoch change
  under_many_orders([](actor_world& world) {
    auto slow = spec("a");
    slow.ready_within = 10s;
    world.start(with(one_for_one, 5), world.toys({slow}));
    const auto former = world.board->toys["a"].link;
    world.board->toys["a"].slow = true;
    world.tell_toy("a", "crash x");
    former.up();
    former.crashed({.message = "m", .text = "long ago"});
    world.run();
    EXPECT_EQ(world.view_of("a").state, child_state::starting) << "it has not said so itself";
    EXPECT_EQ(world.view_of("a").rebuilds, 0);
    EXPECT_EQ(world.view().budget_left, 4);
    world.tell_toy("a", "up");
    EXPECT_EQ(world.view_of("a").state, child_state::up);
  });
}

TEST(SupervisorEdges, AChildThatNeverStopsTalkingToItselfIsStoppedAndRestartedAllTheSame) {  // self-send storm
  under_many_orders([](actor_world& world) {
    world.start(with(one_for_one), world.toys(specs({"a", "b"})));
    world.say("a", "storm");
    world.run_steps(500);
    EXPECT_GT(world.board->toys["a"].storms, 100);
    world.commands().replace_child("a");
    world.run();  // Ends: the new run has no storm.
    EXPECT_EQ(world.board->toys["a"].runs, 2);
    world.say("a", "storm");
    world.run_steps(500);
    world.commands().stop();
    world.run();
    EXPECT_TRUE(world.ended);
    EXPECT_FALSE(world.told("child-stopped-wrongly")) << "it was asked, and answered";
  });
}

TEST(SupervisorEdges, AJumpOfTheWallClockSpendsNothingAndWakesNobody) {  // clock jump
  for (const duration jump : {duration{24h}, duration{-24h}})
    under_many_orders([&](actor_world& world) {
      auto options = with(one_for_one, 3);
      options.backoff = {.delay_first = 1s, .delay_max = 1s, .jitter = 0, .immediate = 0};
      world.start(options, world.toys(specs({"a"})));
      world.tell_toy("a", "crash x");
      world.clock->advance(jump);
      world.pass(999ms);
      EXPECT_FALSE(world.runs("a"));
      EXPECT_EQ(world.view().budget_left, 2) << "neither refilled nor used up";
      world.pass(1ms + 1us);
      EXPECT_TRUE(world.runs("a"));
      world.pass(5s);
      EXPECT_EQ(world.view().budget_left, 3);
    });
}

TEST(SupervisorEdges, ACrashInPlaceWhileStoppingIsNoReasonToDoAnything) {  // crash while draining
  under_many_orders([](actor_world& world) {
    auto list = specs({"a", "b"});
    for (auto& one : list) one.rebuilds = true;
    world.start(with(restart_strategy::one_for_all, 0), world.toys(list));
    for (const auto* id : {"a", "b"}) {
      world.say(id, "in place m1");
      world.board->toys[id].deaf = true;
    }
    world.commands().stop();
    world.run_steps(world.random.below(8));
    for (const auto* id : {"a", "b"}) world.say(id, "in place m2");
    world.run();
    for (const auto* id : {"a", "b"}) world.board->toys[id].deaf = false;
    world.pass(20s);
    ASSERT_TRUE(world.ended);
    EXPECT_TRUE(world.ended->kind == end_kind::shutdown || world.ended->kind == end_kind::exhausted);
    for (const auto* id : {"a", "b"}) EXPECT_EQ(world.board->toys[id].runs, 1);
  });
}

}  // namespace
}  // namespace musiccorp::supervision::testing
