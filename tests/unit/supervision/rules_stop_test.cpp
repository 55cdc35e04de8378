// Stopping: OTP's cases 21 to 28, and what an actor runtime that can't pre-empt needs beyond.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>

#include "unit/supervision/rules_world.hpp"

namespace musiccorp::supervision::testing {
namespace {

constexpr auto one_for_one = restart_strategy::one_for_one;

child_spec with_limit(std::string id, stop_limit limit) {
  auto one = spec(std::move(id));
  one.stop = limit;
  return one;
}
std::vector<std::string> start_members(rules_world& world, int count) {
  std::vector<std::string> ids;
  for (int i = 0; i < count; ++i) {
    ids.push_back("w" + std::to_string(i));
    world.start_child(spec(ids.back()));
  }
  return ids;
}

TEST(StoppingChildren, HappensInReverseAndEachWaitsForTheOneBefore) {  // OTP 58
  rules_world world{with(one_for_one), specs({"zoo", "ant", "mole"})};
  world.start();
  world.holds = true;
  world.story();
  world.stop();
  EXPECT_EQ(world.story(), "stop mole");
  world.end_asked("mole");
  EXPECT_EQ(world.story(), "end mole, stop ant");
  world.end_asked("ant");
  world.end_asked("zoo");
  EXPECT_TRUE(world.has_ended());
}

TEST(StoppingChildren, AWorkerMayHaveAllTheTimeItWants) {  // OTP 21
  rules_world world{with(one_for_one), {with_limit("a", stop_limit::unlimited())}};
  world.children["a"].deaf = true;
  world.start();
  world.stop();
  world.pass(std::chrono::hours{24});
  EXPECT_FALSE(world.has_ended());
  world.end("a", asked);
  EXPECT_TRUE(world.has_ended());
}

TEST(StoppingChildren, AWorkerOverItsLimitIsKilledAndItsSiblingEndsPolitely) {  // OTP 22
  rules_world world{with(one_for_one), {spec("a"), with_limit("b", stop_limit::within(1s))}};
  world.children["b"].deaf = true;
  world.start();
  world.stop();
  world.pass(1s - 1us);
  EXPECT_EQ(world.story(), "start a, start b, stop b");
  world.pass(1us);
  EXPECT_EQ(world.story(), "kill b, stop a");
  EXPECT_TRUE(world.has_ended());
  EXPECT_TRUE(world.told("child-stopped-wrongly"));
}

TEST(StoppingChildren, AMemberOverItsLimitIsKilledAndTheOthersEndPolitely) {  // OTP 23
  rules_world world{with(restart_strategy::pool), {with_limit("worker", stop_limit::within(1s))}};
  world.start();
  start_members(world, 3);
  world.children["w1"].deaf = true;
  world.stop();
  EXPECT_EQ(world.running.size(), 1U);
  world.pass(1s);
  EXPECT_TRUE(world.has_ended());
  EXPECT_TRUE(world.story().ends_with("kill w1"));
}

TEST(StoppingChildren, ABrutalKillDoesNotAsk) {  // OTP 24
  rules_world world{with(one_for_one), {with_limit("a", stop_limit::at_once())}};
  world.start();
  world.stop();
  EXPECT_EQ(world.story(), "start a, kill a");
  EXPECT_TRUE(world.has_ended());
  EXPECT_FALSE(world.told("child-stopped-wrongly"));
}

TEST(StoppingChildren, ABrutalKillOfTenMembersDoesNotAskThem) {  // OTP 25
  rules_world world{with(restart_strategy::pool), {with_limit("worker", stop_limit::at_once())}};
  world.start();
  start_members(world, 10);
  world.story();
  world.stop();
  EXPECT_THAT(world.story(), ::testing::Not(::testing::HasSubstr("stop ")));
  EXPECT_TRUE(world.has_ended());
  EXPECT_TRUE(world.running.empty());
}

/// Every way to end, every restart kind, before and after being asked.
TEST(StoppingChildren, CompletesWhateverTheChildrenDoMeanwhileAndTellsWrongEnds) {  // OTP 26
  for (const auto restart : {restart_kind::permanent, restart_kind::transient, restart_kind::temporary})
    for (const auto& why : {work_done, asked, crash_of(), end_reason{end_kind::killed, {}, {}},
                            end_reason{end_kind::exhausted, {}, {}}})
      for (const bool asked_first : {false, true}) {
        rules_world world{with(one_for_one, 0), {spec("a", restart), spec("b")}};
        world.start();
        world.holds = true;
        world.stop();
        if (asked_first) world.end_asked("b");
        world.end("a", why);  // Before it was asked, or after.
        if (!asked_first) world.end_asked("b");
        ASSERT_TRUE(world.has_ended());
        EXPECT_EQ(world.ended->kind, end_kind::shutdown);
        const bool right =
            why.kind == end_kind::shutdown || (why.kind == end_kind::normal && restart != restart_kind::permanent);
        EXPECT_EQ(world.told("child-stopped-wrongly"), !right)
            << describe::name_of(restart) << " " << describe::name_of(why.kind) << " " << asked_first;
        EXPECT_EQ(world.starts["a"], 1);
      }
}

TEST(StoppingChildren, WrongEndsOfMembersAreToldOnceWithTheirCount) {  // OTP 27, 70
  rules_world world{with(restart_strategy::pool), specs({"worker"})};
  world.start();
  for (const auto& id : start_members(world, 5)) world.children[id].says = crash_of("late");
  world.children["w0"].says = asked;
  world.stop();
  EXPECT_TRUE(world.has_ended());
  ASSERT_EQ(std::ranges::count(world.tellings, "children-stopped-wrongly", &tell::event), 1);
  EXPECT_EQ(world.tellings.back().text, "4 times crash: late");
}

TEST(StoppingChildren, SlowMembersTakeTheTimeOfOneNotOfAll) {  // OTP 28
  rules_world world{with(restart_strategy::pool), {with_limit("worker", stop_limit::within(5s))}};
  world.start();
  for (const auto& id : start_members(world, 20)) world.children[id].deaf = true;
  const auto before = world.now;
  world.stop();
  world.pass(5s);
  EXPECT_TRUE(world.has_ended());
  EXPECT_EQ(world.now - before, 5s);
}

TEST(StoppingChildren, AChildThatDoesNotEvenEndWhenKilledIsWedgedAndNobodyWaits) {
  rules_world world{with(one_for_one), {spec("a"), with_limit("b", stop_limit::within(1s))}};
  world.children["b"].immortal = true;
  world.start();
  world.story();
  world.stop();
  world.pass(2s);
  EXPECT_EQ(world.story(), "stop b, kill b, abandon b, stop a");
  EXPECT_TRUE(world.has_ended());
  EXPECT_TRUE(world.told("child-wedged"));
}

TEST(StoppingChildren, AWedgedChildThatEndsAfterItsSupervisorChangesNothing) {
  auto late = spec("a");
  late.ready_within = 2s;
  rules_world world{with(one_for_one), {late}};
  world.children["a"].slow = world.children["a"].immortal = true;
  world.start();
  world.pass(10s);  // It does not come up, and does not end: that ends a first start.
  ASSERT_TRUE(world.has_ended());
  EXPECT_TRUE(world.rules.child_ended(world.running.at("a"), crash_of("at last"), world.now).empty());
}

TEST(StoppingChildren, HurryKillsAllThatAreLeft) {
  rules_world world{with(one_for_one), {with_limit("a", stop_limit::unlimited()), spec("b"), spec("c")}};
  world.children["c"].deaf = world.children["a"].deaf = true;
  world.start();
  world.story();
  world.stop();
  world.stop(true);
  EXPECT_EQ(world.story(), "stop c, kill c, kill b, kill a");
  EXPECT_TRUE(world.has_ended());
  EXPECT_EQ(world.ended->kind, end_kind::shutdown);
}

TEST(StoppingChildren, AskingTwiceChangesNothing) {
  rules_world world{with(one_for_one), specs({"a"})};
  world.start();
  world.holds = true;
  world.stop();
  world.stop();
  EXPECT_EQ(world.story(), "start a, stop a");
  world.end_asked("a");
  world.stop();
  EXPECT_TRUE(world.has_ended());
}

TEST(StoppingChildren, ADuplicateEndChangesNothing) {
  rules_world world{with(one_for_one), specs({"a"})};
  world.start();
  const auto first = world.running.at("a");
  world.crash("a");
  EXPECT_TRUE(world.rules.child_ended(first, crash_of(), world.now).empty());
  EXPECT_TRUE(world.rules.child_up(first, world.now).empty());
  EXPECT_TRUE(world.rules.child_ended({99, 1}, crash_of(), world.now).empty());
  EXPECT_EQ(world.rules.budget_left(world.now), 2U);
}

TEST(StoppingChildren, AnOldTimerDoesNothingToALaterRun) {
  rules_world world{with(one_for_one), {with_limit("a", stop_limit::within(1s))}};
  world.children["a"].deaf = true;
  world.start();
  world.terminate_child("a");
  const auto due = world.rules.next_due(world.now);
  world.end("a", asked);
  world.restart_child("a");
  EXPECT_TRUE(world.rules.expire(*due).empty());
  EXPECT_TRUE(world.runs("a"));
}

TEST(StoppingChildren, AStartThatFailsAfterTheStopWasAskedIsAnEnd) {
  rules_world world{with(one_for_one), specs({"a"})};
  world.start();
  world.holds = true;
  const auto which = world.running.at("a");
  world.stop();
  world.running.clear();
  const auto last = world.rules.child_start_failed(which, crash_of(), world.now);
  ASSERT_FALSE(last.empty());
  EXPECT_TRUE(std::holds_alternative<end_self>(last.back()));
}

/// Seconds of this thread alone: what others do with the machine counts little.
double own_time() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

/// Starts so many children that obey at once, and stops them.
double time_of_a_life(restart_strategy strategy, int children) {
  const auto begin = own_time();
  const moment now{1h};
  std::vector<child_spec> list;
  for (int i = 0; i < children; ++i) list.push_back(spec("c" + std::to_string(i)));
  const auto members = strategy == restart_strategy::pool ? std::exchange(list, specs({"worker"})) : specs({});
  auto rules = supervisor_rules::make(with(strategy), std::move(list), base::random_source{1}).value();
  bool ended = false;
  std::deque<action> todo;
  const auto add = [&](actions more) { std::ranges::move(more, std::back_inserter(todo)); };
  const auto run = [&](actions first) {
    add(std::move(first));
    while (!todo.empty()) {
      const auto one = std::move(todo.front());
      todo.pop_front();
      if (const auto* what = std::get_if<supervision::start_child>(&one)) add(rules.child_up(what->child, now));
      if (const auto* what = std::get_if<stop_child>(&one)) add(rules.child_ended(what->child, asked, now));
      if (std::holds_alternative<end_self>(one)) ended = true;
    }
  };
  run(rules.start(now));
  for (const auto& one : members) run(rules.start_child(one, 0, now));
  EXPECT_EQ(rules.counts().active, static_cast<std::size_t>(children));
  run(rules.stop(false, now));
  EXPECT_TRUE(ended);
  return own_time() - begin;
}

/// Eight times the children: linear is 8, with trees and caches some 15, and a square would be 64.
TEST(StoppingChildren, TakesAboutAsLongForEachHoweverManyThereAre) {  // OTP 59, 60
  for (const auto strategy : {one_for_one, restart_strategy::one_for_all, restart_strategy::pool}) {
    double few = 1e9, many = 1e9;
    for (int i = 0; i < 2; ++i) {
      few = std::min(few, time_of_a_life(strategy, 8'000));
      many = std::min(many, time_of_a_life(strategy, 64'000));
    }
    EXPECT_LT(many, 40 * few) << describe::name_of(strategy) << " " << few << " s, " << many << " s";
  }
}

}  // namespace
}  // namespace musiccorp::supervision::testing
