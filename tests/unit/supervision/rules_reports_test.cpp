// What is told about restarts, for the numbers: each child that will be started again, once, and why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/supervision/rules_world.hpp"

namespace musiccorp::supervision::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto one_for_one = restart_strategy::one_for_one;
constexpr auto one_for_all = restart_strategy::one_for_all;
constexpr auto rest_for_one = restart_strategy::rest_for_one;

/// "child kind" of each restart that was told, since the last call.
std::vector<std::string> restarts_told(rules_world& world) {
  std::vector<std::string> told;
  for (const auto& one : std::exchange(world.tellings, {}))
    if (one.restarts) told.push_back(one.child + " " + std::string{describe::name_of(*one.restarts)});
  return told;
}

TEST(RestartReports, NameTheVictimAndHowItEnded) {
  for (const auto kind : {end_kind::normal, end_kind::shutdown, end_kind::crash, end_kind::killed,
                          end_kind::exhausted, end_kind::start_failed}) {
    rules_world world{with(one_for_one), specs({"a", "b"})};
    world.start();
    EXPECT_THAT(restarts_told(world), IsEmpty()) << "a first start is no restart";
    world.end("b", {kind, "as told", {}});
    EXPECT_THAT(restarts_told(world), ElementsAre("b " + std::string{describe::name_of(kind)}));
  }
}

TEST(RestartReports, NameNobodyWhoStaysDown) {
  rules_world world{with(one_for_one, 1),
                    {spec("a", restart_kind::transient), spec("t", restart_kind::temporary), spec("p")}};
  world.start();
  world.end("a", work_done);
  world.crash("t");
  EXPECT_THAT(restarts_told(world), IsEmpty());
  world.crash("p");
  EXPECT_THAT(restarts_told(world), ElementsAre("p crash"));
  world.crash("p");  // The budget is used up.
  EXPECT_TRUE(world.has_ended());
  EXPECT_THAT(restarts_told(world), IsEmpty());
}

TEST(RestartReports, NameTheSiblingsOfAGroupAsStoppedWithIt) {
  rules_world all{with(one_for_all), specs({"a", "b", "c"})};
  all.start();
  all.crash("b");
  EXPECT_THAT(restarts_told(all), ElementsAre("b crash", "c shutdown", "a shutdown"));

  rules_world rest{with(rest_for_one), specs({"a", "b", "c"})};
  rest.start();
  rest.crash("b");
  EXPECT_THAT(restarts_told(rest), ElementsAre("b crash", "c shutdown"));
}

TEST(RestartReports, LeaveOutSiblingsThatDoNotComeBack) {
  rules_world world{with(one_for_all), {spec("a"), spec("t", restart_kind::temporary), spec("c"), spec("d")}};
  world.start();
  world.terminate_child("c");
  world.crash("d");
  EXPECT_THAT(restarts_told(world), ElementsAre("d crash", "a shutdown"));
}

TEST(RestartReports, CountASiblingThatWasKilledAtItsLimitAsStoppedWithItsGroup) {
  auto limited = spec("a");
  limited.stop = stop_limit::within(1s);
  rules_world world{with(one_for_all), {limited, spec("b")}};
  world.children["a"].deaf = true;
  world.start();
  world.crash("b");
  EXPECT_THAT(restarts_told(world), ElementsAre("b crash"));
  world.pass(1s);
  EXPECT_THAT(restarts_told(world), ElementsAre("a shutdown"));
}

TEST(RestartReports, NameASiblingThatWentAheadByItsOwnEnd) {
  rules_world world{with(one_for_all), specs({"a", "b", "c"})};
  world.start();
  world.holds = true;
  world.crash("c");
  world.crash("a", "by itself");  // b is being stopped.
  world.end_asked("b");
  EXPECT_THAT(restarts_told(world), ElementsAre("c crash", "a crash", "b shutdown"));
  for (const auto* id : {"a", "b", "c"}) EXPECT_TRUE(world.runs(id)) << id;
}

TEST(RestartReports, NameASiblingWhoseStartFailedWhileItsGroupStops) {
  rules_world world{with(one_for_all, 5), specs({"a", "b", "c"})};
  world.start();
  world.children["b"].slow = true;
  world.crash("b");
  restarts_told(world);
  world.crash("a");  // While b has not come up yet: it is stopped with the others.
  EXPECT_THAT(restarts_told(world), ElementsAre("a crash", "b shutdown"));
}

TEST(RestartReports, NameSiblingsThatHadFinishedAndGetANewChance) {
  rules_world world{with(one_for_all), {spec("a"), spec("b", restart_kind::transient)}};
  world.start();
  world.end("b", work_done);
  EXPECT_THAT(restarts_told(world), IsEmpty());
  world.crash("a");
  EXPECT_TRUE(world.runs("b"));
  EXPECT_THAT(restarts_told(world), ElementsAre("a crash", "b shutdown"));
}

TEST(RestartReports, CountEachFailedStartAndWhy) {
  auto prompt = spec("b");
  prompt.ready_within = 2s;
  for (const auto strategy : {one_for_one, one_for_all, rest_for_one}) {
    rules_world world{with(strategy, 10), {spec("a"), prompt}};
    world.start();
    world.children["b"].failing_starts = 2;
    world.crash("b");
    world.pass(0us);
    auto told = restarts_told(world);
    std::erase(told, "a shutdown");
    EXPECT_THAT(told, ElementsAre("b crash", "b crash", "b crash")) << "its end, and two starts";

    world.children["b"].slow = true;
    world.crash("b");
    restarts_told(world);
    world.pass(2s);
    told = restarts_told(world);
    std::erase(told, "a shutdown");
    EXPECT_THAT(told, ElementsAre("b start_failed")) << "it did not come up in time";
  }
}

TEST(RestartReports, LeaveOutFailuresOfCommandsAndOfFirstStarts) {
  rules_world world{with(one_for_one), {}};
  world.start();
  world.children["a"].failing_starts = 1;
  world.start_child(spec("a"));
  EXPECT_THAT(restarts_told(world), IsEmpty());

  rules_world first{with(one_for_one), specs({"a"})};
  first.children["a"].failing_starts = 1;
  first.start();
  EXPECT_THAT(restarts_told(first), IsEmpty());
}

TEST(RestartReports, NameAWedgedSiblingWhenItHasEndedAndComesBack) {
  rules_world world{with(one_for_all), specs({"a", "b"})};
  world.children["a"].immortal = true;
  world.start();
  world.crash("b");
  world.pass(10s);
  EXPECT_EQ(world.state("a"), child_state::wedged);
  EXPECT_THAT(restarts_told(world), ElementsAre("b crash"));
  world.end("a", crash_of("at last"));
  EXPECT_TRUE(world.runs("a"));
  EXPECT_THAT(restarts_told(world), ElementsAre("a wedged"));
}

/// The law, over random lives: told restarts are the starts that are not a child's first, if nothing is left pending.
TEST(RestartReports, AreAsManyAsThereAreStartsBeyondTheFirst) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    base::random_source random{seed};
    const auto strategy = std::vector{one_for_one, one_for_all, rest_for_one}[random.below(3)];
    const std::vector<std::string> ids{"a", "b", "c", "d"};
    rules_world world{with(strategy, 1'000'000),
                      {spec("a"), spec("b", restart_kind::transient), spec("c"), spec("d")}};
    world.holds = random.below(2) == 0;
    world.start();
    for (int step = 0; step < 40; ++step) {
      const auto& id = ids[random.below(ids.size())];
      if (!world.runs(id)) continue;
      switch (random.below(4)) {
        case 0:
          world.end(id, work_done);
          break;
        case 1:
          world.children[id].failing_starts = static_cast<int>(random.below(3));
          [[fallthrough]];
        default:
          world.crash(id);
      }
      world.pass(1ms);
    }
    world.holds = false;
    for (int round = 0; round < 8; ++round)
      for (const auto& id : ids)
        if (world.runs(id) && world.state(id) == child_state::stopping) world.end_asked(id);
    world.pass(1s);
    std::ptrdiff_t again = 0;
    for (const auto& id : ids) again += world.starts[id] - 1;
    const auto told = std::ranges::count_if(world.tellings, [](const tell& one) { return one.restarts.has_value(); });
    EXPECT_EQ(told, again);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace musiccorp::supervision::testing
