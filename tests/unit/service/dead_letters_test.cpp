#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "service/partition.hpp"
#include "support/little_world.hpp"
#include "unit/service/ward.hpp"

/// What becomes of a message that cannot be handled, from its death to its healing.
namespace musiccorp {
namespace {

using namespace ward;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DeadLetters : public ::testing::Test {
 protected:
  void open(service::partition_limits limits = {}) {
    limits.retry = {3, 10ms, 20ms};
    world = std::make_unique<testing::little_world>(
        services(what, story), 11, limits, storage::memory_stores(),
        [](const auto&, const auto&, service::partition_environment& environment) {
          environment.node = "north";
          environment.version = "1.2.3";
        });
  }
  void SetUp() override { open(); }

  void speak(const std::string& key, const std::string& text) {
    speak_unheard(key, text);
    world->pass(1s);
  }
  std::uint64_t speak_unheard(const std::string& key, const std::string& text, std::string idempotency = {}) {
    return world->ask("speaker", say{std::to_string(++ids_), key, text}, std::move(idempotency));
  }
  std::vector<std::string> listened(const std::string& key) {
    const auto token = world->ask("listener", show_heard{key});
    world->settle();
    return describe::from_json<heard>(std::get<request::answer>(world->reply(token).value()).payload).value().texts;
  }
  void replay(const message_died& one, std::int32_t number = 1, std::string payload = {}) {
    world->ask("hospital", treat_replay{one.case_id, one.upstream, one.seq, number, std::move(payload)});
    world->pass(1s);
  }
  void discard(const message_died& one, bool with_followers) {
    world->ask("hospital", treat_discard{one.case_id, one.upstream, one.seq, with_followers});
    world->pass(1s);
  }
  rehearsal rehearse(const message_died& one, std::string payload = {}) {
    const auto token =
        world->ask("listener", rehearse_message{one.case_id, one.upstream, one.seq, std::move(payload)});
    world->settle();
    return describe::from_json<rehearsal>(std::get<request::answer>(world->reply(token).value()).payload).value();
  }
  void expect_balanced() {
    for (const auto* queue : {"speaker:listener", "listener:hospital", "hospital:listener"}) {
      const auto books = world->books(queue);
      EXPECT_EQ(books.published,
                books.processed + books.dead + books.discarded + books.retrying + books.parked + books.ready)
          << queue;
      EXPECT_EQ(books.imbalance(), 0) << queue;
    }
  }
  service::queue_books books() { return world->books("speaker:listener"); }

  fate what;
  told story;
  std::unique_ptr<testing::little_world> world;

 private:
  int ids_ = 0;
};

TEST_F(DeadLetters, TellTheirWholeStory) {
  what.throws["poison"] = "division by zero";
  speak("k", "poison");
  speak("k", "after");
  ASSERT_EQ(story.died.size(), 1U);
  const auto& one = story.died.front();
  EXPECT_EQ(one.case_id, "listener.speaker.1");
  EXPECT_EQ(one.service, "listener");
  EXPECT_EQ(one.upstream, "speaker");
  EXPECT_EQ(one.reason, "handler_crash");
  EXPECT_EQ(one.error, "division by zero");
  EXPECT_EQ(one.attempts_made, 3U);
  ASSERT_EQ(one.attempts.size(), 3U);
  EXPECT_EQ(one.attempts[0].number, 1);
  EXPECT_EQ(one.attempts[0].outcome, "retried");
  EXPECT_EQ(one.attempts[2].outcome, "died");
  EXPECT_EQ(one.attempts[2].kind, "crash");
  EXPECT_EQ(one.attempts[2].text, "division by zero");
  EXPECT_LT(one.attempts[0].started, one.attempts[2].started);
  for (const auto& attempt : one.attempts) {
    EXPECT_GE(attempt.ended, attempt.started);
    EXPECT_EQ(attempt.node, "north");
    EXPECT_EQ(attempt.version, "1.2.3");
    EXPECT_THAT(attempt.backtrace, HasSubstr("+0x")) << "where the rule threw";
  }
  EXPECT_EQ(one.message.type, "said");
  EXPECT_EQ(one.message.payload, describe::to_json(said{"k", "poison"}));
  EXPECT_EQ(books().parked, 1U);
  expect_balanced();
}

TEST_F(DeadLetters, AreHealedByAReplayAndTheirFollowersGoOnInOrder) {
  what.throws["poison"] = "bug";
  speak("k", "before");
  speak("k", "poison");
  speak("k", "after");
  speak("other", "flows");
  speak("k", "last");
  EXPECT_THAT(listened("k"), ElementsAre("before"));
  EXPECT_THAT(listened("other"), ElementsAre("flows"));
  what.throws.clear();
  replay(story.died.at(0));
  EXPECT_THAT(listened("k"), ElementsAre("before", "poison", "after", "last"));
  ASSERT_EQ(story.healed.size(), 1U);
  EXPECT_EQ(story.healed[0].case_id, story.died[0].case_id);
  EXPECT_EQ(story.healed[0].replay, 1);
  EXPECT_EQ(books().dead, 0U);
  EXPECT_EQ(books().processed, 5U);
  expect_balanced();
}

TEST_F(DeadLetters, DieAgainWithTheNumberOfTheirReplay) {
  what.throws["poison"] = "bug";
  speak("k", "poison");
  what.throws["poison"] = "another bug";
  replay(story.died.at(0));
  ASSERT_EQ(story.died.size(), 2U);
  EXPECT_EQ(story.died[1].replay, 1);
  EXPECT_EQ(story.died[1].error, "another bug");
  EXPECT_EQ(story.died[1].attempts_made, 6U);
  EXPECT_EQ(story.died[1].attempts.back().number, 6);
  EXPECT_EQ(story.died[1].attempts.back().replay, 1);
  EXPECT_EQ(books().dead, 1U);
  what.throws.clear();
  replay(story.died[0], 2);
  EXPECT_THAT(listened("k"), ElementsAre("poison"));
  expect_balanced();
}

TEST_F(DeadLetters, AReplayOfAnOldNumberOrOfNobodyIsRefused) {
  what.throws["poison"] = "bug";
  speak("k", "poison");
  replay(story.died.at(0));
  replay(story.died[0], 1);
  ASSERT_EQ(story.refused.size(), 1U);
  EXPECT_EQ(story.refused[0].treatment, "replay_message");
  EXPECT_EQ(story.refused[0].replay, 1);
  EXPECT_THAT(story.refused[0].reason, HasSubstr("not newer"));
  auto nobody = story.died[0];
  nobody.seq = 99;
  replay(nobody);
  discard(nobody, false);
  ASSERT_EQ(story.refused.size(), 3U);
  EXPECT_EQ(story.refused[2].treatment, "discard_message");
  EXPECT_EQ(books().dead, 1U);
  expect_balanced();
}

TEST_F(DeadLetters, AreReplayedWithAnEditedPayloadInTheirPlace) {
  what.throws["poison"] = "bug";
  speak("k", "poison");
  speak("k", "after");
  replay(story.died.at(0), 1, describe::to_json(said{"k", "medicine"}));
  EXPECT_THAT(listened("k"), ElementsAre("medicine", "after"));
  EXPECT_EQ(story.healed.size(), 1U);
  expect_balanced();
}

TEST_F(DeadLetters, AnEditThatFailsAgainKeepsItsNewIdAndItsLink) {
  what.throws["poison"] = "bug";
  what.throws["still"] = "bug";
  speak("k", "poison");
  replay(story.died.at(0), 1, describe::to_json(said{"k", "still"}));
  ASSERT_EQ(story.died.size(), 2U);
  EXPECT_NE(story.died[1].message.id, story.died[0].message.id);
  EXPECT_EQ(story.died[1].message.causation, story.died[0].message.id);
}

TEST_F(DeadLetters, ADiscardLetsTheFollowersGoOn) {
  what.throws["poison"] = "bug";
  speak("k", "poison");
  speak("k", "after");
  discard(story.died.at(0), false);
  EXPECT_THAT(listened("k"), ElementsAre("after"));
  ASSERT_EQ(story.discarded.size(), 1U);
  EXPECT_EQ(story.discarded[0].followers, 0U);
  EXPECT_EQ(books().discarded, 1U);
  EXPECT_EQ(books().dead, 0U);
  expect_balanced();
}

TEST_F(DeadLetters, ADiscardCanTakeTheFollowersWithIt) {
  what.throws["poison"] = "bug";
  speak("k", "poison");
  speak("k", "after");
  speak("k", "and after");
  discard(story.died.at(0), true);
  speak("k", "new");
  EXPECT_THAT(listened("k"), ElementsAre("new"));
  EXPECT_EQ(story.discarded.at(0).followers, 2U);
  EXPECT_EQ(books().discarded, 3U);
  expect_balanced();
}

TEST_F(DeadLetters, ARehearsalShowsWhatAReplayWouldDoAndDoesNothing) {
  what.throws["poison"] = "bug";
  speak("k", "poison");
  speak("k", "after");
  auto told = rehearse(story.died.at(0));
  EXPECT_EQ(told.outcome, "crash");
  EXPECT_EQ(told.text, "bug");
  EXPECT_THAT(told.writes, IsEmpty());
  EXPECT_EQ(told.followers.size(), 1U);
  told = rehearse(story.died[0], describe::to_json(said{"k", "medicine"}));
  EXPECT_EQ(told.outcome, "done");
  ASSERT_EQ(told.writes.size(), 1U);
  EXPECT_EQ(told.writes[0].type, "heard");
  EXPECT_THAT(told.writes[0].body->text, HasSubstr("medicine"));
  EXPECT_THAT(listened("k"), IsEmpty());
  EXPECT_EQ(books().dead, 1U);
}

TEST_F(DeadLetters, SurviveARestartWithAllThatBelongsToThem) {
  what.throws["poison"] = "bug";
  speak("k", "poison");
  speak("k", "after");
  for (const auto* service : {"listener", "hospital", "speaker"}) world->restart(service);
  world->pass(1s);
  what.throws.clear();
  replay(story.died.at(0));
  EXPECT_THAT(listened("k"), ElementsAre("poison", "after"));
  expect_balanced();
}

TEST_F(DeadLetters, OfTheHospitalItselfStayWithItAndAreTriedAgainAtItsStart) {
  what.throws["poison"] = "bug";
  story.deaf = true;
  speak("k", "poison");
  world->pass(1h);
  EXPECT_EQ(world->books("listener:hospital").dead, 1U);
  EXPECT_EQ(world->books("listener:hospital").published, 1U);
  EXPECT_EQ(world->books("hospital:hospital").published, 0U) << "it does not feed on itself";
  story.deaf = false;
  world->restart("hospital");
  world->pass(1s);
  EXPECT_EQ(story.died.size(), 1U);
  EXPECT_EQ(world->books("listener:hospital").dead, 0U);
  expect_balanced();
}

TEST_F(DeadLetters, AStrayMessageHasACaseButNoReplay) {
  world->at("listener").strayed("(something)", telemetry::stray_reason::unexpected);
  world->pass(1s);
  ASSERT_EQ(story.died.size(), 1U);
  EXPECT_EQ(story.died[0].upstream, "stray");
  EXPECT_EQ(story.died[0].reason, "undecodable");
  EXPECT_EQ(story.died[0].message.payload, "\"(something)\"");
  replay(story.died[0]);
  EXPECT_EQ(story.refused.size(), 1U);
}

TEST_F(DeadLetters, AtTheDoorHaveAReasonOfTheirOwn) {
  open({.payload_bytes_max = 1'000});
  world->pass(1s);  // Everybody has subscribed.
  auto arrives = [&, seq = std::uint64_t{0}](auto change) mutable {
    envelope message;
    message.id = "m-" + std::to_string(++seq);
    message.type = "said";
    message.key = message.id;
    message.source = "speaker";
    message.seq = seq;
    message.occurred = world->clock.now();
    message.payload = describe::to_json(said{message.key, "fine"});
    change(message);
    service::outgoing out;
    world->at("listener").received({"speaker", seq - 1, seq, {message}}, out);
    world->pass(1s);
    return story.died.empty() ? std::string{} : story.died.back().reason;
  };
  EXPECT_EQ(arrives([](envelope&) {}), "");
  EXPECT_EQ(arrives([](envelope& m) { m.type = "nobody.knows"; }), "schema");
  EXPECT_EQ(arrives([](envelope& m) { m.version = 99; }), "schema");
  EXPECT_EQ(arrives([](envelope& m) { m.payload = "\"" + std::string(2'000, 'x') + "\""; }), "too_large");
  EXPECT_EQ(arrives([](envelope& m) { m.payload = "{not json"; }), "undecodable");
  EXPECT_EQ(arrives([&](envelope& m) { m.expires = world->clock.now() - 1s; }), "expired");
  ASSERT_EQ(story.died.size(), 5U);
  for (const auto& one : story.died) EXPECT_EQ(one.attempts_made, 1U) << "trying again could not help";
  EXPECT_THAT(story.died[2].error, HasSubstr("2002 bytes"));
}

TEST_F(DeadLetters, ARulesOwnNoIsNotAnUnreadableMessage) {
  what.faults["bad address"] = {fault_kind::invalid, "550 no such mailbox", {}, {}};
  speak("k", "bad address");
  ASSERT_EQ(story.died.size(), 1U);
  EXPECT_EQ(story.died[0].reason, "rejected");
}

TEST_F(DeadLetters, SayWhetherTheirAttemptsOrTheirTimeWereUsedUp) {
  what.faults["busy"] = {fault_kind::busy, "come back", {}, {}};
  speak("k", "busy");
  EXPECT_EQ(story.died.at(0).reason, "attempts");
  service::partition_limits limits;
  limits.retry = {100, 10ms, 20ms};
  limits.retry.deadline = 50ms;
  world = std::make_unique<testing::little_world>(services(what, story), 11, limits);
  speak("k", "busy");
  EXPECT_EQ(story.died.at(1).reason, "deadline");
  EXPECT_LT(story.died.at(1).attempts_made, 100U);
}

TEST_F(DeadLetters, ARehearsalIsKnownToItsRule) {
  what.throws["poison"] = "bug";
  speak("k", "poison");
  what.throws.clear();
  std::vector<bool> rehearsed;
  what.first = [&](turn& now, const said&) -> std::optional<outcome> {
    rehearsed.push_back(now.is_rehearsal());
    return std::nullopt;
  };
  EXPECT_EQ(rehearse(story.died.at(0)).outcome, "done");
  replay(story.died[0]);
  EXPECT_THAT(rehearsed, ElementsAre(true, false));
}

TEST_F(DeadLetters, KeepAnAnswerAsLongAsTheirCaseIsOpen) {
  open({.answers_kept = 1h});
  const auto say_hello = [&] {
    world->ask("speaker", say{"1", "k", "hello"}, "key");
    world->settle();
  };
  const auto let_hours_pass = [&] {
    for (int i = 0; i < 5; ++i) {
      world->pass(1h);
      speak("other", "keeps the store writing");
    }
  };
  say_hello();
  story.all_open = true;
  let_hours_pass();
  say_hello();
  EXPECT_THAT(listened("k"), ElementsAre("hello")) << "the answer was still known";
  story.all_open = false;
  let_hours_pass();
  say_hello();
  EXPECT_THAT(listened("k"), ElementsAre("hello", "hello")) << "the answer was forgotten";
}

TEST_F(DeadLetters, AHeldSubscriptionLosesNothingAndGoesOn) {
  open({.parked_per_key_max = 2, .window_messages = 4});
  what.throws["poison"] = "bug";
  speak("k", "poison");
  for (const auto* text : {"1", "2", "3", "4", "5", "6", "7", "8"}) speak("k", text);
  speak("other", "waits too");
  EXPECT_TRUE(books().held);
  EXPECT_EQ(books().parked, 2U);
  EXPECT_LE(books().in_flight, 4U) << "no more than the window leaves the publisher";
  EXPECT_THAT(listened("other"), IsEmpty());
  expect_balanced();
  world->restart("listener");
  world->pass(1s);
  EXPECT_TRUE(books().held);
  what.throws.clear();
  replay(story.died.at(0));
  EXPECT_THAT(listened("k"), ElementsAre("poison", "1", "2", "3", "4", "5", "6", "7", "8"));
  EXPECT_THAT(listened("other"), ElementsAre("waits too"));
  EXPECT_FALSE(books().held);
  expect_balanced();
}

TEST_F(DeadLetters, WithoutOrderNobodyWaitsBehindThem) {
  open({.order = delivery::order_policy::none});
  what.throws["poison"] = "bug";
  speak("k", "poison");
  speak("k", "after");
  EXPECT_THAT(listened("k"), ElementsAre("after"));
  EXPECT_EQ(books().dead, 1U);
  what.throws.clear();
  replay(story.died.at(0));
  EXPECT_THAT(listened("k"), ElementsAre("after", "poison"));
  expect_balanced();
}

TEST_F(DeadLetters, ABlockedKeyWaitsForItsHeadForEver) {
  open({.order = delivery::order_policy::block});
  what.throws["poison"] = "bug";
  speak("k", "poison");
  speak("k", "after");
  world->pass(1min);
  EXPECT_THAT(story.died, IsEmpty());
  EXPECT_EQ(books().retrying, 1U);
  what.throws.clear();
  world->pass(1s);
  EXPECT_THAT(listened("k"), ElementsAre("poison", "after"));
}

TEST_F(DeadLetters, AFullLogRefusesWhatWouldSayMoreAndNothingElse) {
  open({.window_messages = 1, .log_messages_max = 3});
  what.faults["stuck"] = {fault_kind::busy, "not now", {}, 1h};
  for (int i = 0; i < 3; ++i) speak("k" + std::to_string(i), "fine");
  EXPECT_THAT(listened("k2"), ElementsAre("fine"));
  world->cut("speaker", "listener");
  for (int i = 0; i < 3; ++i) speak("k", "kept");
  const auto refused = speak_unheard("k", "too much");
  world->settle();
  const auto no = std::get<fault>(world->reply(refused).value());
  EXPECT_EQ(no.kind, fault_kind::overloaded);
  EXPECT_TRUE(no.retry_after);
  EXPECT_EQ(listened("k").size(), 0U) << "questions are answered";
  world->mend("speaker", "listener");
  world->pass(1s);
  EXPECT_EQ(listened("k").size(), 3U);
  speak("k", "there is room again");
  EXPECT_EQ(listened("k").size(), 4U);
  expect_balanced();
}

TEST_F(DeadLetters, APublisherShowsTheAgeOfWhatNobodyHasTaken) {
  world->cut("speaker", "listener");
  speak_unheard("k", "old");
  world->settle();
  const auto born = world->clock.now().time_since_epoch().count();
  world->pass(1h);
  EXPECT_EQ(books().ready, 1U);
  world->cut("listener", "speaker");
  world->restart("speaker");
  world->pass(1h);
  EXPECT_EQ(books().oldest_ready, born) << "also when no subscriber has come back since the start";
  world->mend("listener", "speaker");
  world->mend("speaker", "listener");
  world->pass(1s);
  EXPECT_THAT(listened("k"), ElementsAre("old"));
  EXPECT_EQ(books().oldest_ready, 0);
}

// --- not yet ---

TEST_F(DeadLetters, NotYetIsWokenByTheWriteItAwaits) {
  what.awaits["early"] = "k0";
  speak("k1", "early");
  speak("k1", "after");
  EXPECT_EQ(books().retrying, 1U);
  EXPECT_EQ(books().parked, 1U);
  const auto before = world->clock.now();
  speak_unheard("k0", "now");
  world->settle();
  EXPECT_EQ(world->clock.now(), before) << "no time had to pass";
  EXPECT_THAT(listened("k1"), ElementsAre("early", "after"));
  expect_balanced();
}

TEST_F(DeadLetters, NotYetIsNoAttempt) {
  what.awaits["early"] = "k0";
  speak("k1", "early");
  for (int i = 0; i < 10; ++i) world->restart("listener");  // Each start looks once more.
  world->pass(1s);
  EXPECT_THAT(story.died, IsEmpty());
  EXPECT_EQ(world->at("listener").waiting_rows().value().front().attempts, 0);
  speak("k0", "now");
  EXPECT_THAT(listened("k1"), ElementsAre("early"));
}

TEST_F(DeadLetters, NotYetDiesAtItsDeadline) {
  what.awaits["early"] = "k0";
  what.patience = 10min;
  speak("k1", "early");
  world->pass(9min);
  EXPECT_THAT(story.died, IsEmpty());
  world->pass(2min);
  ASSERT_EQ(story.died.size(), 1U);
  EXPECT_EQ(story.died[0].reason, "expired");
  EXPECT_THAT(story.died[0].error, HasSubstr("nobody spoke of k0"));
  speak("k0", "now");
  replay(story.died[0]);
  EXPECT_THAT(listened("k1"), ElementsAre("early"));
  expect_balanced();
}

}  // namespace
}  // namespace musiccorp
