#include "supervision/child_spec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "unit/supervision/rules_world.hpp"

namespace musiccorp::supervision::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<std::string> pointers(const std::vector<problem>& found) {
  std::vector<std::string> named;
  for (const auto& one : found) named.push_back(one.pointer);
  return named;
}

TEST(ChildSpec, DefaultsCanBeReadBack) {  // OTP 13
  EXPECT_EQ(with_defaults(spec("w")).stop, stop_limit::within(5s));
  auto tree = spec("s");
  tree.kind = child_kind::supervisor;
  EXPECT_EQ(with_defaults(tree).stop, stop_limit::unlimited());
  EXPECT_EQ(spec("w").restart, restart_kind::permanent);

  rules_world world{with(restart_strategy::one_for_one), {spec("w"), tree}};
  EXPECT_EQ(world.rules.spec_of("w")->stop, stop_limit::within(5s));
  EXPECT_EQ(world.rules.spec_of("s")->stop, stop_limit::unlimited());
}

TEST(ChildSpec, NamesWhatIsMissing) {  // OTP 15
  EXPECT_EQ(pointers(check(spec(""), {})), std::vector<std::string>{"/id"});
}

TEST(ChildSpec, RefusesEachInvalidValueByItself) {  // OTP 16
  const auto finding = [](auto spoil) {
    auto one = spec("w");
    spoil(one);
    return pointers(check(one, {}));
  };
  using list = std::vector<std::string>;
  EXPECT_EQ(finding([](auto& one) { one.restart = restart_kind{3}; }), list{"/restart"});
  EXPECT_EQ(finding([](auto& one) { one.kind = child_kind{2}; }), list{"/kind"});
  EXPECT_EQ(finding([](auto& one) { one.stop = stop_limit::within(-1ms); }), list{"/stop"});
  EXPECT_EQ(finding([](auto& one) { one.ready_within = -1us; }), list{"/ready_within"});
  EXPECT_THAT(finding([](auto& one) { one.significant = true; }), SizeIs(2));
  EXPECT_THAT(finding([](auto&) {}), IsEmpty());

  rules_world world{with(restart_strategy::one_for_one), {}};
  world.start();
  auto bad = spec("w");
  bad.restart = restart_kind{3};
  const auto token = world.start_child(bad);
  EXPECT_EQ(world.answer(token), outcome::refused);
  EXPECT_EQ(pointers(world.answers.at(token).problems), list{"/restart"});
  EXPECT_THAT(world.rules.ids(), IsEmpty());
}

TEST(ChildSpec, AcceptsEveryValidCombinationAndRefusesForbiddenPairs) {  // OTP 17
  for (const auto restart : {restart_kind::permanent, restart_kind::transient, restart_kind::temporary})
    for (const auto kind : {child_kind::worker, child_kind::supervisor})
      for (const auto stop : {stop_limit::at_once(), stop_limit::within(1s), stop_limit::unlimited()})
        for (const bool significant : {false, true})
          for (const auto shutdown :
               {auto_shutdown::never, auto_shutdown::any_significant, auto_shutdown::all_significant})
            for (const auto strategy : {restart_strategy::one_for_one, restart_strategy::one_for_all,
                                        restart_strategy::rest_for_one, restart_strategy::pool}) {
              auto options = with(strategy);
              options.shutdown = shutdown;
              child_spec one{"w", restart, kind, stop, significant};
              const bool forbidden =
                  significant && (restart == restart_kind::permanent || shutdown == auto_shutdown::never);
              EXPECT_EQ(check(options).empty() && check({one}, options).empty(), !forbidden);
            }
}

TEST(ChildSpec, RefusesAnIdTwice) {  // OTP 18
  EXPECT_EQ(pointers(check(specs({"a", "b", "a"}), {})), std::vector<std::string>{"/2/id"});
  EXPECT_FALSE(supervisor_rules::make({}, specs({"a", "a"}), base::random_source{1}).has_value());
}

TEST(ChildSpec, APoolHasExactlyOneTemplate) {  // OTP 19
  EXPECT_THAT(check(specs({}), with(restart_strategy::pool)), SizeIs(1));
  EXPECT_THAT(check(specs({"a", "b"}), with(restart_strategy::pool)), SizeIs(1));
  EXPECT_THAT(check(specs({"a"}), with(restart_strategy::pool)), IsEmpty());
}

TEST(ChildSpec, RefusesEachBadOptionByItself) {  // OTP 20
  const auto finding = [](auto spoil) {
    supervisor_options options;
    spoil(options);
    const auto made = supervisor_rules::make(options, {}, base::random_source{1});
    return made ? std::vector<std::string>{} : pointers(made.error().problems);
  };
  using list = std::vector<std::string>;
  EXPECT_EQ(finding([](auto& o) { o.strategy = restart_strategy{4}; }), list{"/strategy"});
  EXPECT_EQ(finding([](auto& o) { o.shutdown = auto_shutdown{3}; }), list{"/shutdown"});
  EXPECT_EQ(finding([](auto& o) { o.period = 0us; }), list{"/period"});
  EXPECT_EQ(finding([](auto& o) { o.period = -1us; }), list{"/period"});
  EXPECT_EQ(finding([](auto& o) { o.kill_grace = -1us; }), list{"/kill_grace"});
  EXPECT_EQ(finding([](auto& o) { o.differing_in_row = 0; }), list{"/differing_in_row"});
  EXPECT_EQ(finding([](auto& o) { o.backoff.delay_first = -1us; }), list{"/backoff/delay_first"});
  EXPECT_EQ(finding([](auto& o) { o.backoff.delay_first = 2min; }), list{"/backoff/delay_max"});
  EXPECT_EQ(finding([](auto& o) { o.backoff.jitter = 1.5; }), list{"/backoff/jitter"});
  EXPECT_EQ(finding([](auto& o) { o.backoff.jitter = std::nan(""); }), list{"/backoff/jitter"});
  EXPECT_EQ(finding([](auto& o) { o.backoff.reset_after = -1us; }), list{"/backoff/reset_after"});
  EXPECT_EQ(finding([](auto&) {}), list{});
}

}  // namespace
}  // namespace musiccorp::supervision::testing
