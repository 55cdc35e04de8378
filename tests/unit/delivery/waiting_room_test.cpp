#include "delivery/waiting_room.hpp"

#include <gtest/gtest.h>

namespace musiccorp::delivery {
namespace {

using namespace std::chrono_literals;

instant at(std::chrono::microseconds time) { return instant{time}; }

waiting_row row(std::uint64_t seq, std::string key, waiting_state state, instant due = {}) {
  waiting_row made;
  made.upstream = "order";
  made.seq = seq;
  made.key = std::move(key);
  made.state = state;
  made.due = due;
  made.message.occurred = at(std::chrono::microseconds{seq});
  return made;
}

std::vector<std::uint64_t> seqs(const std::vector<waiting_row>& rows) {
  std::vector<std::uint64_t> found;
  for (const auto& one : rows) found.push_back(one.seq);
  return found;
}

TEST(WaitingRoom, HoldsBackFollowersOfTheSameKeyOnly) {
  waiting_room room;
  room.put(row(1, "a", waiting_state::retry, at(10us)));
  EXPECT_TRUE(room.blocked("order", "a"));
  EXPECT_FALSE(room.blocked("order", "b"));
  EXPECT_FALSE(room.blocked("payment", "a"));
  EXPECT_FALSE(room.blocked("order", ""));
}

TEST(WaitingRoom, LetsTheHeadGoFirstEvenWhenItIsDueLast) {
  waiting_room room;
  room.put(row(1, "a", waiting_state::retry, at(100us)));
  room.put(row(2, "a", waiting_state::parked));
  room.put(row(3, "b", waiting_state::retry, at(50us)));
  EXPECT_EQ(seqs(room.due(at(60us), 10)), std::vector<std::uint64_t>{3});
  EXPECT_EQ(room.next_due(), at(50us));
  room.remove("order", 3);
  EXPECT_EQ(seqs(room.due(at(100us), 10)), std::vector<std::uint64_t>{1});
  room.remove("order", 1);
  EXPECT_EQ(seqs(room.due(at(100us), 10)), std::vector<std::uint64_t>{2});
  room.remove("order", 2);
  EXPECT_FALSE(room.blocked("order", "a"));
  EXPECT_EQ(room.size(), 0U);
  EXPECT_FALSE(room.next_due());
}

TEST(WaitingRoom, ADeadHeadKeepsItsFollowersParked) {
  waiting_room room;
  room.put(row(1, "a", waiting_state::retry, at(1us)));
  room.put(row(2, "a", waiting_state::parked));
  room.put(row(1, "a", waiting_state::dead));
  EXPECT_TRUE(room.blocked("order", "a"));
  EXPECT_TRUE(room.due(at(1h), 10).empty());
  EXPECT_FALSE(room.next_due());
  room.remove("order", 1);
  EXPECT_EQ(seqs(room.due(at(0us), 10)), std::vector<std::uint64_t>{2});
}

TEST(WaitingRoom, PutsARetriedMessageBackInFrontOfItsFollowers) {
  waiting_room room;
  room.put(row(1, "a", waiting_state::retry, at(1us)));
  room.put(row(2, "a", waiting_state::parked));
  room.put(row(1, "a", waiting_state::retry, at(500us)));
  EXPECT_TRUE(room.due(at(499us), 10).empty());
  EXPECT_EQ(seqs(room.due(at(500us), 10)), std::vector<std::uint64_t>{1});
}

TEST(WaitingRoom, MessagesWithoutAKeyHaveNoOrder) {
  waiting_room room;
  room.put(row(1, "", waiting_state::retry, at(9us)));
  room.put(row(2, "", waiting_state::retry, at(3us)));
  EXPECT_EQ(seqs(room.due(at(9us), 10)), (std::vector<std::uint64_t>{2, 1}));
}

TEST(WaitingRoom, IsTheSameAfterLoading) {
  waiting_room room;
  room.put(row(1, "a", waiting_state::dead));
  room.put(row(2, "a", waiting_state::parked));
  room.put(row(5, "b", waiting_state::deferred, at(7us)));
  waiting_room again;
  again.load(room.all());
  EXPECT_EQ(again.all(), room.all());
  EXPECT_EQ(again.next_due(), at(7us));
  EXPECT_EQ(again.of("order", waiting_state::parked).count, 1U);
  EXPECT_EQ(again.of("order", waiting_state::dead).oldest, at(1us));
  EXPECT_EQ(again.of("order", waiting_state::retry).count, 0U);
}

}  // namespace
}  // namespace musiccorp::delivery
