// What a planned stop of the process means for messages that fail because of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "support/little_world.hpp"
#include "unit/service/ward.hpp"

namespace musiccorp {
namespace {

using namespace ward;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class PlannedStop : public ::testing::Test {
 protected:
  void SetUp() override {
    service::partition_limits limits;
    limits.retry = {2, 10ms, 20ms};
    world = std::make_unique<testing::little_world>(
        services(what, story), 11, limits, storage::memory_stores(),
        [this](const auto&, const auto&, service::partition_environment& environment) {
          environment.stopping = &stopping;
        });
  }
  void speak(const std::string& key, const std::string& text) {
    world->ask("speaker", say{std::to_string(++ids_), key, text});
    world->settle();
  }
  std::vector<std::string> listened(const std::string& key) {
    const auto token = world->ask("listener", show_heard{key});
    world->settle();
    return describe::from_json<heard>(std::get<request::answer>(world->reply(token).value()).payload).value().texts;
  }

  fate what;
  told story;
  std::atomic<bool> stopping{false};
  std::unique_ptr<testing::little_world> world;

 private:
  int ids_ = 0;
};

TEST_F(PlannedStop, TroubleThatMayPassCostsNoAttemptAndItsKeyKeepsItsOrder) {
  what.faults["mail"] = {fault_kind::unavailable, "the post office is closing", {}, {}};
  stopping = true;
  speak("k", "mail");
  speak("k", "behind");
  world->pass(10s);  // Far more tries than attempts.
  EXPECT_THAT(story.died, IsEmpty());
  const auto books = world->books("speaker:listener");
  EXPECT_EQ(books.processed, 0U);
  EXPECT_EQ(books.imbalance(), 0);

  what.faults.clear();
  stopping = false;
  world->restart("listener");
  world->pass(1s);
  EXPECT_THAT(listened("k"), ElementsAre("mail", "behind"));
  EXPECT_EQ(world->books("speaker:listener").processed, 2U);
}

TEST_F(PlannedStop, WhatWasChargedBeforeStaysCharged) {
  what.faults["mail"] = {fault_kind::unavailable, "busy", {}, {}};
  speak("k", "mail");  // The first of two attempts.
  stopping = true;
  world->pass(10s);
  EXPECT_THAT(story.died, IsEmpty());
  stopping = false;
  world->restart("listener");
  world->pass(1s);
  ASSERT_EQ(story.died.size(), 1U);
  EXPECT_EQ(story.died.front().attempts_made, 2U);
}

TEST_F(PlannedStop, CrashesAndWhatCanNotPassAreChargedAsEver) {
  what.throws["poison"] = "a bug";
  what.faults["never"] = {fault_kind::forbidden, "not allowed", {}, {}};
  stopping = true;
  speak("k", "poison");
  speak("l", "never");
  world->pass(10s);
  EXPECT_EQ(story.died.size(), 2U);
}

}  // namespace
}  // namespace musiccorp
