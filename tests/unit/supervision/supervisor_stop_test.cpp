// Stopping over real actors: OTP's cases 25 to 28, 59, 60 and 70.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/supervision/actor_world.hpp"

namespace musiccorp::supervision::testing {
namespace {

using ::testing::AnyOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto one_for_one = restart_strategy::one_for_one;
constexpr auto restart_kinds = {restart_kind::permanent, restart_kind::transient, restart_kind::temporary};

child_spec limited(std::string id, stop_limit limit) {
  auto one = spec(std::move(id));
  one.stop = limit;
  return one;
}

TEST(SupervisorStop, ABrutalKillOfTenMembersAsksNobodyAndWaitsForNoQueue) {  // OTP 25
  under_many_orders([](actor_world& world) {
    const auto ids = {"w0", "w1", "w2", "w3", "w4", "w5", "w6", "w7", "w8", "w9"};
    world.start_pool(with(one_for_one), limited("worker", stop_limit::at_once()), ids);
    for (const auto* id : ids) {
      world.board->toys[id].says = crash_of("it was asked");
      for (int i = 0; i < 10; ++i) world.say(id, "nothing");
    }
    world.commands().stop();
    world.run();  // No time passes.
    ASSERT_TRUE(world.ended);
    for (const auto* id : ids) EXPECT_FALSE(world.runs(id));
    EXPECT_THAT(world.texts_of("children-stopped-wrongly"), IsEmpty()) << "they were killed, as their spec says";
  });
}

/// Each answer to a request to stop, by each restart kind.
TEST(SupervisorStop, CompletesWhateverTheChildrenAnswerAndTellsWrongEnds) {  // OTP 26
  const std::vector<end_reason> answers{work_done,
                                        asked,
                                        {end_kind::shutdown, "with a detail", {}},
                                        crash_of("late"),
                                        {end_kind::killed, "by whom", {}},
                                        {end_kind::exhausted, "inside", {}}};
  for (const auto restart : restart_kinds)
    for (const auto& why : answers)
      under_many_orders([&](actor_world& world) {
        world.board->toys["a"].says = why;
        world.start(with(one_for_one, 0), world.toys({spec("z"), spec("a", restart), spec("b")}));
        world.commands().stop();
        world.run();
        ASSERT_TRUE(world.ended);
        EXPECT_EQ(world.ended->kind, end_kind::shutdown);
        EXPECT_EQ(world.story(), "start z, start a, start b, end b, end a, end z");
        const bool right =
            why.kind == end_kind::shutdown || (why.kind == end_kind::normal && restart != restart_kind::permanent);
        const auto told = world.texts_of("child-stopped-wrongly");
        ASSERT_EQ(told.size(), right ? 0U : 1U) << describe::name_of(restart) << " " << describe::name_of(why.kind);
        if (right) return;
        EXPECT_EQ(told[0], std::string{describe::name_of(why.kind)} + (why.text.empty() ? "" : ": " + why.text));
      });
}

/// Children that end by themselves, in each way, while the request is under way to any of them.
TEST(SupervisorStop, CompletesWhenItsChildrenEndByThemselvesMeanwhile) {  // OTP 26
  for (const auto restart : restart_kinds)
    for (const auto* order : {"quit", "shutdown", "leave early", "crash x", "kill"})
      under_many_orders([&](actor_world& world) {
        const std::vector ids{"a", "b", "c"};
        world.start(with(one_for_one, 0), world.toys({spec("a", restart), spec("b", restart), spec("c", restart)}));
        world.commands().stop();
        world.run_steps(world.random.below(4));
        for (const auto* id : ids) {
          if (world.board->toys[id].alive == 0) continue;
          if (std::string_view{order} == "kill")
            caf::anon_send_exit(world.board->toys[id].who, caf::exit_reason::kill);
          else
            world.say(id, order);
        }
        world.run();
        ASSERT_TRUE(world.ended);
        EXPECT_EQ(world.ended->kind, end_kind::shutdown);
        for (const auto* id : ids) EXPECT_EQ(world.board->toys[id].runs, 1) << "nobody is restarted any more";
        EXPECT_THAT(world.texts_of("child-stopped-wrongly"), Each(AnyOf("normal", "crash: x", "killed: CAF: kill")))
            << "the reason as it was";
      });
}

TEST(SupervisorStop, WrongEndsOfMembersAreToldOnceWithTheirCount) {  // OTP 27, 70
  under_many_orders([](actor_world& world) {
    const auto ids = {"w0", "w1", "w2", "w3", "w4", "w5"};
    world.start_pool(with(one_for_one), spec("worker"), ids);
    for (const auto* id : ids) world.board->toys[id].says = crash_of("late");
    world.board->toys["w0"].says = asked;
    world.board->toys["w1"].says = {end_kind::exhausted, "inside", {}};
    world.commands().stop();
    world.run();
    ASSERT_TRUE(world.ended);
    EXPECT_EQ(world.ended->kind, end_kind::shutdown);
    EXPECT_THAT(world.texts_of("children-stopped-wrongly"),
                ElementsAre("4 times crash: late", "1 times exhausted: inside"));
    EXPECT_FALSE(world.told("child-stopped-wrongly"));
  });
}

TEST(SupervisorStop, SlowMembersTakeTheTimeOfOneAndOnlyTheLateOneIsKilled) {  // OTP 28
  under_many_orders([](actor_world& world) {
    const auto ids = {"w0", "w1", "w2", "w3"};
    world.start_pool(with(one_for_one), limited("worker", stop_limit::within(5s)), ids);
    for (const auto* id : ids) world.board->toys[id].deaf = true;
    world.commands().stop();
    world.pass(4s);  // All of them at work for so long.
    EXPECT_FALSE(world.ended);
    for (const auto* id : {"w0", "w1", "w3"}) world.tell_toy(id, "shutdown");
    world.pass(1s - 1ms);
    EXPECT_TRUE(world.runs("w2"));
    world.pass(2ms);
    ASSERT_TRUE(world.ended);
    EXPECT_THAT(world.texts_of("children-stopped-wrongly"), ElementsAre("1 times killed: CAF: kill"));
  });
}

TEST(SupervisorStop, ARestartedTailStopsInReverseToo) {  // OTP 58
  under_many_orders([](actor_world& world) {
    world.start(with(restart_strategy::rest_for_one), world.toys(specs({"zoo", "ant", "mole", "bee"})));
    world.tell_toy("ant", "crash x");
    world.story();
    world.commands().stop();
    world.run();
    EXPECT_EQ(world.story(), "end bee, end mole, end ant, end zoo");
  });
}

/// A report is one line of the log, whatever an exception says, and not longer than people can bear.
TEST(SupervisorStop, ReportsAreSingleLinesOfBoundedLength) {  // OTP 70
  actor_world world;
  world.start(with(one_for_one), world.toys(specs({"a"})));
  world.tell_toy("a", "crash first\nsecond\t\x1b[31m" + std::string(200'000, 'x'));
  std::size_t found = 0;
  for (const auto& line : world.logs.lines()) {
    EXPECT_THAT(line, ::testing::Not(HasSubstr("\n")));
    EXPECT_LT(line.size(), 20'000U);
    if (line.find("child-ended") != std::string::npos) ++found;
  }
  EXPECT_EQ(found, 1U);
}

/// Messages handled from the first start to the end, by so many children; counted, because time is the machine's.
std::uint64_t messages_of_a_life(restart_strategy strategy, int children, bool killed) {
  actor_world world;
  std::vector<child_spec> list;
  for (int i = 0; i < children; ++i)
    list.push_back(limited("c" + std::to_string(i), killed ? stop_limit::at_once() : stop_limit::within(5s)));
  if (strategy == restart_strategy::pool) {
    world.start_pool(with(strategy), list.front(), {});
    for (const auto& one : list) world.commands().start_child({one, {}});
    world.run();
  } else {
    world.start(with(strategy), world.toys(list));
  }
  world.commands().stop();
  world.run();
  EXPECT_TRUE(world.ended);
  return world.steps;
}

TEST(SupervisorStop, StartingAndEndingMoreChildrenTakesNoMoreMessagesForEach) {  // OTP 59, 60
  for (const auto strategy : {one_for_one, restart_strategy::one_for_all, restart_strategy::pool})
    for (const bool killed : {false, true}) {
      const auto few = messages_of_a_life(strategy, 20, killed), many = messages_of_a_life(strategy, 400, killed);
      EXPECT_LE(many, 21 * few) << describe::name_of(strategy);
    }
}

}  // namespace
}  // namespace musiccorp::supervision::testing
