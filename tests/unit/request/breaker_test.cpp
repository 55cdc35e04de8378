#include "request/breaker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "describe/describe.hpp"

namespace musiccorp::request {
namespace {

using namespace std::chrono_literals;
using state = breaker_state;

constexpr instant start{std::chrono::days{20'000}};
const ask_end good{};
const ask_end bad{base::fault_kind::unavailable, {}};

class Breaker : public ::testing::Test {
 protected:
  breaker::permit ask() { return one.ask(now, now + 5s); }
  void end(const ask_end& how) { ask().end(how, now); }
  void open_it() {
    for (int i = 0; i < 3; ++i) end(bad);
    ASSERT_EQ(one.state(), state::open);
  }
  void let_it_try() { now = *one.next_probe(); }

  instant now = start;
  breaker one{{.failures_in_row = 3,
               .failures_percent = 50,
               .calls_min = 10,
               .window = 10s,
               .open_first = 100ms,
               .open_longest = 1s,
               .jitter_percent = 0,
               .probes_max = 2},
              7,
              start};
};

TEST_F(Breaker, OpensAfterFailuresInARowAndRefusesAtOnce) {
  end(bad);
  end(bad);
  EXPECT_TRUE(ask());
  end(bad);
  EXPECT_EQ(one.state(), state::open);
  EXPECT_EQ(one.cause(), base::fault_kind::unavailable);
  EXPECT_FALSE(ask());
  EXPECT_EQ(one.wait(now), 100ms);
  EXPECT_EQ(one.next_probe(), now + 100ms);
}

TEST_F(Breaker, ASuccessEndsTheRow) {
  for (const auto& how : {bad, bad, good, bad, bad}) end(how);
  EXPECT_EQ(one.state(), state::closed);
}

TEST_F(Breaker, OpensWhenTooManyOfEnoughAsksFailed) {
  for (int i = 0; i < 4; ++i) {
    end(bad);
    end(good);
  }
  end(bad);  // 5 of 9: not enough asks to say so.
  EXPECT_EQ(one.state(), state::closed);
  end(good);
  end(bad);
  EXPECT_EQ(one.state(), state::open);
}

TEST_F(Breaker, ForgetsWhatIsOlderThanItsWindow) {
  for (int i = 0; i < 4; ++i) {
    end(bad);
    end(good);
  }
  now += 10s;
  end(bad);
  end(good);
  end(bad);
  EXPECT_EQ(one.state(), state::closed);
}

TEST_F(Breaker, LetsAFewProbesThroughAndClosesWithASuccess) {
  open_it();
  let_it_try();
  auto first = ask();
  auto second = ask();
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(ask());
  EXPECT_EQ(one.state(), state::half_open);
  second.end(good, now);
  EXPECT_EQ(one.state(), state::closed);
  first.end(bad, now);
  end(bad);
  end(bad);
  EXPECT_EQ(one.state(), state::closed) << "the other probe's end is about what was, not what is";
}

TEST_F(Breaker, WaitsTwiceAsLongAfterEachFailedProbeUntilTheLongest) {
  open_it();
  for (const auto wait : {200ms, 400ms, 800ms, 1000ms, 1000ms}) {
    let_it_try();
    end(bad);
    EXPECT_EQ(one.state(), state::open);
    EXPECT_EQ(one.next_probe(), now + wait);
  }
  let_it_try();
  end(good);
  open_it();
  EXPECT_EQ(one.next_probe(), now + 100ms) << "a success begins anew";
}

TEST_F(Breaker, WaitsAtLeastAsLongAsTheOtherSideWants) {
  end(bad);
  end(bad);
  end({base::fault_kind::overloaded, 7s});
  EXPECT_EQ(one.next_probe(), now + 7s);
  now += 6s;
  EXPECT_FALSE(ask());
  EXPECT_EQ(one.wait(now), 1s);
}

TEST_F(Breaker, NobodyIsWaitedForWithoutLimitWhateverHeWants) {
  end(bad);
  end(bad);
  end({base::fault_kind::overloaded, std::chrono::hours{10'000}});
  EXPECT_EQ(one.next_probe(), now + 10min);
}

TEST_F(Breaker, AnAbandonedProbeIsFreeForSomebodyElse) {
  open_it();
  let_it_try();
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(ask()) << "goes without an end";
  auto first = ask();
  auto second = ask();
  EXPECT_FALSE(ask());
  first = {};
  EXPECT_TRUE(ask());
}

TEST_F(Breaker, AsksOfOneRequestAreProbesTogether) {
  open_it();
  let_it_try();
  auto first = ask();
  auto second = ask();
  auto third = one.accompany(second);
  EXPECT_TRUE(third);
  third = {};
  EXPECT_FALSE(ask()) << "there is room for two";
  second = {};
  EXPECT_TRUE(ask());
  EXPECT_THROW((void)one.accompany({}), std::logic_error);
}

TEST_F(Breaker, LostProbesDoNotKeepItHalfOpenForEver) {
  open_it();
  let_it_try();
  auto first = one.ask(now, now + 300ms);
  auto second = one.ask(now, now + 400ms);
  now += 399ms;
  EXPECT_FALSE(ask());
  EXPECT_EQ(one.next_probe(), now + 1ms);
  now += 1ms;
  auto third = ask();
  EXPECT_TRUE(third);
  first.end(good, now);
  EXPECT_EQ(one.state(), state::half_open) << "it was given up";
  second = {};
  auto fourth = ask();
  EXPECT_TRUE(fourth);
  EXPECT_FALSE(ask()) << "what was given up frees nothing now";
  now += 1s;  // The longest wait, although their deadline is later.
  EXPECT_TRUE(ask());
}

TEST_F(Breaker, WhatEndsAfterItOpenedChangesNothing) {
  auto slow = ask();
  auto slower = ask();
  open_it();
  const auto until = one.next_probe();
  now += 50ms;
  slow.end(bad, now);
  slower.end(good, now);
  EXPECT_EQ(one.state(), state::open);
  EXPECT_EQ(one.next_probe(), until);
}

TEST_F(Breaker, AnEndIsCountedOnce) {
  auto permit = ask();
  for (int i = 0; i < 10; ++i) permit.end(bad, now);
  EXPECT_EQ(one.state(), state::closed);
}

TEST(BreakerPolicy, WithNothingToOpenForItNeverOpens) {
  breaker one{{.failures_in_row = 0, .failures_percent = 0}, 1, start};
  for (int i = 0; i < 1'000; ++i) one.ask(start, start).end(bad, start);
  EXPECT_EQ(one.state(), state::closed);
}

TEST(BreakerPolicy, TheRandomPartOfAWaitSpreadsTheProbes) {
  std::vector<duration> waits;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    breaker one{{.failures_in_row = 1, .open_first = 1s, .jitter_percent = 20}, seed, start};
    one.ask(start, start).end(bad, start);
    waits.push_back(*one.next_probe() - start);
  }
  std::ranges::sort(waits);
  EXPECT_GT(waits.front(), 800ms);
  EXPECT_LT(waits.front(), 810ms);
  EXPECT_LE(waits.back(), 1s);
  EXPECT_GT(waits.back(), 990ms);
}

TEST(AskEnd, OnlyWhoIsNotThereOrHasTooMuchToDoFails) {
  for (const auto& facts : base::all_fault_facts()) {
    const bool fails = facts.kind == base::fault_kind::unavailable || facts.kind == base::fault_kind::overloaded ||
                       facts.kind == base::fault_kind::timeout;
    EXPECT_EQ(end_of(base::fault{facts.kind, {}, {}, {}}).failure.has_value(), fails) << facts.name;
  }
  EXPECT_FALSE(end_of(base::rejected{"no"}).failure);
  EXPECT_FALSE(end_of(answer{}).failure);
  EXPECT_EQ(end_of(base::fault{base::fault_kind::overloaded, {}, {}, 250ms}).retry_after, 250ms);
}

/// The same breaker told by keeping everything and counting it anew each time.
class plain_breaker {
 public:
  explicit plain_breaker(breaker_policy policy) : policy_{policy} {}

  struct ticket {
    std::uint64_t round = 0;  ///< 0: refused
  };
  ticket ask(instant now, instant deadline) {
    if (now_is == state::open && now >= open_until) enter(state::half_open);
    if (now_is == state::open) return {};
    if (now_is == state::closed) return {round_};
    const auto out = [&](const auto& one) { return one.is_out; };
    if (std::ranges::count_if(probes_, out) >= policy_.probes_max) {
      const auto is_lost = [&](const auto& one) { return now >= one.until; };
      if (!std::ranges::all_of(probes_, is_lost)) return {};
      enter(state::half_open);
    }
    probes_.push_back({std::min(deadline, now + policy_.open_longest), true});
    return {round_};
  }
  /// True when it has opened.
  bool end(ticket one, bool failed, instant now) {
    if (one.round != round_) return false;
    if (now_is == state::half_open) {
      enter(failed ? state::open : state::closed);
      openings = failed ? openings + 1 : 0;
      return failed;
    }
    ends_.push_back({now, failed});
    if (!failed || !too_bad(now)) return false;
    enter(state::open);
    openings = 1;
    return true;
  }
  /// Of the probe that was asked as the `which`th of its round.
  void abandon(ticket one, std::size_t which) {
    if (one.round == round_ && now_is == state::half_open) probes_.at(which).is_out = false;
  }
  [[nodiscard]] std::size_t last_probe() const { return probes_.empty() ? 0 : probes_.size() - 1; }
  [[nodiscard]] duration ceiling() const {
    auto wait = policy_.open_first;
    for (int i = 1; i < openings; ++i) wait = std::min(wait * 2, policy_.open_longest);
    return wait;
  }

  state now_is = state::closed;
  instant open_until{};
  int openings = 0;

 private:
  struct probe {
    instant until;
    bool is_out;
  };
  struct one_end {
    instant at;
    bool failed;
  };
  void enter(state next) {
    now_is = next;
    ++round_;
    probes_.clear();
    if (next == state::closed) ends_.clear();
  }
  [[nodiscard]] bool too_bad(instant now) const {
    std::size_t row = 0;
    for (auto at = ends_.rbegin(); at != ends_.rend() && at->failed; ++at) ++row;
    if (policy_.failures_in_row > 0 && row >= policy_.failures_in_row) return true;
    const auto tenth = [&](instant at) { return at.time_since_epoch().count() / (policy_.window.count() / 10); };
    std::size_t calls = 0;
    std::size_t failures = 0;
    for (const auto& one : ends_)
      if (tenth(one.at) > tenth(now) - 10) {
        ++calls;
        failures += std::size_t{one.failed};
      }
    return policy_.failures_percent > 0 && calls >= policy_.calls_min &&
           failures * 100 >= calls * policy_.failures_percent;
  }

  breaker_policy policy_;
  std::uint64_t round_ = 1;
  std::vector<probe> probes_;
  std::vector<one_end> ends_;
};

struct held_permit {
  breaker::permit real;
  plain_breaker::ticket plain;
  std::size_t probe;
};

breaker_policy random_policy(base::random_source& random) {
  breaker_policy made;
  made.failures_in_row = static_cast<std::uint32_t>(random.below(6));
  made.failures_percent = static_cast<std::uint32_t>(random.below(4) * 25);
  made.calls_min = static_cast<std::uint32_t>(1 + random.below(20));
  made.window = 10ms * static_cast<int>(1 + random.below(200));
  made.open_first = 1ms * static_cast<int>(1 + random.below(200));
  made.open_longest = made.open_first * static_cast<int>(1 + random.below(20));
  made.jitter_percent = static_cast<int>(random.below(101));
  made.probes_max = static_cast<std::uint32_t>(1 + random.below(3));
  return made;
}

/// One seeded life of a breaker beside the plain one; how often it opened.
std::size_t live(std::uint64_t seed, std::size_t steps) {
  base::random_source random{seed};
  const auto policy = random_policy(random);
  breaker real{policy, random.next(), start};
  plain_breaker plain{policy};
  std::vector<held_permit> held;
  std::size_t opened = 0;
  instant now = start;
  auto failing = random.below(101);
  for (std::size_t step = 0; step < steps && !::testing::Test::HasFailure(); ++step) {
    if (random.below(50) == 0) failing = random.below(101);
    now += duration{static_cast<duration::rep>(random.below(random.below(20) == 0 ? 500'000 : 10'000))};
    const auto what = random.below(10);
    if (what < 5 || held.empty()) {
      const auto deadline = now + duration{static_cast<duration::rep>(random.below(300'000))};
      auto permit = real.ask(now, deadline);
      const auto ticket = plain.ask(now, deadline);
      EXPECT_EQ(static_cast<bool>(permit), ticket.round != 0) << "step " << step;
      if (!permit) {
        EXPECT_GT(real.wait(now), duration{0}) << "step " << step;
      }
      held.push_back({std::move(permit), ticket, plain.last_probe()});
    } else {
      const auto at = held.begin() + static_cast<std::ptrdiff_t>(random.below(held.size()));
      if (what == 9) {
        plain.abandon(at->plain, at->probe);
      } else {
        const bool failed = random.below(100) < failing;
        const duration retry_after{static_cast<duration::rep>(random.below(4) == 0 ? random.below(400'000) : 0)};
        at->real.end(failed ? ask_end{base::fault_kind::timeout, retry_after} : ask_end{}, now);
        if (plain.end(at->plain, failed, now)) {
          ++opened;
          const auto longest = plain.ceiling();
          const auto wait = real.next_probe().value_or(now) - now;
          EXPECT_GE(wait, std::max(longest - longest * policy.jitter_percent / 100, retry_after)) << "step " << step;
          EXPECT_LE(wait, std::max(longest, retry_after)) << "step " << step;
          plain.open_until = now + wait;
        }
      }
      held.erase(at);
    }
    EXPECT_EQ(describe::name_of(real.state()), describe::name_of(plain.now_is)) << "step " << step;
  }
  return opened;
}

TEST(BreakerProperty, DoesWhatAPlainOneDoes) {
  std::size_t opened = 0;
  for (std::uint64_t seed = 1; seed <= 400 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    opened += live(seed, 1'000);
  }
  EXPECT_GT(opened, 1'000U) << "the lives are too quiet to show much";
}

}  // namespace
}  // namespace musiccorp::request
