#include <gtest/gtest.h>

#include "support/little_world.hpp"

/// Rules that ask others and can do without what they say.
namespace musiccorp {
namespace {

using namespace std::chrono_literals;

struct weather_of {
  std::string place{};
  static constexpr auto describe() { return describe_as("weather_of", 1, key("place", &weather_of::place)); }
};
struct weather {
  std::string place{};
  std::string sky{};
  static constexpr auto describe() {
    return describe_as("weather", 1, key("place", &weather::place), field("sky", &weather::sky));
  }
};
struct plan_trip {
  std::string place{};
  static constexpr auto describe() { return describe_as("plan_trip", 1, key("place", &plan_trip::place)); }
};
struct trip {
  std::string place{};
  std::string sky{};
  static constexpr auto describe() {
    return describe_as("trip", 1, key("place", &trip::place), field("sky", &trip::sky));
  }
};

weather_of weather_at(const plan_trip& command) { return {command.place}; }

std::vector<service_definition> services() {
  service_definition sky{"sky"};
  sky.on([](turn&, const weather_of& question) -> outcome {
    if (question.place == "nowhere") return rejected{"there is no such place"};
    if (question.place == "far") return fault{fault_kind::unavailable, "nobody is there", {}, {}};
    return weather{question.place, "blue"};
  });
  service_definition office{"office"};
  office.on(
      [](turn&, const plan_trip& command, const std::optional<weather>& seen) -> outcome {
        return trip{command.place, seen ? seen->sky : "?"};
      },
      ask("sky", weather_at).or_without(1s));
  return {std::move(sky), std::move(office)};
}

class OptionalAnswers : public ::testing::Test {
 protected:
  std::string planned(const std::string& place) {
    const auto token = world.ask("office", plan_trip{place});
    world.settle();
    return sky_in(token);
  }
  /// Empty: there is no answer yet.
  std::string sky_in(std::uint64_t token) {
    const auto said = world.reply(token);
    if (!said) return {};
    return describe::from_json<trip>(std::get<request::answer>(*said).payload).value().sky;
  }
  testing::little_world world{services()};
};

TEST_F(OptionalAnswers, AreThereWhenTheOtherAnswers) { EXPECT_EQ(planned("hill"), "blue"); }

TEST_F(OptionalAnswers, AreMissingAfterANoOrTrouble) {
  EXPECT_EQ(planned("nowhere"), "?");
  EXPECT_EQ(planned("far"), "?");
}

TEST_F(OptionalAnswers, AreMissingAfterAsLongAsTheRuleWaits) {
  world.cut("office", "sky");
  const auto token = world.ask("office", plan_trip{"hill"});
  world.pass(900ms);
  EXPECT_EQ(sky_in(token), "");
  world.pass(200ms);
  EXPECT_EQ(sky_in(token), "?") << "long before the deadline of the request";
}

TEST_F(OptionalAnswers, AreMissedInTimeForTheRuleToRunBeforeTheDeadline) {
  world.cut("office", "sky");
  envelope message;
  message.type = "plan_trip";
  message.key = "hill";
  message.payload = describe::to_json(plan_trip{"hill"});
  service::outgoing out;
  auto& office = world.at("office");
  office.request(99, message, world.clock.now() + 500ms, out);
  world.clock.advance(250ms);
  office.expire(out);
  ASSERT_TRUE(office.has_work());
  office.run(out);
  ASSERT_EQ(out.replies.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<request::answer>(request::read_reply(out.replies[0].message)));
}

TEST_F(OptionalAnswers, AreMissingAtOnceWhenTheOtherIsKnownToBeAway) {
  world.cut("office", "sky");
  for (int i = 0; i < 20; ++i) {
    world.ask("office", plan_trip{"hill"});
    world.pass(1100ms);
  }
  EXPECT_EQ(planned("hill"), "?") << "its breaker is open";
}

TEST(Ask, SaysWhatTheRuleSays) {
  const auto needs = [](turn&, const plan_trip&, const weather&) -> outcome { return done{}; };
  const auto can_do_without = [](turn&, const plan_trip&, const std::optional<weather>&) -> outcome {
    return done{};
  };
  EXPECT_THROW(service_definition{"a"}.on(needs, ask("sky", weather_at).or_without(1s)), std::exception);
  EXPECT_THROW(service_definition{"a"}.on(can_do_without, ask("sky", weather_at)), std::exception);
  const auto both = [](turn&, const plan_trip&, const weather&, const std::optional<weather>&) -> outcome {
    return done{};
  };
  EXPECT_THROW(service_definition{"a"}.on(both, ask("sky", weather_at), ask("sky", weather_at).or_without(1s)),
               std::exception)
      << "either all or none";
}

}  // namespace
}  // namespace musiccorp
