#include "delivery/waiting_room.hpp"

#include <gtest/gtest.h>

namespace musiccorp::delivery {
namespace {

using namespace std::chrono_literals;

instant at(std::chrono::microseconds time) { return instant{time}; }

waiting_mark row(std::uint64_t seq, std::string key, waiting_state state, instant due = {}) {
  waiting_mark made;
  made.upstream = "order";
  made.seq = seq;
  made.key = std::move(key);
  made.state = state;
  made.due = due;
  made.born = at(std::chrono::microseconds{seq});
  return made;
}

std::vector<std::uint64_t> seqs(const std::vector<waiting_room::place>& rows) {
  std::vector<std::uint64_t> found;
  for (const auto& one : rows) found.push_back(one.seq);
  return found;
}

TEST(WaitingRoom, HoldsBackFollowersOfTheSameKeyOnly) {
  waiting_room room;
  room.put(row(1, "a", waiting_state::retry, at(10us)));
  EXPECT_GT(room.lane_size("order", "a"), 0U);
  EXPECT_EQ(room.lane_size("order", "b"), 0U);
  EXPECT_EQ(room.lane_size("payment", "a"), 0U);
  EXPECT_EQ(room.lane_size("order", ""), 0U);
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
  EXPECT_EQ(room.lane_size("order", "a"), 0U);
  EXPECT_EQ(room.size(), 0U);
  EXPECT_FALSE(room.next_due());
}

TEST(WaitingRoom, ADeadHeadKeepsItsFollowersParked) {
  waiting_room room;
  room.put(row(1, "a", waiting_state::retry, at(1us)));
  room.put(row(2, "a", waiting_state::parked));
  room.put(row(1, "a", waiting_state::dead));
  EXPECT_GT(room.lane_size("order", "a"), 0U);
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

waiting_mark awaiting(std::uint64_t seq, std::string key, std::string type, std::string entity, instant deadline) {
  auto made = row(seq, std::move(key), waiting_state::deferred, deadline);
  made.awaited_type = std::move(type);
  made.awaited_key = std::move(entity);
  return made;
}

TEST(WaitingRoom, WakesWhatAwaitsAnEntityWhenItIsWritten) {
  waiting_room room;
  room.put(awaiting(1, "a", "order", "o-1", at(1h)));
  room.put(awaiting(2, "b", "order", "o-2", at(1h)));
  room.put(row(3, "a", waiting_state::parked));
  room.written("order", "o-3");
  room.written("parcel", "o-1");
  EXPECT_TRUE(room.due(at(5us), 10).empty());
  room.written("order", "o-1");
  EXPECT_EQ(seqs(room.due(at(5us), 10)), std::vector<std::uint64_t>{1});
  EXPECT_EQ(room.next_due(), instant{}) << "at once";
  room.put(awaiting(1, "a", "order", "o-1", at(1h)));
  EXPECT_TRUE(room.due(at(10us), 10).empty()) << "it said not yet again";
  room.remove("order", 1);
  room.written("order", "o-1");
  EXPECT_EQ(seqs(room.due(at(10us), 10)), std::vector<std::uint64_t>{3});
  EXPECT_EQ(seqs(room.due(at(1h), 10)), (std::vector<std::uint64_t>{3, 2})) << "its deadline is the latest";
}

TEST(WaitingRoom, LooksAtEveryAwaitedEntityOnceMoreAfterAStart) {
  waiting_room room;
  room.load({awaiting(1, "a", "order", "o-1", at(1h)), row(2, "a", waiting_state::parked)});
  EXPECT_EQ(seqs(room.due(at(0us), 10)), std::vector<std::uint64_t>{1});
}

TEST(WaitingRoom, KeepsThoseThatMustRunAloneApart) {
  waiting_room room;
  room.put(row(4, "a", waiting_state::alone));
  room.put(row(5, "a", waiting_state::parked));
  room.put(row(2, "b", waiting_state::alone));
  EXPECT_TRUE(room.due(at(1h), 10).empty());
  EXPECT_FALSE(room.next_due());
  EXPECT_EQ(room.next_alone()->seq, 2U);
  room.remove("order", 2);
  EXPECT_EQ(room.next_alone()->seq, 4U);
  room.remove("order", 4);
  EXPECT_FALSE(room.next_alone());
  EXPECT_EQ(seqs(room.due(at(0us), 10)), std::vector<std::uint64_t>{5});
}

TEST(WaitingRoom, AWriteDoesNotTakeItsTurnFromAMessageThatMustRunAlone) {
  waiting_room room;
  auto suspect = awaiting(1, "a", "order", "o-1", at(1h));
  suspect.state = waiting_state::alone;
  room.put(suspect);
  room.written("order", "o-1");
  ASSERT_TRUE(room.next_alone());
  EXPECT_EQ(room.next_alone()->seq, 1U);
  EXPECT_FALSE(room.next_due());
}

TEST(WaitingRoom, KnowsWhoWaitsBehindAMessage) {
  waiting_room room;
  room.put(row(1, "a", waiting_state::dead));
  for (const std::uint64_t seq : {9U, 4U, 6U}) room.put(row(seq, "a", waiting_state::parked));
  room.put(row(5, "b", waiting_state::dead));
  EXPECT_EQ(room.followers("order", 1, 10), (std::vector<std::uint64_t>{4, 6, 9}));
  EXPECT_EQ(room.followers("order", 1, 2), (std::vector<std::uint64_t>{4, 6}));
  EXPECT_TRUE(room.followers("order", 5, 10).empty());
  EXPECT_EQ(room.lane_size("order", "a"), 4U);
  EXPECT_EQ(room.lane_size("order", "c"), 0U);
}

TEST(WaitingRoom, OnlyAReplayMovesADeadLetter) {
  waiting_room room;
  room.put(row(1, "a", waiting_state::dead));
  for (const auto to : {waiting_state::retry, waiting_state::deferred, waiting_state::parked, waiting_state::dead,
                        waiting_state::alone})
    EXPECT_THROW(room.put(row(1, "a", to)), std::logic_error) << storage::name_of(to);
  room.put(row(1, "a", waiting_state::replaying, at(3us)));
  EXPECT_EQ(seqs(room.due(at(3us), 10)), std::vector<std::uint64_t>{1});
  EXPECT_THROW(room.put(row(2, "a", waiting_state::replaying)), std::logic_error);
}

}  // namespace
}  // namespace musiccorp::delivery
