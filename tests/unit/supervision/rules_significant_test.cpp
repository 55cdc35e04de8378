// Ending with one's significant children: OTP's cases 61 to 67.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/supervision/rules_world.hpp"

namespace musiccorp::supervision::testing {
namespace {

constexpr auto one_for_one = restart_strategy::one_for_one;

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
const std::vector<end_reason> ways{work_done, asked, crash_of(), end_reason{end_kind::killed, {}, {}}};

TEST(SignificantChildren, OthersNeverEndTheSupervisor) {  // OTP 61
  for (const auto mode : {auto_shutdown::never, auto_shutdown::any_significant, auto_shutdown::all_significant})
    for (const auto& why : ways) {
      rules_world world{ending(mode), {spec("a", restart_kind::temporary), spec("b", restart_kind::transient)}};
      world.start();
      world.end("a", why);
      world.end("b", why);
      EXPECT_FALSE(world.has_ended());
    }
}

TEST(SignificantChildren, ATemporaryOneEndsItHoweverItEnds) {  // OTP 62
  for (const auto& why : ways) {
    rules_world any{ending(auto_shutdown::any_significant),
                    {significant("a", restart_kind::temporary), significant("b", restart_kind::temporary)}};
    any.start();
    any.end("a", why);
    ASSERT_TRUE(any.has_ended());
    EXPECT_EQ(any.ended->kind, end_kind::shutdown);
    EXPECT_TRUE(any.running.empty());

    rules_world all{
        ending(auto_shutdown::all_significant),
        {significant("a", restart_kind::temporary), spec("c"), significant("b", restart_kind::temporary)}};
    all.start();
    all.end("a", why);
    EXPECT_FALSE(all.has_ended());
    all.end("b", why);
    EXPECT_TRUE(all.has_ended());
    EXPECT_TRUE(all.running.empty());
  }
}

TEST(SignificantChildren, ATransientOneEndsItOnlyWhenItEndsForGood) {  // OTP 63
  for (const auto mode : {auto_shutdown::any_significant, auto_shutdown::all_significant})
    for (const auto& why : ways) {
      rules_world world{ending(mode), {significant("a", restart_kind::transient)}};
      world.start();
      world.end("a", why);
      EXPECT_EQ(world.has_ended(), is_ordinary(why.kind));
      EXPECT_EQ(world.runs("a"), !is_ordinary(why.kind));
    }
}

TEST(SignificantChildren, MembersOfAPoolEndItToo) {  // OTP 64
  for (const auto mode : {auto_shutdown::any_significant, auto_shutdown::all_significant}) {
    rules_world world{ending(mode, restart_strategy::pool), {significant("worker", restart_kind::transient)}};
    world.start();
    world.start_child(spec("w1"));
    world.start_child(spec("w2"));
    world.crash("w1");
    EXPECT_FALSE(world.has_ended());
    world.end("w1", work_done);
    EXPECT_EQ(world.has_ended(), mode == auto_shutdown::any_significant);
    if (mode == auto_shutdown::all_significant) {
      world.end("w2", work_done);
      EXPECT_TRUE(world.has_ended());
    }
  }
}

TEST(SignificantChildren, BystandersAndCommandsEndNothing) {  // OTP 65
  for (const auto strategy : {one_for_one, restart_strategy::one_for_all, restart_strategy::rest_for_one})
    for (const auto mode : {auto_shutdown::any_significant, auto_shutdown::all_significant}) {
      rules_world world{
          ending(mode, strategy),
          {spec("a"), significant("t", restart_kind::temporary), significant("b", restart_kind::transient)}};
      world.start();
      world.crash("a");
      EXPECT_FALSE(world.has_ended());
      world.terminate_child("b");
      EXPECT_FALSE(world.has_ended());
    }
}

TEST(SignificantChildren, OneThatWillBeRestartedStillCounts) {
  auto options = ending(auto_shutdown::all_significant);
  options.backoff = {.delay_first = 10s, .delay_max = 10s, .jitter = 0, .immediate = 0};
  rules_world world{options, {significant("a", restart_kind::transient), significant("b", restart_kind::transient)}};
  world.start();
  world.crash("a");
  world.end("b", work_done);
  EXPECT_FALSE(world.has_ended());
  world.pass(10s);
  world.end("a", work_done);
  EXPECT_TRUE(world.has_ended());
}

/// The supervisor's own end, as its parent sees it: a shutdown, so it cascades exactly as the parent's spec says.
TEST(SignificantChildren, ANestedEndCascadesOnlyThroughSignificantSupervisors) {  // OTP 66
  for (const bool cascades : {true, false}) {
    rules_world inner{ending(auto_shutdown::any_significant), {significant("w", restart_kind::temporary)}};
    inner.start();
    auto nested = spec("inner", restart_kind::transient);
    nested.kind = child_kind::supervisor;
    nested.significant = cascades;
    rules_world outer{ending(auto_shutdown::any_significant), {spec("a"), nested}};
    outer.start();
    inner.end("w", work_done);
    outer.end("inner", *inner.ended);
    EXPECT_EQ(outer.has_ended(), cascades);
    EXPECT_FALSE(outer.runs("inner"));
  }
}

TEST(SignificantChildren, TheModeAndTheFlagCanChangeAtRunTime) {  // OTP 67
  const auto modes = {auto_shutdown::never, auto_shutdown::any_significant, auto_shutdown::all_significant};
  for (const auto from : modes)
    for (const auto to : modes) {
      const auto a = [](auto_shutdown mode) {
        auto one = spec("a", restart_kind::transient);
        one.significant = mode != auto_shutdown::never;
        return one;
      };
      const auto b = [](auto_shutdown mode) {
        auto one = spec("b", restart_kind::transient);
        one.significant = mode != auto_shutdown::never;
        return one;
      };
      rules_world world{ending(from), {a(from), b(from)}};
      world.start();
      EXPECT_EQ(world.answer(world.change(ending(to), {a(to), b(to)})), outcome::done);
      world.end("a", work_done);
      EXPECT_EQ(world.has_ended(), to == auto_shutdown::any_significant);
      if (world.has_ended()) continue;
      world.end("b", work_done);
      EXPECT_EQ(world.has_ended(), to == auto_shutdown::all_significant);
    }
}

}  // namespace
}  // namespace musiccorp::supervision::testing
