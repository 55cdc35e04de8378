#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/little_world.hpp"
#include "unit/service/ward.hpp"

/// What a partition says of the messages that wait behind one of its dead letters.
namespace musiccorp {
namespace {

using namespace ward;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Followers : public ::testing::Test {
 protected:
  void speak(const std::string& key, const std::string& text) {
    world.ask("speaker", say{std::to_string(++ids_), key, text});
    world.pass(1s);
  }
  lane_followers followers(const std::string& upstream, std::uint64_t seq) {
    const auto token = world.ask("listener", show_followers{"listener.speaker.1", upstream, seq});
    world.settle();
    return describe::from_json<lane_followers>(std::get<request::answer>(world.reply(token).value()).payload).value();
  }
  static std::vector<std::uint64_t> places(const lane_followers& told) {
    std::vector<std::uint64_t> found;
    for (const auto& one : told.first) found.push_back(one.seq);
    return found;
  }

  fate what;
  told story;
  testing::little_world world{services(what, story), 3, {.retry = {3, 10ms, 20ms}}};

 private:
  int ids_ = 0;
};

TEST_F(Followers, AreNamedInOrderAlsoWhenTheyCameAfterTheDeath) {
  what.throws["poison"] = "bug";
  speak("k", "poison");
  ASSERT_EQ(story.died.at(0).parked, 0U);
  EXPECT_EQ(followers("speaker", 1).count, 0U);
  speak("k", "after");
  speak("other", "flows");
  speak("k", "last");
  const auto told = followers("speaker", 1);
  EXPECT_EQ(told.case_id, "listener.speaker.1");
  EXPECT_EQ(told.count, 2U);
  EXPECT_THAT(places(told), ElementsAre(2U, 4U));
  for (const auto& one : told.first) {
    EXPECT_EQ(one.type, "said");
    EXPECT_FALSE(one.id.empty());
    EXPECT_GT(one.occurred, instant{});
  }
}

TEST_F(Followers, AreNamedBehindWhatKilledTheProcess) {
  delivery::finding killer;
  killer.cell = "listener";
  killer.upstream = base::stable_hash("speaker");
  killer.seq = 1;
  killer.what = delivery::charge::charged;
  world.cut("speaker", "listener");
  speak("k", "poison");
  for (int i = 0; i < 2; ++i) world.die("listener", {killer}, delivery::evidence::signal);
  world.mend("speaker", "listener");
  world.pass(1s);
  ASSERT_EQ(story.died.size(), 1U);
  speak("k", "after");
  EXPECT_THAT(places(followers("speaker", 1)), ElementsAre(2U));
}

TEST_F(Followers, AreCountedToTheLastAndNamedUpToALimit) {
  what.throws["poison"] = "bug";
  speak("k", "poison");
  for (int i = 0; i < 25; ++i) speak("k", "after");
  const auto told = followers("speaker", 1);
  EXPECT_EQ(told.count, 25U);
  EXPECT_THAT(told.first, SizeIs(20));
  EXPECT_EQ(told.first.back().seq, 21U);
}

TEST_F(Followers, AreAllBuriedAlsoWhenMoreAreThereThanMayBeNow) {
  what.throws["poison"] = "bug";
  speak("k", "poison");
  for (int i = 0; i < 5; ++i) speak("k", "after");
  world.configure({.retry = {3, 10ms, 20ms}, .parked_per_key_max = 1});
  world.restart("listener");
  world.settle();
  const auto& one = story.died.at(0);
  world.ask("hospital", treat_discard{one.case_id, one.upstream, one.seq, true});
  world.pass(1s);
  EXPECT_EQ(story.discarded.at(0).followers, 5U);
  const auto books = world.books("speaker:listener");
  EXPECT_EQ(books.discarded, 6U);
  EXPECT_EQ(books.processed, 0U) << "none of them was taken for a head";
  EXPECT_EQ(books.imbalance(), 0);
}

TEST_F(Followers, OfWhatDoesNotWaitAreNone) {
  speak("k", "heard");
  EXPECT_EQ(followers("speaker", 1).count, 0U);
  EXPECT_EQ(followers("nobody", 7).count, 0U);
  EXPECT_THAT(followers("nobody", 7).first, IsEmpty());
}

}  // namespace
}  // namespace musiccorp
