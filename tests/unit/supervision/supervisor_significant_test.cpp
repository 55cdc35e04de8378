// Ending with one's significant children, over real actors: OTP's cases 61 to 65 and 67. (66: SupervisorActor.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/supervision/actor_world.hpp"

namespace musiccorp::supervision::testing {
namespace {

constexpr auto one_for_one = restart_strategy::one_for_one;
constexpr auto modes = {auto_shutdown::never, auto_shutdown::any_significant, auto_shutdown::all_significant};
constexpr auto ending_modes = {auto_shutdown::any_significant, auto_shutdown::all_significant};
constexpr auto ways = {"quit", "shutdown", "crash x", "kill"};

child_spec significant(std::string id, restart_kind restart) {
  auto one = spec(std::move(id), restart);
  one.significant = true;
  return one;
}
supervisor_options ending(auto_shutdown mode, restart_strategy strategy = one_for_one) {
  auto options = with(strategy, 100);
  options.shutdown = mode;
  return options;
}
void end(actor_world& world, const std::string& id, std::string_view way) {
  if (way == "kill")
    caf::anon_send_exit(world.board->toys[id].who, caf::exit_reason::kill);
  else
    world.say(id, std::string{way});
}
void end_and_run(actor_world& world, const std::string& id, std::string_view way) {
  end(world, id, way);
  world.run();
}

TEST(SupervisorSignificant, OthersNeverEndIt) {  // OTP 61
  for (const auto mode : modes)
    for (const auto* way : ways)
      under_many_orders([&](actor_world& world) {
        world.start(ending(mode),
                    world.toys({spec("a", restart_kind::temporary), spec("b", restart_kind::transient), spec("z")}));
        end(world, "a", way);
        end(world, "b", way);
        world.run();
        EXPECT_FALSE(world.ended) << way;
        EXPECT_TRUE(world.runs("z"));
      });
}

TEST(SupervisorSignificant, ATemporaryOneEndsItHoweverItEnds) {  // OTP 62
  for (const auto* way : ways) {
    under_many_orders([&](actor_world& any) {
      any.start(ending(auto_shutdown::any_significant),
                any.toys({significant("a", restart_kind::temporary), spec("c"),
                          significant("b", restart_kind::temporary)}));
      end_and_run(any, "a", way);
      ASSERT_TRUE(any.ended) << way;
      EXPECT_EQ(any.ended->kind, end_kind::shutdown);
      EXPECT_EQ(any.story(), "start a, start c, start b, end a, end b, end c");
    });
    under_many_orders([&](actor_world& all) {
      all.start(ending(auto_shutdown::all_significant),
                all.toys({significant("a", restart_kind::temporary), spec("c"),
                          significant("b", restart_kind::temporary)}));
      const bool a_first = all.random.below(2) == 0;
      end_and_run(all, a_first ? "a" : "b", way);
      EXPECT_FALSE(all.ended) << way;
      end_and_run(all, a_first ? "b" : "a", way);
      ASSERT_TRUE(all.ended) << way;
      EXPECT_FALSE(all.runs("c"));
    });
  }
}

/// Both at once, in any order: the last of them ends it, once.
TEST(SupervisorSignificant, TwoThatEndInOneTickEndItOnce) {  // OTP 62
  for (const auto mode : ending_modes)
    under_many_orders([&](actor_world& world) {
      world.start(ending(mode), world.toys({significant("a", restart_kind::temporary), spec("c"),
                                            significant("b", restart_kind::temporary)}));
      end(world, "a", "crash x");
      end(world, "b", "quit");
      world.run();
      ASSERT_TRUE(world.ended);
      EXPECT_EQ(world.ended->kind, end_kind::shutdown);
      EXPECT_FALSE(world.runs("c"));
    });
}

TEST(SupervisorSignificant, ATransientOneEndsItOnlyWhenItEndsForGood) {  // OTP 63
  for (const auto mode : ending_modes)
    for (const auto* way : ways)
      under_many_orders([&](actor_world& world) {
        world.start(ending(mode), world.toys({spec("z"), significant("a", restart_kind::transient)}));
        end_and_run(world, "a", way);
        const bool for_good = std::string_view{way} == "quit" || std::string_view{way} == "shutdown";
        EXPECT_EQ(world.ended.has_value(), for_good) << way;
        EXPECT_EQ(world.runs("a"), !for_good) << way;
        if (for_good) return;
        end_and_run(world, "a", "quit");  // It still counts after its restart.
        EXPECT_TRUE(world.ended) << way;
      });
}

TEST(SupervisorSignificant, MembersOfAPoolEndItToo) {  // OTP 64
  for (const auto mode : ending_modes)
    under_many_orders([&](actor_world& world) {
      world.start_pool(ending(mode), significant("worker", restart_kind::transient), {"w1", "w2", "w3"});
      end_and_run(world, "w1", "crash x");
      EXPECT_FALSE(world.ended);
      end_and_run(world, "w1", "quit");
      EXPECT_EQ(world.ended.has_value(), mode == auto_shutdown::any_significant);
      if (world.ended) return;
      end(world, "w2", "quit");
      end(world, "w3", "shutdown");
      world.run();
      EXPECT_TRUE(world.ended);
    });
}

TEST(SupervisorSignificant, BystandersAndCommandsEndNothing) {  // OTP 65
  for (const auto strategy : {one_for_one, restart_strategy::one_for_all, restart_strategy::rest_for_one})
    for (const auto mode : ending_modes)
      under_many_orders([&](actor_world& world) {
        world.start(ending(mode, strategy), world.toys({spec("a"), significant("t", restart_kind::temporary),
                                                        significant("b", restart_kind::transient)}));
        world.tell_toy("a", "crash x");
        EXPECT_FALSE(world.ended);
        EXPECT_EQ(world.runs("t"), strategy == one_for_one) << "a bystander of the others";
        world.commands().terminate_child("b");
        world.run();
        EXPECT_FALSE(world.ended);
        EXPECT_TRUE(world.runs("a"));
      });
}

TEST(SupervisorSignificant, TheModeAndTheFlagCanChangeAtRunTime) {  // OTP 67
  const auto list_for = [](auto_shutdown mode) {
    std::vector<child_spec> list{spec("a", restart_kind::transient), spec("b", restart_kind::transient), spec("z")};
    list[0].significant = list[1].significant = mode != auto_shutdown::never;
    return list;
  };
  for (const auto from : modes)
    for (const auto to : modes)
      under_many_orders([&](actor_world& world) {
        world.start(ending(from), world.toys(list_for(from)));
        const auto changed = world.answer_to(
            [&](auto supervisor, auto then) { supervisor.change(ending(to), world.toys(list_for(to)), then); });
        EXPECT_EQ(changed, outcome::done);
        end_and_run(world, "a", "quit");
        EXPECT_EQ(world.ended.has_value(), to == auto_shutdown::any_significant);
        if (world.ended) return;
        end_and_run(world, "b", "quit");
        EXPECT_EQ(world.ended.has_value(), to == auto_shutdown::all_significant);
        EXPECT_EQ(world.runs("z"), to != auto_shutdown::all_significant);
      });
}

}  // namespace
}  // namespace musiccorp::supervision::testing
