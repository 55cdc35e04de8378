#include "delivery/isolation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <semaphore>
#include <thread>

#include "base/ensure.hpp"
#include "base/random.hpp"

namespace musiccorp::delivery {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class Isolation : public testing::Test {
 protected:
  /// A seat that writes its name down when it is woken.
  isolation::seat join(const std::string& name) {
    return gate_.join(name, [this, name] { woken_.push_back(name); });
  }
  std::vector<std::string> take_woken() { return std::exchange(woken_, {}); }

  isolation gate_;
  std::vector<std::string> woken_;
  isolation::seat order_ = join("order"), payment_ = join("payment"), shipping_ = join("shipping");
};

TEST_F(Isolation, LetsEverybodyInWhileNobodyAsksToBeAlone) {
  EXPECT_TRUE(order_.try_enter());
  EXPECT_TRUE(payment_.try_enter());
  EXPECT_THAT(gate_.now().inside, ElementsAre("order", "payment"));
  order_.leave();
  EXPECT_TRUE(order_.try_enter());
  EXPECT_THAT(take_woken(), IsEmpty());
}

TEST_F(Isolation, GrantsAtOnceWhenNobodyIsIn) {
  EXPECT_TRUE(order_.ask_alone());
  EXPECT_EQ(gate_.now().alone, "order");
  EXPECT_FALSE(payment_.try_enter());
}

TEST_F(Isolation, WaitsForThoseInsideAndKeepsTheOthersOut) {
  ASSERT_TRUE(payment_.try_enter());
  ASSERT_TRUE(shipping_.try_enter());
  EXPECT_FALSE(order_.ask_alone());
  payment_.leave();
  EXPECT_FALSE(payment_.try_enter()) << "somebody waits";
  EXPECT_THAT(take_woken(), IsEmpty());
  EXPECT_FALSE(order_.ask_alone());
  shipping_.leave();
  EXPECT_THAT(take_woken(), ElementsAre("order"));
  EXPECT_FALSE(shipping_.try_enter()) << "its turn, even before it has come to take it";
  EXPECT_TRUE(order_.ask_alone());
}

TEST_F(Isolation, WakesThoseItRefusedWhenItOpens) {
  ASSERT_TRUE(order_.ask_alone());
  ASSERT_FALSE(payment_.try_enter());
  order_.leave();
  EXPECT_THAT(take_woken(), ElementsAre("payment")) << "shipping did not ask";
  EXPECT_TRUE(payment_.try_enter());
  payment_.leave();
  EXPECT_THAT(take_woken(), IsEmpty()) << "once";
}

TEST_F(Isolation, GoesInTheOrderOfAsking) {
  ASSERT_TRUE(order_.try_enter());
  EXPECT_FALSE(shipping_.ask_alone());
  EXPECT_FALSE(payment_.ask_alone());
  EXPECT_FALSE(shipping_.ask_alone()) << "asking again keeps the place";
  EXPECT_THAT(gate_.now().waiting, ElementsAre("shipping", "payment"));
  order_.leave();
  EXPECT_THAT(take_woken(), ElementsAre("shipping"));
  EXPECT_FALSE(payment_.ask_alone()) << "nobody is inside, but it is not the first";
  EXPECT_TRUE(shipping_.ask_alone());
  shipping_.leave();
  EXPECT_THAT(take_woken(), ElementsAre("payment"));
  EXPECT_TRUE(payment_.ask_alone());
}

TEST_F(Isolation, KeepsWhoeverWaitsToBeAloneOutOfTheCrowd) {
  ASSERT_TRUE(payment_.try_enter());
  ASSERT_FALSE(order_.ask_alone());
  EXPECT_FALSE(order_.try_enter());
}

TEST_F(Isolation, LetsAWishBeTakenBack) {
  ASSERT_TRUE(payment_.try_enter());
  ASSERT_FALSE(order_.ask_alone());
  ASSERT_FALSE(shipping_.try_enter());
  order_.leave();
  EXPECT_THAT(take_woken(), ElementsAre("shipping"));
  EXPECT_TRUE(shipping_.try_enter());
}

TEST_F(Isolation, OpensWhenTheOneAloneIsGone) {
  {
    auto cell = join("doomed");
    ASSERT_TRUE(cell.ask_alone());
    ASSERT_FALSE(order_.try_enter());
  }
  EXPECT_THAT(take_woken(), ElementsAre("order"));
  EXPECT_TRUE(order_.try_enter());
}

TEST_F(Isolation, OpensWhenOneThatWaitedIsGone) {
  ASSERT_TRUE(order_.try_enter());
  {
    auto cell = join("doomed");
    ASSERT_FALSE(cell.ask_alone());
    ASSERT_FALSE(payment_.try_enter());
  }
  EXPECT_THAT(take_woken(), ElementsAre("payment"));
  EXPECT_TRUE(payment_.try_enter());
}

TEST_F(Isolation, GrantsToTheNextWhenOneThatWasGrantedIsGone) {
  ASSERT_TRUE(order_.try_enter());
  {
    auto cell = join("doomed");
    ASSERT_FALSE(cell.ask_alone());
    ASSERT_FALSE(payment_.ask_alone());
    order_.leave();
    EXPECT_THAT(take_woken(), ElementsAre("doomed"));
  }
  EXPECT_THAT(take_woken(), ElementsAre("payment"));
}

TEST_F(Isolation, GrantsWhenTheLastInsideIsGone) {
  {
    auto cell = join("doomed");
    ASSERT_TRUE(cell.try_enter());
    ASSERT_FALSE(order_.ask_alone());
  }
  EXPECT_THAT(take_woken(), ElementsAre("order"));
}

TEST_F(Isolation, SurvivesACellThatIsReplaced) {
  ASSERT_TRUE(order_.try_enter());
  order_ = join("order");
  EXPECT_TRUE(payment_.ask_alone()) << "the old one is not inside any more";
}

TEST_F(Isolation, OutlivesItsOwner) {
  std::optional<isolation> gate{std::in_place};
  auto seat = gate->join("last", [] {});
  ASSERT_TRUE(seat.try_enter());
  gate.reset();
  seat.leave();
}

TEST_F(Isolation, RefusesSecondBatches) {
  ASSERT_TRUE(order_.try_enter());
  EXPECT_THROW((void)order_.try_enter(), base::broken_promise);
  EXPECT_THROW((void)order_.ask_alone(), base::broken_promise);
}

/// Cells on threads: batches, wishes to be alone, crashes, and the promise that one alone is alone.
class busy_cell {
 public:
  busy_cell(isolation& gate, std::uint64_t seed, std::atomic<int>& inside, std::atomic<int>& times_alone)
      : gate_{gate}, random_{seed}, inside_{inside}, times_alone_{times_alone} {}

  void run() {
    for (int i = 0; i < 2'000 && !testing::Test::HasFailure(); ++i) {
      if (random_.below(50) == 0) seat_ = sit_down();
      if (random_.below(5) == 0)
        be_alone();
      else
        be_among_others();
    }
  }

 private:
  isolation::seat sit_down() {
    return gate_.join("busy", [woken = woken_] { woken->release(); });
  }

  void be_alone() {
    while (!seat_.ask_alone())
      if (!woken()) return;
    EXPECT_EQ(inside_.fetch_add(1), 0);
    unguarded_ += 1;
    times_alone_.fetch_add(1);
    std::this_thread::yield();
    EXPECT_EQ(inside_.fetch_sub(1), 1);
    seat_.leave();
  }
  void be_among_others() {
    while (!seat_.try_enter())
      if (!woken()) return;
    inside_.fetch_add(1);
    std::this_thread::yield();  // The others shall meet us here.
    inside_.fetch_sub(1);
    seat_.leave();
  }
  [[nodiscard]] bool woken() {
    const bool in_time = woken_->try_acquire_for(20s);
    EXPECT_TRUE(in_time) << "nobody woke us";
    return in_time;
  }

  static inline int unguarded_ = 0;  ///< Written only alone: a race would be ThreadSanitizer's.
  isolation& gate_;
  base::random_source random_;
  std::atomic<int>& inside_;
  std::atomic<int>& times_alone_;
  std::shared_ptr<std::counting_semaphore<>> woken_ = std::make_shared<std::counting_semaphore<>>(0);
  isolation::seat seat_ = sit_down();
};

TEST_F(Isolation, KeepsItsPromiseToManyThreads) {
  std::atomic<int> inside{0}, times_alone{0};
  std::vector<std::jthread> threads;
  for (std::uint64_t seed = 1; seed <= 6; ++seed)
    threads.emplace_back([&, seed] { busy_cell{gate_, seed, inside, times_alone}.run(); });
  threads.clear();
  EXPECT_GT(times_alone.load(), 1'000);
  EXPECT_TRUE(order_.ask_alone()) << "the gate is open";
}

}  // namespace
}  // namespace musiccorp::delivery
