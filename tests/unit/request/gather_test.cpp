#include "request/gather.hpp"

#include <gtest/gtest.h>

namespace musiccorp::request {
namespace {

using namespace std::chrono_literals;

reply said(std::string text) { return answer{"noted", 1, {}, std::move(text)}; }
instant at(std::chrono::microseconds time) { return instant{time}; }

/// A room whose questions need no permit.
struct free_room : gather_room {
  opened open(std::size_t questions, instant deadline) {
    std::vector<breaker::permit> none(questions);
    return gather_room::open(none, deadline);
  }
  std::optional<gathered> replied(std::uint64_t question, reply what) {
    return gather_room::replied(question, std::move(what), at(0s));
  }
};

TEST(Gather, IsCompleteWithItsLastReplyInTheOrderOfTheQuestions) {
  free_room room;
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
  free_room room;
  const auto opened = room.open(2, at(1s));
  EXPECT_FALSE(room.replied(opened.questions[0], said("a")));
  EXPECT_FALSE(room.replied(opened.questions[0], said("again")));
  EXPECT_FALSE(room.replied(999, said("?")));
  EXPECT_FALSE(room.replied(0, said("?")));
  EXPECT_EQ(room.expire(at(1s)).size(), 1U);
  EXPECT_FALSE(room.replied(opened.questions[1], said("late")));
}

TEST(Gather, EndsAtItsDeadlineWithATimeoutForWhatIsMissing) {
  free_room room;
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

TEST(Gather, WeighsThePayloadsThatItHoldsForTheOthers) {
  free_room room;
  const auto one = room.open(2, at(1s)), other = room.open(2, at(2s));
  EXPECT_FALSE(room.replied(one.questions[0], said("12345")));
  EXPECT_FALSE(room.replied(other.questions[1], said("123")));
  EXPECT_EQ(room.bytes(), 8U);
  EXPECT_TRUE(room.replied(other.questions[0], said("1")));
  EXPECT_EQ(room.bytes(), 5U);
  EXPECT_EQ(room.expire(at(1s)).size(), 1U);
  EXPECT_EQ(room.bytes(), 0U);
  EXPECT_FALSE(room.replied(room.open(2, at(3s)).questions[0], said("1234567")));
  room.clear();
  EXPECT_EQ(room.bytes(), 0U);
}

TEST(Gather, TellsEachPermitOnceHowItsQuestionEnded) {
  breaker asked{{.failures_in_row = 2, .open_first = 100ms, .jitter_percent = 0}, 1, at(0s)};
  const auto permits = [&](instant now, std::size_t count) {
    std::vector<breaker::permit> made;
    for (std::size_t i = 0; i < count; ++i) made.push_back(asked.ask(now, now + 1s));
    return made;
  };
  const base::fault away{fault_kind::unavailable, "away", {}, {}};
  gather_room room;
  auto three = permits(at(0s), 3);
  const auto opened = room.open(three, at(1s));
  (void)room.replied(opened.questions[0], away, at(0s));
  (void)room.replied(opened.questions[0], away, at(0s));
  EXPECT_EQ(asked.state(), breaker_state::closed) << "said twice, counted once";
  (void)room.replied(opened.questions[1], said("here"), at(0s));
  (void)room.expire(at(1s));
  EXPECT_EQ(asked.state(), breaker_state::closed) << "who has answered is not late";
  auto one = permits(at(1s), 1);
  (void)room.open(one, at(2s));
  (void)room.expire(at(2s));
  EXPECT_EQ(asked.state(), breaker_state::open) << "silence is a failure";
  EXPECT_EQ(asked.cause(), fault_kind::timeout);
}

TEST(Gather, WhatIsForgottenGivesItsPermitBack) {
  breaker asked{{.failures_in_row = 1, .open_first = 100ms, .jitter_percent = 0}, 1, at(0s)};
  asked.ask(at(0s), at(1s)).end({fault_kind::unavailable, {}}, at(0s));
  gather_room room;
  std::vector<breaker::permit> probe;
  probe.push_back(asked.ask(at(100ms), at(1s)));
  ASSERT_TRUE(probe.front());
  (void)room.open(probe, at(1s));
  EXPECT_FALSE(asked.ask(at(100ms), at(1s)));
  room.clear();
  EXPECT_TRUE(asked.ask(at(100ms), at(1s)));
}

TEST(Reply, TravelsAsAMessageAndBack) {
  const base::rejected no{"unknown sku", "/lines/0/sku", "MC-9", 422, "a known one"};
  const auto read_no = std::get<base::rejected>(read_reply(to_envelope(no)));
  EXPECT_EQ(read_no.text, no.text);
  EXPECT_EQ(read_no.pointer, no.pointer);
  EXPECT_EQ(read_no.found, no.found);
  EXPECT_EQ(read_no.status, 422);
  EXPECT_EQ(read_no.wanted, "a known one");
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
