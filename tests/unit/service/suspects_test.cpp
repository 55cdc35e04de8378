#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "service/partition.hpp"
#include "support/little_world.hpp"
#include "unit/service/ward.hpp"

/// What a partition does about messages that may have killed the process.
namespace musiccorp {
namespace {

using namespace ward;
using namespace std::chrono_literals;
using delivery::charge;
using delivery::evidence;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Suspects : public ::testing::Test {
 protected:
  /// Messages that the listener has not handled yet.
  void speak_while_cut(const std::string& key, const std::string& text) {
    world.cut("speaker", "listener");
    world.ask("speaker", say{std::to_string(++ids_), key, text});
    world.settle();
  }
  void go_on() {
    world.mend("speaker", "listener");
    world.pass(1s);
  }
  std::vector<std::string> listened(const std::string& key) {
    const auto token = world.ask("listener", show_heard{key});
    world.settle();
    return describe::from_json<heard>(std::get<request::answer>(world.reply(token).value()).payload).value().texts;
  }
  static delivery::finding message(std::uint64_t seq, charge what, bool alone = false) {
    delivery::finding made;
    made.cell = "listener";
    made.upstream = base::stable_hash("speaker");
    made.seq = seq;
    made.id = "id-" + std::to_string(seq);
    made.what = what;
    made.alone = alone;
    made.text = "it ended with SIGSEGV";
    return made;
  }
  static std::vector<std::string> outcomes(const message_died& one) {
    std::vector<std::string> found;
    for (const auto& attempt : one.attempts) found.push_back(attempt.outcome);
    return found;
  }
  service::queue_books books() { return world.books("speaker:listener"); }
  void expect_balanced() {
    const auto all = books();
    EXPECT_EQ(all.published, all.processed + all.dead + all.discarded + all.retrying + all.parked + all.ready);
    EXPECT_EQ(all.imbalance(), 0);
  }

  fate what;
  told story;
  testing::little_world world{services(what, story), 3, {.retry = {3, 10ms, 20ms}}};

 private:
  int ids_ = 0;
};

TEST_F(Suspects, GoAloneAndAreClearedBySuccess) {
  speak_while_cut("k", "one");
  speak_while_cut("other", "two");
  world.die("listener", {message(1, charge::suspect), message(2, charge::suspect)}, evidence::killed);
  go_on();
  EXPECT_EQ(world.ran_alone(), 2U);
  EXPECT_THAT(listened("k"), ElementsAre("one"));
  EXPECT_THAT(listened("other"), ElementsAre("two"));
  world.restart("listener");
  speak_while_cut("k", "three");
  go_on();
  EXPECT_EQ(world.ran_alone(), 2U) << "nobody is suspected any more";
  expect_balanced();
}

TEST_F(Suspects, KeepTheOrderOfTheirKey) {
  speak_while_cut("k", "one");
  speak_while_cut("k", "two");
  world.die("listener", {message(1, charge::suspect)}, evidence::killed);
  go_on();
  EXPECT_THAT(listened("k"), ElementsAre("one", "two"));
}

TEST_F(Suspects, ChargedAsOftenAsAllowedDieWithoutAnotherTry) {
  speak_while_cut("k", "poison");
  speak_while_cut("k", "after");
  world.die("listener", {message(1, charge::charged)}, evidence::signal);
  world.die("listener", {message(1, charge::charged, true)}, evidence::signal);
  go_on();
  EXPECT_THAT(listened("k"), IsEmpty());
  ASSERT_EQ(story.died.size(), 1U);
  EXPECT_EQ(story.died[0].reason, "handler_crash");
  EXPECT_THAT(story.died[0].error, HasSubstr("SIGSEGV"));
  ASSERT_EQ(story.died[0].attempts.size(), 2U);
  EXPECT_EQ(story.died[0].attempts[0].outcome, "killed the process");
  EXPECT_EQ(story.died[0].attempts_made, 2U);
  EXPECT_EQ(books().parked, 1U);
  expect_balanced();
}

TEST_F(Suspects, AreNotRehearsedAndStillHealWhenTheyWereEdited) {
  speak_while_cut("k", "poison");
  world.die("listener", {message(1, charge::charged)}, evidence::signal);
  world.die("listener", {message(1, charge::charged, true)}, evidence::signal);
  go_on();
  const auto one = story.died.at(0);
  const auto asked = world.ask("listener", delivery::rehearse_message{one.case_id, one.upstream, one.seq, {}});
  world.settle();
  EXPECT_EQ(std::get<rejected>(world.reply(asked).value()).status, 409);
  world.ask("hospital", treat_replay{one.case_id, one.upstream, one.seq, 1, describe::to_json(said{"k", "mended"})});
  world.pass(1s);
  EXPECT_THAT(listened("k"), ElementsAre("mended"));
  expect_balanced();
}

TEST_F(Suspects, ADeathInARehearsalIsNoAttemptOfTheMessage) {
  what.throws["poison"] = "bug";
  speak_while_cut("k", "poison");
  go_on();
  const auto one = story.died.at(0);
  ASSERT_EQ(one.attempts_made, 3U);
  for (int i = 0; i < 3; ++i) world.die("listener", {message(1, charge::charged)}, evidence::signal);
  what.throws.clear();
  world.ask("hospital", treat_replay{one.case_id, one.upstream, one.seq, 1, {}});
  world.pass(1s);
  EXPECT_EQ(story.died.size(), 1U);
  EXPECT_THAT(listened("k"), ElementsAre("poison"));
  EXPECT_EQ(world.ran_alone(), 1U) << "it may do it again";
}

TEST_F(Suspects, ARequestThatKilledItsProcessIsACase) {
  auto killer = message(0, charge::charged);
  killer.upstream = 0;
  killer.type = static_cast<std::uint32_t>(base::stable_hash("show_heard"));
  world.die("listener", {killer}, evidence::signal);
  world.pass(1s);
  ASSERT_EQ(story.died.size(), 1U);
  EXPECT_EQ(story.died[0].reason, "handler_crash");
  EXPECT_EQ(story.died[0].upstream, delivery::stray_upstream);
  EXPECT_THAT(story.died[0].error, HasSubstr("show_heard"));
  EXPECT_THAT(story.died[0].error, HasSubstr("SIGSEGV"));
  auto innocent = killer;
  innocent.what = charge::suspect;
  world.die("listener", {innocent}, evidence::killed);
  world.pass(1s);
  EXPECT_EQ(story.died.size(), 1U) << "nothing is proven";
}

TEST_F(Suspects, OneDeathToldTwiceCountsOnce) {
  speak_while_cut("k", "fine");
  world.die("listener", {message(1, charge::charged)}, evidence::signal, "the same death");
  world.die("listener", {message(1, charge::charged)}, evidence::signal, "the same death");
  go_on();
  EXPECT_THAT(listened("k"), ElementsAre("fine"));
  EXPECT_EQ(world.ran_alone(), 1U);
}

TEST_F(Suspects, ThatRunOutOfMemoryAloneAreProven) {
  speak_while_cut("k", "poison");
  world.die("listener", {message(1, charge::suspect)}, evidence::out_of_memory);
  world.die("listener", {message(1, charge::suspect, true)}, evidence::out_of_memory);
  go_on();
  ASSERT_EQ(story.died.size(), 1U);
  EXPECT_THAT(listened("k"), IsEmpty());
  EXPECT_THAT(outcomes(story.died[0]), ElementsAre("killed the process", "killed the process"));
}

TEST_F(Suspects, AreNotBuriedForKillsFromOutside) {
  speak_while_cut("k", "innocent");
  world.die("listener", {message(1, charge::suspect)}, evidence::killed);
  for (int i = 0; i < 2; ++i) world.die("listener", {message(1, charge::suspect, true)}, evidence::killed);
  go_on();
  EXPECT_THAT(listened("k"), ElementsAre("innocent"));
  EXPECT_THAT(story.died, IsEmpty());
}

TEST_F(Suspects, WhoseReplayIsWantedGoAloneAgain) {
  speak_while_cut("k", "poison");
  world.die("listener", {message(1, charge::charged)}, evidence::signal);
  world.die("listener", {message(1, charge::charged)}, evidence::signal);
  go_on();
  ASSERT_EQ(story.died.size(), 1U);
  const auto before = world.ran_alone();
  world.ask("hospital", treat_replay{story.died[0].case_id, "speaker", 1, 1, {}});
  world.pass(1s);
  EXPECT_EQ(world.ran_alone(), before + 1);
  EXPECT_THAT(listened("k"), ElementsAre("poison"));
  EXPECT_EQ(story.healed.size(), 1U);
  expect_balanced();
}

TEST_F(Suspects, ThatThrowInsteadAreTriedAsOthersAre) {
  what.throws["odd"] = "bug";
  speak_while_cut("k", "odd");
  world.die("listener", {message(1, charge::suspect)}, evidence::killed);
  go_on();
  ASSERT_EQ(story.died.size(), 1U);
  EXPECT_EQ(story.died[0].attempts_made, 3U);
  EXPECT_EQ(world.ran_alone(), 1U) << "it did not kill the process, so it goes among others again";
}

TEST_F(Suspects, AProvenDeathIsAnAttemptWhateverTheMessageDiesOf) {
  what.throws["odd"] = "bug";
  speak_while_cut("k", "odd");
  world.die("listener", {message(1, charge::charged)}, evidence::signal);
  go_on();
  ASSERT_EQ(story.died.size(), 1U);
  EXPECT_THAT(outcomes(story.died[0]), ElementsAre("killed the process", "retried", "died"));
  EXPECT_EQ(story.died[0].attempts_made, 3U);
}

TEST_F(Suspects, ADeathThatWasNeverProvenIsNoAttempt) {
  speak_while_cut("k", "poison");
  world.die("listener", {message(1, charge::suspect)}, evidence::killed);
  world.die("listener", {message(1, charge::charged, true)}, evidence::signal);
  world.die("listener", {message(1, charge::charged, true)}, evidence::signal);
  go_on();
  ASSERT_EQ(story.died.size(), 1U);
  EXPECT_THAT(outcomes(story.died[0]), ElementsAre("killed the process", "killed the process"));
}

TEST_F(Suspects, ADeathOfWhichATryHasClearedItIsNoAttempt) {
  what.faults["odd"] = {fault_kind::busy, "not now", {}, 1h};
  speak_while_cut("k", "odd");
  world.die("listener", {message(1, charge::charged)}, evidence::signal);
  world.die("listener", {message(1, charge::suspect, true)}, evidence::killed);
  go_on();
  world.die("listener", {message(1, charge::charged, true)}, evidence::signal);
  go_on();
  ASSERT_EQ(story.died.size(), 1U);
  EXPECT_THAT(outcomes(story.died[0]), ElementsAre("killed the process", "retried", "killed the process"));
}

TEST_F(Suspects, AreClearedByNotYet) {
  what.awaits["early"] = "k0";
  speak_while_cut("k1", "early");
  world.die("listener", {message(1, charge::suspect)}, evidence::killed);
  go_on();
  EXPECT_EQ(world.ran_alone(), 1U);
  speak_while_cut("k0", "now");
  go_on();
  EXPECT_THAT(listened("k1"), ElementsAre("early"));
  EXPECT_EQ(world.ran_alone(), 1U) << "the process lived when it was tried";
}

TEST_F(Suspects, WhoseTurnWasCommittedAreInnocent) {
  world.ask("speaker", say{"1", "k", "done"});
  world.pass(1s);
  world.die("listener", {message(1, charge::charged)}, evidence::signal);
  world.die("listener", {message(1, charge::charged)}, evidence::signal);
  world.pass(1s);
  EXPECT_THAT(story.died, IsEmpty());
  EXPECT_EQ(world.ran_alone(), 0U);
}

}  // namespace
}  // namespace musiccorp
