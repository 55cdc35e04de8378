// Real supervisors over real actors, each claim under many orders of events.
#include "supervision/supervisor_actor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/supervision/actor_world.hpp"

namespace musiccorp::supervision::testing {
namespace {

constexpr auto one_for_one = restart_strategy::one_for_one;
constexpr auto one_for_all = restart_strategy::one_for_all;
constexpr auto rest_for_one = restart_strategy::rest_for_one;

TEST(SupervisorActor, StartsInOrderAndStopsInReverse) {  // OTP 1, 58
  under_many_orders([](actor_world& world) {
    world.start(with(one_for_one), world.toys(specs({"zoo", "ant", "mole"})));
    EXPECT_EQ(world.story(), "start zoo, start ant, start mole");
    world.commands().stop();
    world.run();
    EXPECT_EQ(world.story(), "end mole, end ant, end zoo");
    EXPECT_EQ(world.ended->kind, end_kind::shutdown);
  });
}

TEST(SupervisorActor, AnExitMessageIsARequestToStop) {
  under_many_orders([](actor_world& world) {
    world.start(with(one_for_one), world.toys(specs({"a", "b"})));
    caf::anon_send_exit(world.root, caf::exit_reason::user_shutdown);
    world.run();
    EXPECT_EQ(world.story(), "start a, start b, end b, end a");
    EXPECT_EQ(world.ended->kind, end_kind::shutdown);
  });
}

TEST(SupervisorActor, AnEmptyOneStartsAndStops) {  // OTP 1
  actor_world world;
  world.start(with(one_for_one), {});
  world.commands().stop();
  world.run();
  EXPECT_TRUE(world.ended);
}

TEST(SupervisorActor, BadSetupsAreFaults) {  // OTP 2, 8, 18, 20
  actor_world world;
  const auto made = spawn_supervisor(world.system, {.children = world.toys(specs({"a", "a"}))});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, fault_kind::invalid);
  EXPECT_EQ(made.error().problems.at(0).pointer, "/1/id");
}

TEST(SupervisorActor, AStartFunctionThatThrowsOrFailsEndsAFirstStartWithItsText) {  // OTP 9, 10, 57
  for (const bool throws : {true, false})
    under_many_orders([&](actor_world& world) {
      world.board->toys["b"].throwing_start = throws;
      world.board->toys["b"].failing_starts = 1;
      world.start(with(one_for_one), world.toys(specs({"a", "b"})));
      ASSERT_TRUE(world.ended);
      EXPECT_EQ(world.ended->kind, end_kind::start_failed);
      EXPECT_EQ(world.ended->text, throws ? "b: no strings" : "b: can't start");
      EXPECT_FALSE(world.runs("a"));
    });
}

TEST(SupervisorActor, AChildWithNothingToDoIsNotMonitored) {  // OTP 3
  under_many_orders([](actor_world& world) {
    world.board->toys["a"].ignores = true;
    world.start(with(one_for_one), world.toys(specs({"a", "b"})));
    EXPECT_EQ(world.view_of("a").state, child_state::none);
    EXPECT_TRUE(world.runs("b"));
  });
}

TEST(SupervisorActor, RestartsByTheReasonThatTheActorEndedWith) {  // OTP 32 to 40
  struct expectation {
    restart_kind restart;
    std::string order;
    bool again;
  };
  const std::vector<expectation> table{
      {restart_kind::permanent, "quit", true},      {restart_kind::permanent, "shutdown", true},
      {restart_kind::permanent, "crash x", true},   {restart_kind::transient, "quit", false},
      {restart_kind::transient, "shutdown", false}, {restart_kind::transient, "crash x", true},
      {restart_kind::temporary, "quit", false},     {restart_kind::temporary, "shutdown", false},
      {restart_kind::temporary, "crash x", false},  {restart_kind::permanent, "leave x", true},
      {restart_kind::transient, "leave x", false},  {restart_kind::temporary, "leave x", false}};
  for (const auto& [restart, order, again] : table)
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      actor_world world{seed};
      world.start(with(one_for_one), world.toys({spec("a", restart)}));
      world.tell_toy("a", order);
      EXPECT_EQ(world.runs("a"), again) << describe::name_of(restart) << " " << order;
      EXPECT_FALSE(world.ended);
    }
}

TEST(SupervisorActor, OneForOneTouchesOnlyTheVictim) {  // OTP 45
  under_many_orders([](actor_world& world) {
    world.start(with(one_for_one, 2), world.toys(specs({"a", "b", "c"})));
    world.story();
    world.tell_toy("b", "crash 1");
    EXPECT_EQ(world.story(), "end b, start b");
    world.tell_toy("b", "crash 2");
    world.story();
    world.tell_toy("b", "crash 3");
    EXPECT_EQ(world.story(), "end b, end c, end a");
    EXPECT_EQ(world.ended->kind, end_kind::exhausted);
    EXPECT_THAT(world.ended->text, ::testing::HasSubstr("b: 3"));
  });
}

TEST(SupervisorActor, OneForAllReplacesAll) {  // OTP 46
  under_many_orders([](actor_world& world) {
    world.start(with(one_for_all), world.toys(specs({"zoo", "ant", "mole"})));
    world.story();
    world.tell_toy("ant", "crash x");
    EXPECT_EQ(world.story(), "end ant, end mole, end zoo, start zoo, start ant, start mole");
  });
}

TEST(SupervisorActor, RestForOneReplacesTheLater) {  // OTP 47
  under_many_orders([](actor_world& world) {
    world.start(with(rest_for_one), world.toys(specs({"zoo", "ant", "mole", "bee"})));
    world.story();
    world.tell_toy("ant", "crash x");
    EXPECT_EQ(world.story(), "end ant, end bee, end mole, start ant, start mole, start bee");
  });
}

TEST(SupervisorActor, FailedStartsBurnTheBudget) {  // OTP 48
  for (const auto strategy : {one_for_one, one_for_all, rest_for_one})
    under_many_orders([&](actor_world& world) {
      world.start(with(strategy, 3), world.toys(specs({"a", "b", "c"})));
      world.board->toys["b"].failing_starts = 1000;
      world.tell_toy("b", "crash x");
      EXPECT_EQ(world.ended->kind, end_kind::exhausted);
      EXPECT_EQ(world.board->toys["b"].failing_starts, 997);
    });
}

TEST(SupervisorActor, GroupsAndFailedStarts) {  // OTP 49, 50
  under_many_orders([](actor_world& world) {
    world.start(with(one_for_all, 5), world.toys(specs({"a", "b", "c"})));
    world.story();
    world.board->toys["b"].failing_starts = 1;
    world.tell_toy("c", "crash x");
    EXPECT_EQ(world.story(), "end c, end b, end a, start a, fail b, end a, start a, start b, start c");
  });
  under_many_orders([](actor_world& world) {
    world.start(with(rest_for_one, 5), world.toys(specs({"a", "b", "c", "d"})));
    world.story();
    world.board->toys["c"].failing_starts = 1;
    world.tell_toy("b", "crash x");
    EXPECT_EQ(world.story(), "end b, end d, end c, start b, fail c, start c, start d");
  });
}

TEST(SupervisorActor, RestartsFurtherApartThanThePeriodNeverEndIt) {  // OTP 51
  under_many_orders([](actor_world& world) {
    world.start(with(one_for_one, 1), world.toys(specs({"a"})));
    for (int i = 0; i < 20; ++i) {
      world.tell_toy("a", "crash x");
      EXPECT_EQ(world.view().budget_left, 0);
      world.pass(5s + 1ms);
      EXPECT_EQ(world.view().budget_left, 1);  // Shown without anybody's asking.
    }
    EXPECT_FALSE(world.ended);
  });
}

TEST(SupervisorActor, ADelayedRestartComesAtItsTime) {
  under_many_orders([](actor_world& world) {
    auto options = with(one_for_one, 10);
    options.backoff = {.delay_first = 100ms, .delay_max = 1s, .jitter = 0, .immediate = 0};
    world.start(options, world.toys(specs({"a"})));
    world.tell_toy("a", "crash x");
    EXPECT_EQ(world.view_of("a").state, child_state::restarting);
    EXPECT_EQ(world.view_of("a").next_retry, world.clock->now() + 100ms);
    world.pass(99ms);
    EXPECT_FALSE(world.runs("a"));
    world.pass(1ms + 1us);
    EXPECT_TRUE(world.runs("a"));
  });
}

TEST(SupervisorActor, AStopDuringBackoffEndsAtOnceAndItsTimerDoesNothing) {
  under_many_orders([](actor_world& world) {
    auto options = with(one_for_one, 10);
    options.backoff = {.delay_first = 10s, .delay_max = 10s, .jitter = 0, .immediate = 0};
    world.start(options, world.toys(specs({"a", "b"})));
    world.tell_toy("a", "crash x");
    world.commands().stop();
    world.run();
    EXPECT_TRUE(world.ended);
    world.pass(1min);
    EXPECT_FALSE(world.runs("a"));
  });
}

TEST(SupervisorActor, ATimerOfAnEarlierRunDoesNothing) {
  under_many_orders([](actor_world& world) {
    auto limited = spec("a");
    limited.stop = stop_limit::within(1s);
    world.start(with(one_for_one), world.toys({limited}));
    world.board->toys["a"].deaf = true;
    world.commands().terminate_child("a");
    world.run();
    world.tell_toy("a", "quit");  // Before its limit; the timer of the limit is still under way.
    world.commands().restart_child("a");
    world.pass(5s);
    EXPECT_TRUE(world.runs("a"));
    EXPECT_EQ(world.board->toys["a"].runs, 2);
  });
}

TEST(SupervisorActor, ATreeOfThreeLevelsRestartsWhatIsBelowTheExhaustedOne) {  // OTP 55
  under_many_orders([](actor_world& world) {
    auto inner = supervisor_child(spec("inner", restart_kind::transient),
                                  {.options = with(one_for_one, 0), .children = world.toys(specs({"w1", "w2"}))});
    auto middle = supervisor_child(spec("middle"), {.options = with(one_for_one, 3), .children = {inner}});
    std::vector<supervised_child> children{world.toy(spec("a")), middle, world.toy(spec("z"))};
    world.start(with(one_for_one, 3), children);
    EXPECT_EQ(world.story(), "start a, start w1, start w2, start z");
    world.tell_toy("w1", "crash x");
    EXPECT_EQ(world.story(), "end w1, end w2, start w1, start w2");
    const auto seen = world.view_of("middle").supervises.at(0).children.at(0);
    EXPECT_EQ(seen.id, "inner");
    EXPECT_EQ(seen.restarts, 1);
    EXPECT_EQ(seen.causes.at(0).kind, end_kind::exhausted);
    EXPECT_EQ(seen.supervises.at(0).path, "root/middle/inner");
    world.commands().stop();
    world.run();
    EXPECT_EQ(world.story(), "end z, end w2, end w1, end a");
  });
}

TEST(SupervisorActor, ChildrenAddedAtRunTimeDoNotComeBackWithTheirSupervisor) {  // OTP 55
  under_many_orders([](actor_world& world) {
    caf::actor inner_address;
    auto inner =
        supervisor_child(spec("inner"), {.options = with(one_for_one, 0), .children = world.toys(specs({"w1"}))});
    const auto begin = inner.start;
    inner.start = [&inner_address, begin](const start_context& how) {
      auto begun = begin(how);
      inner_address = begun->who;
      return begun;
    };
    world.start(with(one_for_one, 3), {inner});
    supervisor_handle{inner_address}.start_child(world.toy(spec("added")));
    world.run();
    EXPECT_TRUE(world.runs("added"));
    world.tell_toy("w1", "crash x");
    EXPECT_TRUE(world.runs("w1"));
    EXPECT_FALSE(world.runs("added"));
    inner_address = nullptr;
  });
}

TEST(SupervisorActor, AnInnerFirstStartThatFailsIsToldUpwardsIntact) {  // OTP 57
  under_many_orders([](actor_world& world) {
    world.board->toys["w2"].failing_starts = 1;
    auto inner = supervisor_child(spec("inner"), {.children = world.toys(specs({"w1", "w2"}))});
    world.start(with(one_for_one), {world.toy(spec("a")), inner});
    ASSERT_TRUE(world.ended);
    EXPECT_EQ(world.ended->text, "inner: w2: can't start");
    EXPECT_EQ(world.story(), "start a, start w1, fail w2, end w1, end a");
  });
}

TEST(SupervisorActor, AutoShutdownCascadesThroughSignificantSupervisors) {  // OTP 62, 66
  for (const bool cascades : {true, false})
    under_many_orders([&](actor_world& world) {
      auto ending = with(one_for_one);
      ending.shutdown = auto_shutdown::any_significant;
      auto worker = spec("w", restart_kind::temporary);
      worker.significant = true;
      auto nested = spec("inner", restart_kind::transient);
      nested.significant = cascades;
      const auto inner = supervisor_child(nested, {.options = ending, .children = world.toys({worker})});
      world.start(ending, {world.toy(spec("a")), inner});
      world.tell_toy("w", "quit");
      EXPECT_EQ(world.ended.has_value(), cascades);
      EXPECT_EQ(world.runs("a"), !cascades);
    });
}

TEST(SupervisorActor, CommandsAreAnswered) {  // OTP 29, 31, 68
  under_many_orders([](actor_world& world) {
    world.start(with(one_for_one), world.toys(specs({"a"})));
    const auto give = [&](auto command) {
      std::optional<outcome> answer;
      command(world.commands(), world.note(answer));
      world.run();
      return answer;
    };
    EXPECT_EQ(give([&](auto to, auto then) { to.start_child(world.toy(spec("b")), then); }), outcome::done);
    EXPECT_EQ(give([&](auto to, auto then) { to.start_child(world.toy(spec("b")), then); }),
              outcome::already_started);
    EXPECT_EQ(give([&](auto to, auto then) { to.restart_child("b", then); }), outcome::running);
    EXPECT_EQ(give([&](auto to, auto then) { to.replace_child("b", then); }), outcome::done);
    EXPECT_EQ(world.board->toys["b"].runs, 2);
    EXPECT_EQ(give([&](auto to, auto then) { to.terminate_child("b", then); }), outcome::done);
    EXPECT_FALSE(world.runs("b"));
    EXPECT_EQ(give([&](auto to, auto then) { to.restart_child("b", then); }), outcome::done);
    EXPECT_EQ(give([&](auto to, auto then) { to.terminate_child("b", then); }), outcome::done);
    EXPECT_EQ(give([&](auto to, auto then) { to.delete_child("b", then); }), outcome::done);
    EXPECT_EQ(give([&](auto to, auto then) { to.restart_child("b", then); }), outcome::not_found);
    EXPECT_EQ(give([&](auto to, auto then) {
                to.change(with(rest_for_one), world.toys(specs({"n", "a"})), then);
              }),
              outcome::done);
    EXPECT_EQ(give([&](auto to, auto then) { to.restart_child("n", then); }), outcome::done);
    EXPECT_TRUE(world.runs("n"));
  });
}

TEST(SupervisorActor, ACommandToASupervisorThatIsGoneIsAnsweredToo) {
  actor_world world;
  world.start(with(one_for_one), {});
  world.commands().stop();
  world.run();
  std::optional<outcome> answer;
  world.commands().restart_child("a", world.note(answer));
  world.run();
  EXPECT_EQ(answer, outcome::stopping);
}

TEST(SupervisorActor, StartArgumentsOfTemporaryChildrenAreNotKept) {  // OTP 43
  actor_world world;
  world.start(with(one_for_one), {});
  auto held = std::make_shared<std::string>(1000, 'x');
  const std::weak_ptr<std::string> seen = held;
  auto child = world.toy(spec("t", restart_kind::temporary));
  child.start = [start = child.start, held = std::move(held)](const start_context& how) { return start(how); };
  world.commands().start_child(std::move(child));
  child = {};
  EXPECT_FALSE(seen.expired());
  world.run();
  EXPECT_TRUE(world.runs("t"));
  EXPECT_TRUE(seen.expired());
}

TEST(SupervisorActor, APoolStartsMembersFromItsTemplateAndStopsThemTogether) {  // OTP 14, 23, 28, 30
  under_many_orders([](actor_world& world) {
    auto member = spec("worker", restart_kind::transient);
    member.stop = stop_limit::within(1s);
    int started = 0;
    supervised_child worker{member, [&](const start_context& how) -> result<started_child> {
                              ++started;
                              const auto id = how.path.substr(how.path.rfind('/') + 1);
                              return world.toy(spec(id)).start(how);
                            }};
    world.start(with(restart_strategy::pool), {worker});
    for (const auto* id : {"w1", "w2", "w3"}) world.commands().start_child({spec(id), {}});
    world.run();
    EXPECT_EQ(started, 3);
    world.tell_toy("w1", "crash x");
    world.tell_toy("w2", "quit");
    EXPECT_TRUE(world.runs("w1"));
    EXPECT_FALSE(world.runs("w2"));
    world.board->toys["w1"].deaf = world.board->toys["w3"].deaf = true;
    world.commands().stop();
    world.pass(1s + 1ms);  // One limit for all.
    EXPECT_TRUE(world.ended);
  });
}

TEST(SupervisorActor, ACrashInPlaceIsCountedAndTheGroupRebuilds) {
  under_many_orders([](actor_world& world) {
    auto list = specs({"a", "b", "c"});
    for (auto& one : list) one.rebuilds = true;
    world.start(with(rest_for_one, 2), world.toys(list));
    world.tell_toy("b", "in place m1");
    world.tell_toy("b", "in place m1");
    EXPECT_EQ(world.board->toys["a"].rebuilds, 0);
    EXPECT_EQ(world.board->toys["c"].rebuilds, 2);
    EXPECT_EQ(world.board->toys["b"].runs, 1);
    EXPECT_EQ(world.view().budget_left, 1);
    EXPECT_EQ(world.view_of("b").rebuilds, 2);
    EXPECT_EQ(world.view_of("b").causes.at(0).message, "m1");
    world.tell_toy("b", "in place m2");
    world.tell_toy("b", "in place m3");
    EXPECT_EQ(world.ended->kind, end_kind::exhausted);
  });
}

TEST(SupervisorActor, CrashesOfABatchCountAsIfEachWereToldAlone) {
  under_many_orders([](actor_world& world) {
    world.start(with(one_for_one, 2), world.toys(specs({"a", "b"})));
    world.tell_toy("b", "in batch ");
    world.tell_toy("b", "in batch mmn");
    EXPECT_EQ(world.view_of("b").rebuilds, 3);
    EXPECT_EQ(world.view_of("b").causes.back().message, "n") << "the newest";
    EXPECT_EQ(world.view().budget_left, 0) << "two messages that differ";
    world.tell_toy("b", "in batch n");
    EXPECT_FALSE(world.ended);
    world.tell_toy("b", "in batch no");
    EXPECT_EQ(world.ended->kind, end_kind::exhausted);
  });
}

}  // namespace
}  // namespace musiccorp::supervision::testing
