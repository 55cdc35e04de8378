// What becomes of dead letters while nobody can hear of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/little_world.hpp"
#include "unit/service/ward.hpp"

namespace musiccorp {
namespace {

using namespace ward;
using namespace std::chrono_literals;

/// The logs keep what it has not heard, however long it is away.
TEST(HospitalAway, ForDaysNoCaseIsLost) {
  fate what;
  told story;
  service::partition_limits limits;
  limits.retry = {3, 10ms, 20ms};
  limits.log_kept = 1h;
  testing::little_world world{services(what, story), 11, limits};
  world.cut("listener", "hospital");
  world.cut("hospital", "listener");
  what.throws["poison"] = "bug";
  for (int i = 0; i < 50; ++i) {
    world.ask("speaker", say{std::to_string(i), "k" + std::to_string(i), "poison"});
    world.pass(90min);
  }
  EXPECT_TRUE(story.died.empty());
  EXPECT_EQ(world.books("speaker:listener").dead, 50U);
  world.restart("hospital");
  world.restart("listener");
  world.mend("listener", "hospital");
  world.mend("hospital", "listener");
  world.pass(1s);
  EXPECT_EQ(story.died.size(), 50U);
  EXPECT_EQ(world.books("listener:hospital").imbalance(), 0);
}

}  // namespace
}  // namespace musiccorp
