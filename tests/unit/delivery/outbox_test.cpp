#include "delivery/outbox.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace musiccorp::delivery {
namespace {

envelope message(std::uint64_t seq, std::string type, std::string to = {}) {
  envelope made;
  made.seq = seq;
  made.type = std::move(type);
  made.to = std::move(to);
  return made;
}

class Outbox : public ::testing::Test {
 protected:
  void write(std::string type, std::string to = {}) {
    log.push_back(message(log.size() + 1, std::move(type), std::move(to)));
    box.committed(log.back());
  }

  std::vector<outbox::parcel> take() {
    auto ready = box.take_ready([this](std::uint64_t after, const storage::log_limits& limits) {
      ++reads;
      std::vector<envelope> found;
      for (const auto& one : log)
        if (one.seq > after && found.size() < limits.messages) found.push_back(one);
      return result<std::vector<envelope>>{found};
    });
    return std::move(ready.value());
  }

  void join(std::uint64_t after = 0, std::uint64_t window = 100) {
    ASSERT_TRUE(box.subscribed({"mail", {"placed"}, after, window, 1u << 20}, 0));
  }

  static std::vector<std::uint64_t> seqs(const std::vector<outbox::parcel>& parcels) {
    std::vector<std::uint64_t> found;
    for (const auto& parcel : parcels)
      for (const auto& one : parcel.frame.messages) found.push_back(one.seq);
    return found;
  }

  outbox box{"order",
             {.tail_messages = 4,
              .tail_bytes = 1u << 20,
              .batch_messages = 3,
              .batch_bytes = 1u << 20,
              .scan_messages = 100}};
  std::vector<envelope> log;
  int reads = 0;
};

TEST_F(Outbox, SendsAPartitionTheEventsOfItsKeysAndThoseThatItHearsEverywhere) {
  std::string own, others;
  for (int i = 0; own.empty() || others.empty(); ++i)
    (partition_of(std::to_string(i), 3) == 2 ? own : others) = std::to_string(i);
  subscribe request{"mail/2", {"placed", "rate"}, 0, 100, 1u << 20};
  request.share = {2, 3, {"rate"}};
  ASSERT_TRUE(box.subscribed(request, 0));
  for (const auto& [type, key, to] : std::vector<std::array<std::string, 3>>{{"placed", own, ""},
                                                                             {"placed", others, ""},
                                                                             {"rate", others, ""},
                                                                             {"shipped", own, ""},
                                                                             {"please", others, "mail/2"},
                                                                             {"please", own, "mail/1"}}) {
    auto one = message(log.size() + 1, type, to);
    one.key = key;
    log.push_back(one);
    box.committed(one);
  }
  EXPECT_EQ(seqs(take()), (std::vector<std::uint64_t>{1, 3, 5}));
}

TEST_F(Outbox, RefusesASubscriberThatIsAheadOfTheLog) {
  write("placed");
  write("placed");
  ASSERT_TRUE(box.subscribed({"mail", {"placed"}, 2, 100, 1u << 20, 2}, 2));
  const auto ahead = box.subscribed({"mail", {"placed"}, 3, 100, 1u << 20, 3}, 2);
  ASSERT_FALSE(ahead);
  EXPECT_EQ(ahead.error().kind, base::fault_kind::conflict);
  EXPECT_NE(ahead.error().text.find("order has lost its end"), std::string::npos) << ahead.error().text;
  write("placed");
  EXPECT_TRUE(take().empty()) << "the stream that it had is over";
}

TEST_F(Outbox, RefusesASubscriberThatHasFewerMessagesThanItHadBefore) {
  write("placed");
  write("placed");
  const auto back = box.subscribed({"mail", {"placed"}, 0, 100, 1u << 20, 0}, 1);
  ASSERT_FALSE(back);
  EXPECT_NE(back.error().text.find("mail was emptied"), std::string::npos) << back.error().text;
  EXPECT_TRUE(take().empty());
}

TEST_F(Outbox, RefusesASubscriberThatKnowsAnotherGeneration) {
  box.reset(0, {{0, "first"}, {2, "second"}});
  for (int i = 0; i < 4; ++i) write("placed");
  const auto asks = [this](std::uint64_t after, std::string generation) {
    return box.subscribed({"mail", {"placed"}, after, 100, 1u << 20, 0, {}, std::move(generation)}, 0).has_value();
  };
  EXPECT_TRUE(asks(0, ""));
  EXPECT_TRUE(asks(2, "first"));
  EXPECT_TRUE(asks(3, "second"));
  EXPECT_TRUE(asks(3, "")) << "it has counted since before there were generations";
  EXPECT_FALSE(asks(3, "first"));
  EXPECT_FALSE(asks(2, "second"));
  EXPECT_FALSE(asks(3, "lost"));
}

TEST_F(Outbox, SaysOfEachFrameWhichGenerationWroteIt) {
  box.reset(0, {{1, "first"}, {3, "second"}});
  for (int i = 0; i < 4; ++i) write("placed");
  write("shipped");
  join(0);
  std::vector<std::string> told;
  for (const auto& parcel : take()) {
    told.push_back(parcel.frame.generation + ":" + std::to_string(parcel.frame.after) + "-" +
                   std::to_string(parcel.frame.upto));
  }
  EXPECT_EQ(told, (std::vector<std::string>{":0-1", "first:1-3", "second:3-5"}));
}

TEST_F(Outbox, SendsOnlyWhatIsTheirs) {
  join();
  write("placed");
  write("shipped");
  write("reserve", "stock");
  write("letter", "mail");
  const auto ready = take();
  EXPECT_EQ(seqs(ready), (std::vector<std::uint64_t>{1, 4}));
  EXPECT_EQ(ready.at(0).frame.after, 0U);
  EXPECT_EQ(ready.at(0).frame.upto, 4U);
  EXPECT_EQ(reads, 0);
  EXPECT_FALSE(box.has_ready());
}

TEST_F(Outbox, ChainsItsFramesWithoutGapsOverMessagesThatAreNotTheirs) {
  join();
  write("placed");
  auto first = take();
  write("shipped");
  (void)take();
  write("placed");
  auto second = take();
  EXPECT_EQ(second.at(0).frame.after, first.at(0).frame.upto);
}

TEST_F(Outbox, StopsAtTheWindowAndGoesOnWithTheAcknowledgement) {
  join(0, 2);
  for (int i = 0; i < 5; ++i) write("placed");
  EXPECT_EQ(seqs(take()), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_FALSE(box.has_ready());
  EXPECT_TRUE(take().empty());
  box.acknowledged({"mail", 1});
  EXPECT_EQ(seqs(take()), std::vector<std::uint64_t>{3});
  box.acknowledged({"mail", 3});
  EXPECT_EQ(seqs(take()), (std::vector<std::uint64_t>{4, 5}));
}

TEST_F(Outbox, ReadsWhatIsOlderThanItsTailFromTheLog) {
  for (int i = 0; i < 10; ++i) write("placed");
  join();
  EXPECT_EQ(seqs(take()), (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
  EXPECT_GE(reads, 2);
}

TEST_F(Outbox, StartsAgainFromTheCursorWhenSubscribedAgain) {
  join();
  for (int i = 0; i < 4; ++i) write("placed");
  (void)take();
  join(2);
  EXPECT_EQ(seqs(take()), (std::vector<std::uint64_t>{3, 4}));
}

TEST_F(Outbox, SkipsATrimmedPartOfTheLog) {
  for (int i = 0; i < 10; ++i) write("shipped");
  write("placed");
  log.erase(log.begin(), log.begin() + 10);
  join();
  EXPECT_EQ(seqs(take()), std::vector<std::uint64_t>{11});
}

TEST_F(Outbox, KnowsWhatEverySubscriberStillOwes) {
  join();
  write("placed");
  write("placed");
  (void)take();
  box.acknowledged({"mail", 1});
  auto states = box.streams();
  ASSERT_EQ(states.size(), 1U);
  EXPECT_EQ(states[0].acked, 1U);
  EXPECT_EQ(states[0].in_flight, 1U);
  box.acknowledged({"mail", 2});
  write("shipped");
  (void)take();
  EXPECT_EQ(box.streams()[0].acked, 3U);
}

TEST_F(Outbox, BelievesNoReceiptForWhatItHasNotSent) {
  join();
  write("placed");
  box.acknowledged({"mail", 99});
  EXPECT_EQ(seqs(take()), std::vector<std::uint64_t>{1});
}

}  // namespace
}  // namespace musiccorp::delivery
