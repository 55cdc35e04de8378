// What becomes of temporary children and members of pools, over real actors: OTP's cases 41, 42 and 44.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/supervision/actor_world.hpp"

namespace musiccorp::supervision::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto one_for_one = restart_strategy::one_for_one;

TEST(SupervisorKinds, ATemporaryBystanderIsNotRestartedAndTheSupervisorLives) {  // OTP 41
  for (const auto strategy : {restart_strategy::one_for_all, restart_strategy::rest_for_one})
    under_many_orders([&](actor_world& world) {
      world.start(with(strategy), world.toys({spec("a"), spec("t", restart_kind::temporary), spec("c")}));
      world.story();
      world.tell_toy("a", "crash x");
      EXPECT_EQ(world.story(), "end a, end c, end t, start a, start c");
      EXPECT_THAT(world.ids(), ElementsAre("a", "c"));
      EXPECT_EQ(world.board->toys["t"].runs, 1);
      EXPECT_FALSE(world.ended);
      world.tell_toy("a", "crash y");  // Nothing of it is left that could disturb a later round.
      EXPECT_TRUE(world.runs("c"));
    });
}

TEST(SupervisorKinds, SpecsOfTemporaryChildrenVanishHoweverTheyEnd) {  // OTP 42
  for (const auto* order : {"crash x", "quit", "shutdown", "leave early", "terminate", "kill"})
    under_many_orders([&](actor_world& world) {
      world.start(with(one_for_one), world.toys({spec("a"), spec("t", restart_kind::temporary)}));
      if (std::string_view{order} == "terminate")
        world.commands().terminate_child("t");
      else if (std::string_view{order} == "kill")
        caf::anon_send_exit(world.board->toys["t"].who, caf::exit_reason::kill);
      else
        world.say("t", order);
      world.run();
      EXPECT_THAT(world.ids(), ElementsAre("a")) << order;
      const auto answer = world.answer_to([](auto to, auto then) { to.restart_child("t", then); });
      EXPECT_EQ(answer, outcome::not_found) << order;
      EXPECT_EQ(world.view().budget_left, 3) << order;
    });
}

TEST(SupervisorKinds, SpecsOfOtherChildrenStayHoweverTheyEnd) {  // OTP 42
  for (const auto restart : {restart_kind::permanent, restart_kind::transient})
    under_many_orders([&](actor_world& world) {
      world.start(with(one_for_one), world.toys({spec("a", restart)}));
      for (const auto* order : {"crash x", "quit"}) {
        world.tell_toy("a", order);
        EXPECT_THAT(world.ids(), ElementsAre("a")) << order;
      }
      world.commands().terminate_child("a");
      world.run();
      EXPECT_THAT(world.ids(), ElementsAre("a"));
      EXPECT_EQ(world.answer_to([](auto to, auto then) { to.restart_child("a", then); }), outcome::done);
      EXPECT_TRUE(world.runs("a"));
    });
}

/// Members that come with start functions of their own: nothing of the dead stays, neither those functions nor
/// anything in view, and the pool serves the next as it served the first.
TEST(SupervisorKinds, APoolKeepsNothingOfItsDead) {  // OTP 44, and 43 for members
  for (const auto restart : {restart_kind::temporary, restart_kind::transient}) {
    actor_world world;
    world.start_pool(with(one_for_one, 5), spec("worker", restart), {});
    const auto held = std::make_shared<std::string>("what a start function captures");
    std::uint64_t first = 0;
    for (int i = 0; i < 300; ++i) {
      const auto id = "w" + std::to_string(i);
      auto member = world.toy(spec(id));
      member.start = [start = member.start, held](const start_context& how) { return start(how); };
      const auto before = world.steps;
      world.commands().start_child(std::move(member));
      member = {};
      world.run();
      EXPECT_EQ(held.use_count(), restart == restart_kind::temporary ? 1 : 2) << "a temporary one never starts again";
      world.tell_toy(id, i % 2 == 0 || restart == restart_kind::transient ? "quit" : "crash x");
      world.board->toys.erase(id);
      ASSERT_EQ(held.use_count(), 1) << id;
      if (i == 0) first = world.steps - before;
      EXPECT_EQ(world.steps - before, first) << id;
    }
    EXPECT_THAT(world.ids(), IsEmpty());
    EXPECT_FALSE(world.ended);
  }
}

}  // namespace
}  // namespace musiccorp::supervision::testing
