#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "service/partition.hpp"
#include "support/little_world.hpp"
#include "unit/service/ward.hpp"

/// What waits, waits for what it was told to, and nothing looks at it meanwhile.
namespace musiccorp {
namespace {

using namespace ward;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Patience : public ::testing::Test {
 protected:
  Patience() {
    what.first = [this](turn& now, const said& event) -> std::optional<outcome> {
      if (event.key != "k") return std::nullopt;
      tried.push_back(now.now());
      return say_what ? say_what(event) : std::nullopt;
    };
  }

  void speak(const std::string& key, const std::string& text) {
    world.ask("speaker", say{std::to_string(++ids_), key, text});
    world.settle();
  }
  std::vector<std::string> listened(const std::string& key) {
    const auto token = world.ask("listener", show_heard{key});
    world.settle();
    return describe::from_json<heard>(std::get<request::answer>(world.reply(token).value()).payload).value().texts;
  }

  fate what;
  told story;
  std::vector<instant> tried;  ///< when the rule was run for a message of key "k"
  std::function<std::optional<outcome>(const said&)> say_what{};
  service::partition_limits limits{.retry = {3, 10ms, 20ms}};
  testing::little_world world{services(what, story), 11, limits, storage::memory_stores(), {}};

 private:
  int ids_ = 0;
};

TEST_F(Patience, IsKeptForAsLongAsTheRuleWasAskedToWait) {
  say_what = [&](const said&) -> std::optional<outcome> {
    if (tried.size() > 2) return std::nullopt;
    return fault{fault_kind::busy, "429 from the acquirer", {}, tried.size() == 1 ? 45s : 90s};
  };
  speak("k", "pay");
  speak("k", "behind");
  speak("other", "goes on");
  world.pass(10min);
  ASSERT_EQ(tried.size(), 4U) << "three tries of the first, one of the one behind it";
  EXPECT_GE(tried[1] - tried[0], 45s) << "its own wait of 10 ms would be over long before";
  EXPECT_LT(tried[1] - tried[0], 46s);
  EXPECT_GE(tried[2] - tried[1], 90s);
  EXPECT_LT(tried[2] - tried[1], 91s);
  EXPECT_THAT(listened("k"), ElementsAre("pay", "behind"));
  EXPECT_THAT(listened("other"), ElementsAre("goes on"));
  EXPECT_THAT(story.died, IsEmpty());
}

TEST_F(Patience, WithAnEntityThatIsNotThereYetTakesNoTurnUntilItIsWritten) {
  what.awaits["early"] = "k0";
  speak("k", "early");
  ASSERT_EQ(tried.size(), 1U);
  const auto deadline = world.clock.now() + limits.deferral_longest;
  EXPECT_GE(world.at("listener").next_due(), deadline) << "nobody is woken to look at it";
  world.pass(limits.deferral_longest / 2);
  for (int i = 0; i < 20; ++i) speak("someone else", "fine");
  EXPECT_EQ(tried.size(), 1U) << "turns of others are no reason to try it";
  speak("k0", "now");
  EXPECT_EQ(tried.size(), 2U) << "the write it awaited is";
  EXPECT_THAT(listened("k"), ElementsAre("early"));
  EXPECT_EQ(world.at("listener").waiting_rows().value().size(), 0U);
}

}  // namespace
}  // namespace musiccorp
