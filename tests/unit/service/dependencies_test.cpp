// What becomes of requests when a service that they need is not there.
#include "service/dependencies.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/little_world.hpp"
#include "telemetry/log.hpp"
#include "unit/service/toy_services.hpp"

namespace musiccorp {
namespace {

using namespace toys;
using namespace std::chrono_literals;
using request::breaker_state;
using ::testing::HasSubstr;

/// The till asks the price list, whose rule says "silent" when it is away.
class Dependency : public ::testing::Test {
 protected:
  Dependency() : registry{time}, world{services(trouble), 7, limits(), storage::memory_stores(), equipment()} {}

  static service::partition_limits limits() {
    service::partition_limits made;
    made.breaker = {.failures_in_row = 3, .open_first = 500ms, .open_longest = 4s, .jitter_percent = 0};
    return made;
  }
  testing::little_world::equipment equipment() {
    return [this](const std::string& service, const service::wiring&, service::partition_environment& around) {
      around.cell = {registry, service};
      around.board = &board;
    };
  }
  request::reply buy_it(const std::string& item) {
    const auto token = world.ask("till", buy{std::to_string(++sales), item});
    world.settle();
    return world.reply(token).value();
  }
  bool sells(const std::string& item) { return std::holds_alternative<request::answer>(buy_it(item)); }
  fault trouble_with(const std::string& item) { return std::get<fault>(buy_it(item)); }
  void open_it() {
    for (int i = 0; i < 3; ++i) (void)buy_it("silent");
    ASSERT_EQ(shown().state, breaker_state::open);
  }
  service::dependency_view shown() {
    const auto all = board.all();
    EXPECT_EQ(all.size(), 1U) << "nobody else asks anybody";
    return all.at(0);
  }
  void expect_number(const std::string& name, int value) {
    EXPECT_THAT(registry.render(),
                HasSubstr(name + R"({dependency="price",service="till"} )" + std::to_string(value) + "\n"));
  }

  mischief trouble;
  base::manual_clock time;
  telemetry::metrics_registry registry;
  service::dependency_board board;
  testing::little_world world;
  int sales = 0;
};

TEST_F(Dependency, ThatIsAwayIsNotAskedAgainAndWhoeverNeedsItKnowsAtOnce) {
  open_it();
  world.clock.advance(200ms);
  const auto token = world.ask("till", buy{"9", "disc"});
  EXPECT_EQ(world.in_transit(), 0U) << "nobody is asked";
  ASSERT_TRUE(world.reply(token).has_value()) << "nobody waits";
  const auto said = std::get<fault>(*world.reply(token));
  EXPECT_EQ(said.kind, fault_kind::unavailable);
  EXPECT_EQ(base::facts_of(said.kind).what, base::fault_class::transient);
  EXPECT_EQ(said.text, "price is not answering; asked again in 300 ms");
  EXPECT_EQ(said.retry_after, 300ms);
}

TEST_F(Dependency, ThatIsBackIsFoundByOneProbeAndAllGoesOn) {
  open_it();
  world.clock.advance(500ms);
  const auto probe = world.ask("till", buy{"a", "disc"});
  EXPECT_EQ(shown().state, breaker_state::half_open);
  const auto other = world.ask("till", buy{"b", "disc"});
  EXPECT_EQ(std::get<fault>(*world.reply(other)).text, "price is not answering; it is tried right now");
  world.settle();
  EXPECT_TRUE(std::holds_alternative<request::answer>(*world.reply(probe)));
  EXPECT_EQ(shown().state, breaker_state::closed);
  EXPECT_TRUE(sells("disc"));
}

TEST_F(Dependency, ThatStaysAwayIsProbedMoreAndMoreSeldom) {
  open_it();
  for (const auto wait : {500ms, 1000ms, 2000ms, 4000ms, 4000ms}) {
    world.clock.advance(wait - 1ms);
    EXPECT_EQ(trouble_with("silent").retry_after, 1ms);
    world.clock.advance(1ms);
    EXPECT_EQ(trouble_with("silent").text, "the price list is away");
    EXPECT_EQ(shown().state, breaker_state::open);
  }
}

TEST_F(Dependency, ThatIsSilentUntilTheDeadlineIsAway) {
  world.cut("till", "price");
  for (int i = 0; i < 3; ++i) world.ask("till", buy{std::to_string(i), "disc"});
  world.pass(4s);
  EXPECT_EQ(shown().state, breaker_state::closed);
  world.pass(1s);
  EXPECT_EQ(shown().state, breaker_state::open);
  EXPECT_EQ(shown().cause, "timeout");
  world.mend("till", "price");
  world.pass(500ms);
  EXPECT_TRUE(sells("disc"));
  EXPECT_EQ(shown().state, breaker_state::closed);
}

TEST_F(Dependency, ThatSaysNoIsThere) {
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(std::holds_alternative<rejected>(buy_it("unknown")));
  EXPECT_EQ(shown().state, breaker_state::closed);
}

TEST_F(Dependency, ACrashOfOurOwnRuleIsNotItsFault) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(trouble_with("crash").kind, fault_kind::crash);
  EXPECT_EQ(shown().state, breaker_state::closed);
}

TEST_F(Dependency, WhatCannotBeAskedAtAllIsStillSaid) {
  open_it();
  envelope broken;
  broken.type = "buy";
  broken.payload = "{}";
  service::outgoing out;
  world.at("till").request(99, std::move(broken), world.clock.now() + 5s, out);
  ASSERT_EQ(out.replies.size(), 1U);
  EXPECT_EQ(std::get<fault>(request::read_reply(out.replies.front().message)).kind, fault_kind::invalid)
      << "trying again would not help";
}

TEST_F(Dependency, OthersDoNotCare) {
  open_it();
  const auto token = world.ask("till", show_sale{"1"});
  world.settle();
  EXPECT_TRUE(std::holds_alternative<rejected>(*world.reply(token))) << "this rule asks nobody";
}

TEST_F(Dependency, AProbeThatIsForgottenLeavesItsPlaceToTheNext) {
  open_it();
  world.clock.advance(500ms);
  const auto probe = world.ask("till", buy{"a", "disc"});
  EXPECT_EQ(shown().state, breaker_state::half_open);
  service::outgoing out;
  world.at("till").close({fault_kind::unavailable, "stopped", {}, {}}, out);
  EXPECT_EQ(out.replies.size(), 1U);
  EXPECT_FALSE(world.reply(probe));
  ASSERT_TRUE(world.at("till").open(out));
  EXPECT_TRUE(sells("disc"));
  EXPECT_EQ(shown().state, breaker_state::closed);
}

TEST_F(Dependency, ANewCellBeginsWithoutPrejudice) {
  open_it();
  world.restart("till");
  EXPECT_EQ(shown().state, breaker_state::closed);
  expect_number("runtime_breaker_state", 0);
  EXPECT_TRUE(sells("disc"));
}

TEST_F(Dependency, IsCountedAndShown) {
  expect_number("runtime_breaker_state", 0);
  expect_number("runtime_breaker_opened_total", 0);
  expect_number("runtime_breaker_refused_total", 0);
  EXPECT_EQ(shown().since, world.clock.now());
  EXPECT_FALSE(shown().next_probe);
  open_it();
  (void)buy_it("disc");
  (void)buy_it("disc");
  expect_number("runtime_breaker_state", 2);
  expect_number("runtime_breaker_refused_total", 2);
  EXPECT_EQ(shown().service, "till");
  EXPECT_EQ(shown().dependency, "price");
  EXPECT_EQ(shown().cause, "unavailable");
  EXPECT_EQ(shown().next_probe, world.clock.now() + 500ms);
  world.clock.advance(500ms);
  (void)buy_it("silent");
  world.clock.advance(1s);
  world.ask("till", buy{"a", "disc"});
  expect_number("runtime_breaker_state", 1);
  expect_number("runtime_breaker_opened_total", 1);
  world.settle();
  expect_number("runtime_breaker_state", 0);
}

TEST_F(Dependency, OneOutageIsTwoLinesInTheLog) {
  const telemetry::captured_logs logs;
  open_it();
  for (int i = 0; i < 5; ++i) {
    (void)buy_it("disc");
    world.clock.advance(4s);
    (void)buy_it("silent");
  }
  world.clock.advance(4s);
  EXPECT_TRUE(sells("disc"));
  std::vector<std::string> told;
  for (const auto& line : logs.lines())
    if (line.find("breaker-") != std::string::npos) told.push_back(line);
  ASSERT_EQ(told.size(), 2U);
  EXPECT_THAT(told[0], HasSubstr(R"("event":"breaker-opened","service":"till","dependency":"price",)"
                                 R"("fault":"unavailable","asked_again_in_ms":500)"));
  EXPECT_THAT(told[1],
              HasSubstr(R"("event":"breaker-closed","service":"till","dependency":"price","after_ms":24000)"));
}

/// A service whose command asks two others, one of them twice.
struct quote {
  std::string item;
  static constexpr auto describe() { return describe_as("quote", 1, musiccorp::key("item", &quote::item)); }
};
struct weight_of {
  std::string item;
  static constexpr auto describe() { return describe_as("weight_of", 1, musiccorp::key("item", &weight_of::item)); }
};

std::vector<service_definition> scales_and_desk() {
  service_definition prices{"price"};
  prices.on([](turn&, const price_of& question) -> outcome {
    if (question.item == "silent") return fault{fault_kind::unavailable, "away", {}, {}};
    return price{question.item, 1};
  });
  service_definition scales{"scales"};
  scales.on([](turn&, const weight_of& question) -> outcome {
    if (question.item == "heavy") return fault{fault_kind::overloaded, "too heavy", {}, 60s};
    return total{question.item};
  });
  service_definition desk{"desk"};
  desk.on([](turn&, const quote&, const price&, const price&, const total&) -> outcome { return done{}; },
          ask("price", [](const quote& command) { return price_of{command.item}; }),
          ask("price", [](const quote&) { return price_of{"disc"}; }),
          ask("scales", [](const quote& command) { return weight_of{command.item}; }));
  return {std::move(prices), std::move(scales), std::move(desk)};
}

class Dependencies : public ::testing::Test {
 protected:
  Dependencies()
      : world{scales_and_desk(), 7, limits(), storage::memory_stores(),
              [this](const std::string&, const service::wiring&, service::partition_environment& around) {
                around.board = &board;
              }} {}
  static service::partition_limits limits() {
    service::partition_limits made;
    made.breaker = {.failures_in_row = 2, .open_first = 500ms, .jitter_percent = 0};
    return made;
  }
  request::reply quote_it(const std::string& item) {
    const auto token = world.ask("desk", quote{item});
    world.settle();
    return world.reply(token).value();
  }
  breaker_state of(const std::string& dependency) {
    for (const auto& one : board.all())
      if (one.dependency == dependency) return one.state;
    ADD_FAILURE() << dependency;
    return {};
  }

  service::dependency_board board;
  testing::little_world world;
};

TEST_F(Dependencies, OneThatIsAwaySparesTheOthersTheQuestion) {
  (void)quote_it("heavy");
  (void)quote_it("heavy");
  EXPECT_EQ(of("scales"), breaker_state::open);
  EXPECT_EQ(of("price"), breaker_state::closed) << "each has its own";
  const auto token = world.ask("desk", quote{"disc"});
  EXPECT_EQ(world.in_transit(), 0U);
  EXPECT_EQ(std::get<fault>(*world.reply(token)).retry_after, 60s) << "as the scales wanted";
}

TEST_F(Dependencies, ARequestThatAsksOneTwiceIsAProbeAsAWhole) {
  world.cut("price", "desk");
  (void)world.ask("desk", quote{"disc"});
  world.pass(5s);
  EXPECT_EQ(of("price"), breaker_state::open);
  world.mend("price", "desk");
  world.pass(500ms);
  EXPECT_TRUE(std::holds_alternative<request::answer>(quote_it("disc")));
  EXPECT_EQ(of("price"), breaker_state::closed);
}

TEST_F(Dependencies, AProbeThatAnotherOneForbidsIsNotUsedUp) {
  world.cut("price", "desk");
  (void)world.ask("desk", quote{"disc"});
  world.pass(5s);
  world.mend("price", "desk");
  world.pass(500ms);
  (void)quote_it("heavy");  // The price is there again; the scales begin to fail.
  EXPECT_EQ(of("price"), breaker_state::closed);
  (void)quote_it("heavy");
  EXPECT_EQ(of("scales"), breaker_state::open);
  world.cut("price", "desk");
  world.pass(60s);
  (void)world.ask("desk", quote{"heavy"});  // Both fail: one is silent, the other one says so.
  world.pass(5s);
  EXPECT_EQ(of("price"), breaker_state::open);
  EXPECT_EQ(of("scales"), breaker_state::open);
  world.mend("price", "desk");
  world.pass(1s);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(std::holds_alternative<fault>(quote_it("disc"))) << "the scales forbid it";
  world.pass(60s);
  EXPECT_TRUE(std::holds_alternative<request::answer>(quote_it("disc")));
  EXPECT_EQ(of("price"), breaker_state::closed);
  EXPECT_EQ(of("scales"), breaker_state::closed);
}

/// The one whom a command names.
struct visit {
  std::string whom;
  static constexpr auto describe() { return describe_as("visit", 1, musiccorp::key("whom", &visit::whom)); }
};

TEST(DependencyOfACommand, HasNoBreakerSoNamesFromOutsideMakeNone) {
  service_definition guest{"guest"};
  guest.on([](turn&, const visit&, const price&) -> outcome { return done{}; },
           ask([](const visit& command) { return command.whom; }, [](const visit&) { return price_of{"disc"}; }));
  service_definition host{"host"};
  host.on([](turn&, const price_of&) -> outcome { return fault{fault_kind::unavailable, "away", {}, {}}; });
  service::dependency_board board;
  testing::little_world world{{std::move(guest), std::move(host)},
                              7,
                              {},
                              storage::memory_stores(),
                              [&](const std::string&, const service::wiring&,
                                  service::partition_environment& around) { around.board = &board; }};
  for (int i = 0; i < 50; ++i) {
    const auto token = world.ask("guest", visit{"host"});
    world.settle();
    EXPECT_EQ(std::get<fault>(world.reply(token).value()).text, "away");
  }
  EXPECT_TRUE(board.all().empty());
}

}  // namespace
}  // namespace musiccorp
