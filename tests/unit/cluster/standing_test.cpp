#include "cluster/standing.hpp"

#include <gtest/gtest.h>

namespace musiccorp::cluster {
namespace {

using namespace std::chrono_literals;

constexpr moment at(duration time) { return moment{1h + time}; }

link_change came_up(const std::string& node) { return {.node = node, .state = link_state::up}; }
link_change refused_by(const std::string& node, refusal_reason why) {
  return {.node = node, .state = link_state::refused, .why = "because", .refusal = why, .refused_by_peer = true};
}
link_change refused_here(const std::string& node, refusal_reason why) {
  return {.node = node, .state = link_state::refused, .why = "because", .refusal = why};
}

class Standing : public ::testing::Test {
 protected:
  standing node{{"east", "south"}, 1500ms, at(0s)};
};

TEST_F(Standing, IsAdmittedWhenEachPeerHasSaidYes) {
  node.told(came_up("east"), at(1ms));
  EXPECT_FALSE(node.is_admitted(at(1ms)));
  node.told(came_up("south"), at(2ms));
  EXPECT_TRUE(node.is_admitted(at(2ms)));
}

TEST_F(Standing, ANoThatHasNothingToDoWithItsShareIsAnAnswer) {
  node.told(came_up("east"), at(1ms));
  node.told(refused_by("south", refusal_reason::protocol), at(2ms));
  EXPECT_TRUE(node.is_admitted(at(2ms)));
  EXPECT_FALSE(node.has_to_end(at(1h)));
}

TEST_F(Standing, WaitsForWhoeverCannotBeReachedOnlySoLong) {
  node.told(came_up("east"), at(1ms));
  EXPECT_FALSE(node.is_admitted(at(3s - 1us)));
  EXPECT_TRUE(node.is_admitted(at(3s)));
}

TEST_F(Standing, WaitsLessWhereNobodyListens) {
  node.absent("east", true);
  node.absent("south", true);
  EXPECT_FALSE(node.is_admitted(at(750ms - 1us)));
  EXPECT_TRUE(node.is_admitted(at(750ms)));
  node.absent("south", false);  // A process has come there, and has not answered yet.
  EXPECT_FALSE(node.is_admitted(at(750ms)));
}

TEST_F(Standing, WhoeverItRefusesItselfHasNotAnsweredIt) {
  node.told(came_up("east"), at(1ms));
  node.told(refused_here("south", refusal_reason::certificate), at(2ms));
  EXPECT_FALSE(node.is_admitted(at(2ms))) << "anybody may say that name";
}

TEST_F(Standing, HasToEndWhenOthersHaveGoneOnWithItsShare) {
  for (const auto why : {refusal_reason::replaced, refusal_reason::epoch_clash}) {
    standing one{{"east"}, 1500ms, at(0s)};
    one.serves();
    one.told(refused_by("east", why), at(1ms));
    ASSERT_TRUE(one.has_to_end(at(1ms)));
    EXPECT_TRUE(one.has_to_end(at(1ms))->for_ever);
    EXPECT_EQ(one.has_to_end(at(1ms))->why, "because");
    EXPECT_FALSE(one.is_admitted(at(1h)));
  }
}

TEST_F(Standing, IsNotAdmittedWhenAnyPeerSaysThatItsShareIsAnothers) {
  node.told(came_up("east"), at(1ms));
  node.told(refused_by("south", refusal_reason::foreign_partition), at(2ms));
  EXPECT_FALSE(node.is_admitted(at(1h)));
  ASSERT_TRUE(node.has_to_end(at(2ms)));
  EXPECT_FALSE(node.has_to_end(at(2ms))->for_ever) << "another cluster file mends it";
}

TEST_F(Standing, WhoeverServesLeavesItToTheSecondOneToEnd) {
  node.serves();
  node.told(refused_by("south", refusal_reason::foreign_partition), at(1ms));
  node.told(refused_here("east", refusal_reason::foreign_partition), at(1ms));
  EXPECT_FALSE(node.has_to_end(at(1h)));
  auto second = refused_here("east", refusal_reason::foreign_partition);
  second.is_second = true;
  node.told(second, at(2ms));
  EXPECT_TRUE(node.has_to_end(at(2ms)));
}

TEST_F(Standing, ANameMayBeTakenByItsOwnFormerProcessForAWhile) {
  node.told(came_up("east"), at(1ms));
  node.told(refused_by("south", refusal_reason::name_taken), at(1s));
  EXPECT_FALSE(node.is_admitted(at(6s)));
  EXPECT_FALSE(node.has_to_end(at(7s)));
  EXPECT_TRUE(node.has_to_end(at(7s + 1us)));
  node.told(came_up("south"), at(7s));
  EXPECT_FALSE(node.has_to_end(at(1h)));
  EXPECT_TRUE(node.is_admitted(at(7s)));
}

TEST(StandingAlone, HasNobodyToAsk) { EXPECT_TRUE((standing{{}, 1500ms, at(0s)}.is_admitted(at(0s)))); }

}  // namespace
}  // namespace musiccorp::cluster
