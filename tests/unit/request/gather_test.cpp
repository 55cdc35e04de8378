#include "request/gather.hpp"

#include <gtest/gtest.h>

namespace musiccorp::request {
namespace {

using namespace std::chrono_literals;

reply said(std::string text) { return answer{"noted", 1, {}, std::move(text)}; }
instant at(std::chrono::microseconds time) { return instant{time}; }

TEST(Gather, IsCompleteWithItsLastReplyInTheOrderOfTheQuestions) {
  gather_room room;
  const auto opened = room.open(3, at(1s));
  EXPECT_FALSE(room.replied(opened.questions[2], said("c")));
  EXPECT_FALSE(room.replied(opened.questions[0], said("a")));
  const auto done = room.replied(opened.questions[1], said("b"));
  ASSERT_TRUE(done);
  EXPECT_EQ(done->gather, opened.gather);
  EXPECT_EQ(std::get<answer>(done->replies[0]).payload, "a");
  EXPECT_EQ(std::get<answer>(done->replies[2]).payload, "c");
  EXPECT_EQ(room.size(), 0U);
  EXPECT_FALSE(room.next_deadline());
}

TEST(Gather, IgnoresRepliesThatAreLateRepeatedOrForged) {
  gather_room room;
  const auto opened = room.open(2, at(1s));
  EXPECT_FALSE(room.replied(opened.questions[0], said("a")));
  EXPECT_FALSE(room.replied(opened.questions[0], said("again")));
  EXPECT_FALSE(room.replied(999, said("?")));
  EXPECT_FALSE(room.replied(0, said("?")));
  EXPECT_EQ(room.expire(at(1s)).size(), 1U);
  EXPECT_FALSE(room.replied(opened.questions[1], said("late")));
}

TEST(Gather, EndsAtItsDeadlineWithATimeoutForWhatIsMissing) {
  gather_room room;
  const auto first = room.open(2, at(2s));
  (void)room.open(1, at(1s));
  EXPECT_EQ(room.next_deadline(), at(1s));
  EXPECT_FALSE(room.replied(first.questions[0], said("a")));
  EXPECT_EQ(room.expire(at(1999ms)).size(), 1U);
  const auto expired = room.expire(at(2s));
  ASSERT_EQ(expired.size(), 1U);
  EXPECT_EQ(std::get<answer>(expired[0].replies[0]).payload, "a");
  EXPECT_EQ(std::get<base::fault>(expired[0].replies[1]).kind, fault_kind::timeout);
}

TEST(Reply, TravelsAsAMessageAndBack) {
  const base::rejected no{"unknown sku", "/lines/0/sku", "MC-9", 422};
  const auto read_no = std::get<base::rejected>(read_reply(to_envelope(no)));
  EXPECT_EQ(read_no.text, no.text);
  EXPECT_EQ(read_no.pointer, no.pointer);
  EXPECT_EQ(read_no.found, no.found);
  EXPECT_EQ(read_no.status, 422);
  const base::fault trouble{fault_kind::overloaded, "full", {{"/a", "1", "2"}}, 250ms};
  const auto read_trouble = std::get<base::fault>(read_reply(to_envelope(trouble)));
  EXPECT_EQ(read_trouble.kind, fault_kind::overloaded);
  EXPECT_EQ(read_trouble.problems, trouble.problems);
  EXPECT_EQ(read_trouble.retry_after, 250ms);
  const auto read_answer = std::get<answer>(read_reply(to_envelope(answer{"noted", 2, "k", "{}"})));
  EXPECT_EQ(read_answer.type, "noted");
  EXPECT_EQ(read_answer.version, 2);
  EXPECT_EQ(read_answer.key, "k");
}

TEST(Reply, AnUnreadableReplyIsTrouble) {
  message::envelope broken;
  broken.type = "fault";
  broken.payload = "{";
  EXPECT_EQ(std::get<base::fault>(read_reply(broken)).kind, fault_kind::internal);
}

}  // namespace
}  // namespace musiccorp::request
