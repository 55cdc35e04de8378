// What goes wrong with actors: exceptions of all kinds, deaf and stuck children, ends that meet requests, and the end
// of the supervisor itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "supervision/exception_text.hpp"
#include "unit/supervision/actor_world.hpp"

namespace musiccorp::supervision::testing {
namespace {

constexpr auto one_for_one = restart_strategy::one_for_one;

child_spec limited(std::string id, stop_limit limit) {
  auto one = spec(std::move(id));
  one.stop = limit;
  return one;
}

TEST(SupervisorTrouble, EveryKindOfExceptionIsSurvivedAndTold) {
  actor_world world;
  world.start(with(one_for_one, 10), world.toys(specs({"a"})));
  for (const auto* order : {"crash the shelf fell", "bad_alloc", "int"}) world.tell_toy("a", order);
  EXPECT_TRUE(world.runs("a"));
  const auto causes = world.view_of("a").causes;
  ASSERT_EQ(causes.size(), 3U);
  EXPECT_EQ(causes[0].text, "the shelf fell");
  EXPECT_EQ(causes[1].text, "out of memory");
  EXPECT_EQ(causes[2].text, "an exception of type int");
  for (const auto& cause : causes) {
    EXPECT_EQ(cause.kind, end_kind::crash);
    EXPECT_THAT(cause.backtrace, ::testing::HasSubstr("+0x")) << "where it was thrown";
  }
}

TEST(SupervisorTrouble, ATroubleOnAnotherThreadReachesTheSupervisorByTheChildsLink) {
  actor_world world;
  world.start(with(one_for_one, 1), world.toys(specs({"a"})));
  const auto link = world.board->toys["a"].link;
  std::thread{[link] {
    try {
      throw std::runtime_error{"on my own"};
    } catch (...) {
      const auto why = crash_from(std::current_exception());
      link.crashed({.message = {}, .text = why.text, .backtrace = why.backtrace});
    }
  }}.join();
  world.run();
  EXPECT_EQ(world.view_of("a").causes.at(0).text, "on my own");
  EXPECT_EQ(world.view().budget_left, 0);
}

TEST(SupervisorTrouble, AnActorThatIsKilledFromOutsideIsRestarted) {  // OTP 56
  under_many_orders([](actor_world& world) {
    world.start(with(one_for_one), world.toys({spec("a", restart_kind::transient)}));
    caf::anon_send_exit(world.board->toys["a"].who, caf::exit_reason::kill);
    world.run();
    EXPECT_EQ(world.board->toys["a"].runs, 2);
    EXPECT_EQ(world.view_of("a").causes.at(0).kind, end_kind::killed);
  });
}

TEST(SupervisorTrouble, ADeafChildIsKilledAtItsLimit) {  // OTP 22
  under_many_orders([](actor_world& world) {
    world.start(with(one_for_one), world.toys({spec("a"), limited("b", stop_limit::within(1s))}));
    world.board->toys["b"].deaf = true;
    world.commands().stop();
    world.pass(1s - 1ms);
    EXPECT_TRUE(world.runs("b"));
    world.pass(2ms);
    EXPECT_EQ(world.story(), "start a, start b, end b, end a");
    EXPECT_TRUE(world.told("child-stopped-wrongly"));
  });
}

TEST(SupervisorTrouble, ABrutalKillOvertakesTheQueueAndSoDoesARequestToStop) {  // OTP 24
  for (const auto limit : {stop_limit::at_once(), stop_limit::within(5s)}) {
    actor_world world;
    world.start(with(one_for_one), world.toys({limited("a", limit)}));
    world.freeze("a");
    for (int i = 0; i < 100; ++i) world.say("a", "nothing");
    world.commands().stop();
    world.run();
    EXPECT_FALSE(world.ended);
    world.thaw("a");
    EXPECT_TRUE(world.ended);
    EXPECT_EQ(world.board->toys["a"].heard, 0);
    EXPECT_FALSE(world.told("child-stopped-wrongly"));
  }
}

TEST(SupervisorTrouble, AStuckChildIsWedgedLeftBehindAndNotReplacedBeforeItsEnd) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    actor_world world{seed};
    world.start(with(restart_strategy::one_for_all), world.toys({spec("a"), limited("b", stop_limit::within(1s))}));
    world.freeze("b");
    world.say("b", "nothing");
    world.tell_toy("a", "crash x");
    world.pass(3s);
    EXPECT_TRUE(world.told("child-wedged"));
    EXPECT_EQ(world.view_of("b").state, child_state::wedged);
    EXPECT_TRUE(world.runs("a")) << "nobody waits for it";
    EXPECT_EQ(world.board->toys["b"].runs, 1);
    world.thaw("b");
    EXPECT_EQ(world.board->toys["b"].runs, 2) << "now it may be replaced";
    EXPECT_EQ(world.view_of("b").state, child_state::up);
  }
}

TEST(SupervisorTrouble, AStopDoesNotWaitForAStuckChild) {
  under_many_orders([](actor_world& world) {
    world.start(with(one_for_one), world.toys({spec("a"), limited("b", stop_limit::within(1s))}));
    world.freeze("b");
    world.commands().stop();
    world.pass(3s);
    ASSERT_TRUE(world.ended);
    EXPECT_FALSE(world.runs("a"));
    world.thaw("b");
    EXPECT_FALSE(world.runs("b"));
  });
}

TEST(SupervisorTrouble, HurryKills) {
  under_many_orders([](actor_world& world) {
    world.start(with(one_for_one), world.toys({spec("a"), limited("b", stop_limit::unlimited())}));
    world.board->toys["b"].deaf = true;
    world.commands().stop();
    world.pass(1h);
    EXPECT_FALSE(world.ended);
    world.commands().stop(true);
    world.run();
    EXPECT_TRUE(world.ended);
  });
}

/// The crash's message and the request to stop are both on their way; any order may come true.
TEST(SupervisorTrouble, AChildThatDiesBetweenMonitorAndStopHasJustEnded) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    actor_world world{seed};
    world.start(with(one_for_one), world.toys(specs({"a", "b"})));
    world.say("b", "crash x");
    world.commands().stop();
    world.run();
    ASSERT_TRUE(world.ended) << seed;
    EXPECT_EQ(world.ended->kind, end_kind::shutdown);
  }
}

TEST(SupervisorTrouble, TwoChildrenThatCrashInOneTickAreBothRestarted) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    actor_world world{seed};
    world.start(with(restart_strategy::one_for_all, 2), world.toys(specs({"a", "b", "c"})));
    world.say("a", "crash 1");
    world.say("c", "crash 2");
    world.run();
    for (const auto* id : {"a", "b", "c"}) EXPECT_TRUE(world.runs(id)) << seed;
    EXPECT_FALSE(world.ended);
  }
}

TEST(SupervisorTrouble, ACrashInStopIsAnEnd) {
  under_many_orders([](actor_world& world) {
    world.board->toys["a"].says = crash_of("while stopping");
    world.start(with(one_for_one), world.toys(specs({"a"})));
    world.commands().stop();
    world.run();
    EXPECT_EQ(world.ended->kind, end_kind::shutdown);
    EXPECT_TRUE(world.told("child-stopped-wrongly"));
  });
}

TEST(SupervisorTrouble, AStopFunctionThatThrowsIsFollowedByTheKill) {
  under_many_orders([](actor_world& world) {
    auto child = world.toy(limited("a", stop_limit::within(1s)));
    child.start = [start = child.start](const start_context& how) {
      auto begun = start(how);
      begun->stop = [] { throw std::runtime_error{"no"}; };
      return begun;
    };
    world.start(with(one_for_one), {child});
    world.commands().stop();
    world.pass(2s);
    EXPECT_TRUE(world.ended);
    EXPECT_FALSE(world.runs("a"));
  });
}

TEST(SupervisorTrouble, AChildThatIsNotUpInTimeIsReplaced) {
  under_many_orders([](actor_world& world) {
    auto late = spec("a");
    late.ready_within = 1s;
    world.start(with(one_for_one, 5), world.toys({late}));
    world.board->toys["a"].slow = true;
    world.tell_toy("a", "crash x");
    world.pass(1s + 1ms);
    EXPECT_EQ(world.board->toys["a"].runs, 3);
    EXPECT_THAT(world.view_of("a").causes.back().text, ::testing::HasSubstr("not up within 1000 ms"));
    world.tell_toy("a", "up");
    EXPECT_EQ(world.view_of("a").state, child_state::up);
  });
}

TEST(SupervisorTrouble, AKilledSupervisorTakesItsChildrenAlong) {  // OTP 56
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    actor_world world{seed};
    auto inner = supervisor_child(spec("inner"), {.children = world.toys(specs({"w1", "w2"}))});
    world.start(with(one_for_one), {world.toy(spec("a")), inner});
    caf::anon_send_exit(world.root, caf::exit_reason::kill);
    world.run();
    for (const auto* id : {"a", "w1", "w2"}) EXPECT_FALSE(world.runs(id));
    EXPECT_EQ(world.ended->kind, end_kind::killed);
  }
}

TEST(SupervisorTrouble, ASupervisorThatIsKilledIsRestartedByItsParentWithItsChildren) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    actor_world world{seed};
    caf::actor inner_address;
    auto inner = supervisor_child(spec("inner"), {.children = world.toys(specs({"w1"}))});
    inner.start = [&inner_address, begin = inner.start](const start_context& how) {
      auto begun = begin(how);
      inner_address = begun->who;
      return begun;
    };
    world.start(with(one_for_one), {inner});
    caf::anon_send_exit(inner_address, caf::exit_reason::kill);
    inner_address = nullptr;
    world.run();  // A toy that would run twice tells.
    EXPECT_EQ(world.board->toys["w1"].runs, 2);
    EXPECT_TRUE(world.runs("w1"));
    inner_address = nullptr;
  }
}

TEST(SupervisorTrouble, ASupervisorDoesNotStartBesideAStuckChildOfItsFormerRun) {
  under_many_orders([](actor_world& world) {
    caf::actor inner_address;
    auto inner = supervisor_child(spec("inner"), {.children = world.toys(specs({"w1"}))});
    inner.start = [&inner_address, begin = inner.start](const start_context& how) {
      auto begun = begin(how);
      inner_address = begun->who;
      return begun;
    };
    auto options = with(one_for_one, 3);
    options.backoff = {.delay_first = 10s, .delay_max = 10s, .jitter = 0, .immediate = 1};
    world.start(options, {inner});
    world.freeze("w1");
    caf::anon_send_exit(inner_address, caf::exit_reason::kill);
    inner_address = nullptr;
    world.pass(2s);
    EXPECT_EQ(world.board->toys["w1"].runs, 1);
    EXPECT_EQ(world.view_of("inner").causes.back().text, "children of a former run do not end");
    world.thaw("w1");
    world.pass(10s);
    EXPECT_EQ(world.board->toys["w1"].runs, 2);
    EXPECT_EQ(world.view_of("inner").state, child_state::up);
    inner_address = nullptr;
  });
}

TEST(SupervisorTrouble, RandomInterleavingsKeepEveryPromise) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    actor_world world{seed};
    auto& random = world.random;
    auto options =
        with(std::vector{one_for_one, restart_strategy::one_for_all, restart_strategy::rest_for_one}[random.below(3)],
             static_cast<std::uint32_t>(random.below(30)));
    options.backoff = {.delay_first = duration{static_cast<duration::rep>(random.below(2000))}, .delay_max = 1s};
    const std::vector<std::string> ids{"a", "b", "c", "d"};
    world.start(options, world.toys({spec("a"), spec("b", restart_kind::transient),
                                     limited("c", stop_limit::at_once()), spec("d", restart_kind::temporary)}));
    int asked_for = 0, answered = 0;
    const auto count = [&](const command_answer&) { ++answered; };
    for (int step = 0; step < 60 && !world.ended; ++step) {
      const auto& id = ids[random.below(ids.size())];
      auto& toy = world.board->toys[id];
      switch (random.below(8)) {
        case 0:
        case 1:
          if (toy.alive == 1)
            world.say(id, std::vector{"crash x", "quit", "shutdown", "in place m"}[random.below(4)]);
          break;
        case 2:
          toy.failing_starts = static_cast<int>(random.below(3));
          break;
        case 3:
          world.commands().terminate_child(id, count);
          ++asked_for;
          break;
        case 4:
          world.commands().restart_child(id, count);
          ++asked_for;
          break;
        case 5:
          world.commands().replace_child(id, count);
          ++asked_for;
          break;
        case 6:
          world.pass(duration{static_cast<duration::rep>(random.below(3'000'000))});
          break;
        default:
          world.run();
      }
    }
    world.commands().stop();
    world.pass(1min);
    EXPECT_TRUE(world.ended);
    EXPECT_EQ(answered, asked_for);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace musiccorp::supervision::testing
