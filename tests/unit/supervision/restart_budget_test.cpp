#include "supervision/restart_budget.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/random.hpp"

namespace musiccorp::supervision {
namespace {

using namespace std::chrono_literals;

constexpr moment at(duration time) { return moment{1h + time}; }

TEST(RestartBudget, AnIntensityOfNothingAllowsNoRestart) {
  restart_budget budget{0, 5s};
  EXPECT_EQ(budget.left(at(0s)), 0U);
  EXPECT_FALSE(budget.spend(at(0s)));
}

TEST(RestartBudget, IsExhaustedByOneMoreThanItsIntensity) {
  restart_budget budget{2, 5s};
  EXPECT_TRUE(budget.spend(at(0s)));
  EXPECT_TRUE(budget.spend(at(1s)));
  EXPECT_EQ(budget.left(at(1s)), 0U);
  EXPECT_FALSE(budget.spend(at(2s)));
}

TEST(RestartBudget, ASpendingOfExactlyThePeriodsAgeStillCounts) {
  restart_budget budget{1, 5s};
  EXPECT_TRUE(budget.spend(at(0s)));
  EXPECT_EQ(budget.left(at(5s)), 0U);
  EXPECT_EQ(budget.left(at(5s + 1us)), 1U);
  EXPECT_EQ(budget.refills_at(at(1s)), at(5s + 1us));
  restart_budget other = budget;
  EXPECT_FALSE(budget.spend(at(5s)));
  EXPECT_TRUE(other.spend(at(5s + 1us)));
}

TEST(RestartBudget, SpendingsFurtherApartThanThePeriodNeverExhaustIt) {  // OTP 51
  restart_budget budget{1, 5s};
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(budget.spend(at(i * (5s + 1us))));
}

TEST(RestartBudget, AChangeKeepsWhatWasSpent) {
  restart_budget budget{5, 5s};
  EXPECT_TRUE(budget.spend(at(0s)));
  EXPECT_TRUE(budget.spend(at(1s)));
  budget.change(2, 10s);
  EXPECT_EQ(budget.left(at(8s)), 0U);
  EXPECT_FALSE(budget.spend(at(8s)));
}

/// The law itself, against a list that forgets nothing.
TEST(RestartBudget, AgreesWithTheLawForRandomTimes) {
  base::random_source random{7};
  for (int run = 0; run < 200; ++run) {
    const auto intensity = static_cast<std::uint32_t>(random.below(5));
    const duration period{static_cast<duration::rep>(1 + random.below(50))};
    restart_budget budget{intensity, period};
    std::vector<moment> all;
    moment now = at(0s);
    for (int i = 0; i < 200; ++i) {
      now += duration{static_cast<duration::rep>(random.below(30))};
      all.push_back(now);
      const auto recent = std::ranges::count_if(all, [&](moment one) { return one >= now - period; });
      ASSERT_EQ(budget.spend(now), recent <= static_cast<std::ptrdiff_t>(intensity))
          << "run " << run << " step " << i;
    }
  }
}

}  // namespace
}  // namespace musiccorp::supervision
