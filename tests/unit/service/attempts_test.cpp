#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/little_world.hpp"
#include "unit/service/ward.hpp"

/// What is kept of the tries of a message.
namespace musiccorp {
namespace {

using namespace ward;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::SizeIs;

class Attempts : public ::testing::Test {
 protected:
  void open(delivery::order_policy order) {
    world = std::make_unique<testing::little_world>(
        services(what, story), 11, service::partition_limits{.retry = {3, 10ms, 20ms}, .order = order},
        storage::memory_stores(), [](const auto&, const auto&, service::partition_environment& environment) {
          environment.node = "north";
          environment.version = "1.2.3";
        });
  }
  void speak(const std::string& text) {
    world->ask("speaker", say{text, "k", text});
    world->pass(10s);
  }

  fate what;
  told story;
  std::unique_ptr<testing::little_world> world;
};

TEST_F(Attempts, OfAMessageThatIsTriedForEverAreTheFirstAndTheNewest) {
  int tries = 0;
  what.first = [&](turn&, const said&) -> std::optional<outcome> {
    if (++tries <= 120) return fault{fault_kind::busy, "try " + std::to_string(tries), {}, {}};
    return fault{fault_kind::conflict, "never", {}, {}};
  };
  open(delivery::order_policy::block);
  speak("stubborn");
  ASSERT_EQ(story.died.size(), 1U) << tries;
  const auto& one = story.died[0];
  EXPECT_EQ(one.attempts_made, 121U);
  ASSERT_THAT(one.attempts, SizeIs(51));
  EXPECT_EQ(one.attempts[0].text, "try 1");
  EXPECT_EQ(one.attempts[1].number, 72) << "what lies between is not kept";
  EXPECT_EQ(one.attempts.back().number, 121);
}

TEST_F(Attempts, OfAReplayEndWithTheOneThatHealed) {
  what.throws["poison"] = "bug";
  open(delivery::order_policy::park);
  speak("poison");
  what.first = [tries = 0](turn&, const said&) mutable -> std::optional<outcome> {
    if (++tries == 1) return fault{fault_kind::busy, "not yet mended", {}, {}};
    return done{};
  };
  const auto died = story.died.at(0);
  world->ask("hospital", treat_replay{died.case_id, died.upstream, died.seq, 1, {}});
  world->pass(1s);
  ASSERT_EQ(story.healed.size(), 1U);
  const auto& told = story.healed[0].attempts;
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_EQ(told[0].outcome, "retried");
  const auto& healing = told[1];
  EXPECT_EQ(healing.outcome, "healed");
  EXPECT_EQ(healing.number, 5);
  EXPECT_EQ(healing.replay, 1);
  EXPECT_EQ(healing.node, "north");
  EXPECT_EQ(healing.version, "1.2.3");
  EXPECT_GT(healing.started, told[0].ended);
  EXPECT_GE(healing.ended, healing.started);
}

}  // namespace
}  // namespace musiccorp
