// Which end leads to a restart: OTP's cases 32 to 44.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/supervision/rules_world.hpp"

namespace musiccorp::supervision::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto one_for_one = restart_strategy::one_for_one;

TEST(RestartKinds, DecideByTheReason) {  // OTP 32 to 40, by strategy and by pool
  const end_reason with_detail{end_kind::shutdown, "the shop closes", {}};
  struct expectation {
    restart_kind restart;
    end_reason why;
    bool again;
  };
  const std::vector<expectation> table{{restart_kind::permanent, work_done, true},
                                       {restart_kind::permanent, asked, true},
                                       {restart_kind::permanent, with_detail, true},
                                       {restart_kind::permanent, crash_of(), true},
                                       {restart_kind::transient, work_done, false},
                                       {restart_kind::transient, asked, false},
                                       {restart_kind::transient, with_detail, false},
                                       {restart_kind::transient, crash_of(), true},
                                       {restart_kind::temporary, work_done, false},
                                       {restart_kind::temporary, asked, false},
                                       {restart_kind::temporary, with_detail, false},
                                       {restart_kind::temporary, crash_of(), false},
                                       {restart_kind::transient, {end_kind::killed, {}, {}}, true},
                                       {restart_kind::transient, {end_kind::exhausted, {}, {}}, true},
                                       {restart_kind::transient, {end_kind::start_failed, {}, {}}, true}};
  for (const auto strategy :
       {one_for_one, restart_strategy::one_for_all, restart_strategy::rest_for_one, restart_strategy::pool})
    for (const auto& [restart, why, again] : table) {
      rules_world world{with(strategy), {spec("a", restart)}};
      world.start();
      if (strategy == restart_strategy::pool) world.start_child(spec("a"));
      world.end("a", why);
      EXPECT_EQ(world.runs("a"), again) << describe::name_of(restart) << " " << describe::name_of(why.kind);
      EXPECT_EQ(world.rules.budget_left(world.now), again ? 2U : 3U);
      const bool kept = again || (restart != restart_kind::temporary && strategy != restart_strategy::pool);
      EXPECT_EQ(world.rules.state_of("a").has_value(), kept);
      EXPECT_FALSE(world.has_ended());
    }
}

TEST(RestartKinds, ATransientChildThatFinishedKeepsItsSpec) {
  rules_world world{with(one_for_one), {spec("a", restart_kind::transient)}};
  world.start();
  world.end("a", work_done);
  EXPECT_EQ(world.state("a"), child_state::finished);
  EXPECT_EQ(world.answer(world.restart_child("a")), outcome::done);
}

TEST(RestartKinds, ATemporaryBystanderIsNotRestartedAndTheSupervisorLives) {  // OTP 41
  for (const auto strategy : {restart_strategy::one_for_all, restart_strategy::rest_for_one}) {
    rules_world world{with(strategy), {spec("a"), spec("t", restart_kind::temporary), spec("c")}};
    world.start();
    world.crash("a");
    EXPECT_TRUE(world.runs("a"));
    EXPECT_TRUE(world.runs("c"));
    EXPECT_THAT(world.rules.ids(), ElementsAre("a", "c"));
    EXPECT_FALSE(world.has_ended());
  }
}

TEST(RestartKinds, SpecsOfTemporaryChildrenVanishHoweverTheyEnd) {  // OTP 42, 43
  const auto ways = std::vector<std::function<void(rules_world&)>>{
      [](auto& world) { world.crash("t"); }, [](auto& world) { world.end("t", work_done); },
      [](auto& world) { world.end("t", asked); }, [](auto& world) { world.terminate_child("t"); }};
  for (const auto& end : ways) {
    rules_world world{with(one_for_one), {spec("a"), spec("t", restart_kind::temporary)}};
    world.start();
    end(world);
    EXPECT_THAT(world.rules.ids(), ElementsAre("a"));
    EXPECT_TRUE(world.forgotten.contains("t"));  // What starts it, with all that it holds, may go.
    EXPECT_EQ(world.rules.counts().active, 1U);
  }
}

TEST(RestartKinds, SpecsOfOtherChildrenStayHoweverTheyEnd) {  // OTP 42
  for (const auto restart : {restart_kind::permanent, restart_kind::transient}) {
    rules_world world{with(one_for_one), {spec("a", restart)}};
    world.start();
    world.crash("a");
    world.end("a", work_done);
    world.terminate_child("a");
    EXPECT_THAT(world.rules.ids(), ElementsAre("a"));
    EXPECT_THAT(world.forgotten, IsEmpty());
  }
}

TEST(RestartKinds, APoolKeepsNothingOfTheDead) {  // OTP 44
  rules_world world{with(restart_strategy::pool), {spec("worker", restart_kind::temporary)}};
  world.start();
  for (int i = 0; i < 5000; ++i) {
    const auto id = "w" + std::to_string(i);
    world.start_child(spec(id));
    world.crash(id);
  }
  EXPECT_THAT(world.rules.ids(), IsEmpty());
  EXPECT_EQ(world.forgotten.size(), 5000U);
  EXPECT_FALSE(world.rules.next_due(world.now));
}

TEST(RestartKinds, CausesAreKeptWithTextAndTime) {
  rules_world world{with(one_for_one, 100), specs({"a"})};
  world.start();
  for (int i = 0; i < 7; ++i) world.crash("a", "boom " + std::to_string(i));
  const auto number = world.running.at("a").child;
  const wall_time time{instant{std::chrono::days{20'000}}, world.now};
  const auto seen = world.rules.view_of(number, time);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->restarts, 7);
  ASSERT_EQ(seen->causes.size(), supervisor_rules::causes_max);
  EXPECT_EQ(seen->causes.front().text, "boom 2");
  EXPECT_EQ(seen->causes.back().text, "boom 6");
  EXPECT_EQ(seen->causes.back().at, time.now);
}

}  // namespace
}  // namespace musiccorp::supervision::testing
