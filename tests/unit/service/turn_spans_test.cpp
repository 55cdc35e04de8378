#include "service/turn_spans.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "support/little_world.hpp"
#include "unit/service/toy_services.hpp"

namespace musiccorp {
namespace {

using namespace toys;
using namespace std::chrono_literals;
using telemetry::span_kind;
using telemetry::span_state;

constexpr telemetry::trace_context door{{1, 2}, 77};

class TurnSpans : public ::testing::Test {
 protected:
  void sell(const std::string& id, const std::string& item) {
    world.traceparent = telemetry::traceparent_text{door}.view();
    world.ask("till", buy{id, item});
    world.settle();
  }
  /// "kind service type state", in order of time.
  std::vector<std::string> story() {
    std::vector<std::string> told;
    for (const auto& one : spans.of(door.trace))
      told.push_back(std::string{name_of(one.kind)} + " " + spans.text(one.service) + " " + spans.text(one.type) +
                     " " + std::string{name_of(one.state)});
    return told;
  }
  std::size_t count(const std::string& what) { return static_cast<std::size_t>(std::ranges::count(story(), what)); }
  /// "kind service type" of what caused the span of these words.
  std::string cause_of(const std::string& effect) {
    const auto words = [this](const telemetry::span& one) {
      return std::string{name_of(one.kind)} + " " + spans.text(one.service) + " " + spans.text(one.type);
    };
    const auto all = spans.of(door.trace);
    for (const auto& one : all)
      if (words(one) == effect)
        for (const auto& other : all)
          if (other.id == one.parent) return words(other);
    return {};
  }
  /// Each has its cause in the trace, or is caused by the door.
  void expect_one_tree() {
    const auto all = spans.of(door.trace);
    std::set<std::uint64_t> ids{door.span};
    for (const auto& one : all) EXPECT_TRUE(ids.insert(one.id).second) << spans.text(one.type);
    for (const auto& one : all)
      EXPECT_TRUE(ids.contains(one.parent))
          << name_of(one.kind) << " " << spans.text(one.service) << " " << spans.text(one.type);
  }

  telemetry::span_store spans;
  mischief trouble;
  testing::little_world world{
      services(trouble),
      7,
      {.retry = {3, 10ms, 100ms}},
      storage::memory_stores(),
      [this](const auto&, const auto&, service::partition_environment& around) { around.spans = &spans; }};
};

TEST_F(TurnSpans, OneConversationIsOneTree) {
  sell("1", "disc");
  expect_one_tree();
  EXPECT_EQ(count("turn price price_of ok"), 1U);  // The question that the sale asked.
  EXPECT_EQ(count("turn till buy ok"), 1U);
  EXPECT_EQ(count("commit till buy ok"), 1U);
  EXPECT_EQ(count("hop book sold ok"), 1U);
  EXPECT_EQ(count("turn book sold ok"), 1U);
  EXPECT_EQ(count("commit book sold ok"), 1U);
  EXPECT_EQ(count("turn till stamped ok"), 1U);  // The answer to a durable request.
  EXPECT_EQ(count("attempt book sold failed"), 0U);
  EXPECT_EQ(cause_of("hop book sold"), "turn till buy");
  EXPECT_EQ(cause_of("turn book sold"), "hop book sold");
  EXPECT_EQ(cause_of("turn price price_of"), "turn till buy");
}

TEST_F(TurnSpans, EachFailedAttemptIsThereWithItsKindOfTrouble) {
  trouble.crashes["disc"] = 2;
  sell("1", "disc");
  world.pass(1s);
  expect_one_tree();
  EXPECT_EQ(count("hop book sold ok"), 1U);
  EXPECT_EQ(count("attempt book sold failed"), 2U);
  EXPECT_EQ(count("turn book sold ok"), 1U);
  std::vector<int> numbers;
  for (const auto& one : spans.of(door.trace))
    if (one.kind == span_kind::attempt) {
      numbers.push_back(one.attempt);
      EXPECT_EQ(spans.text(one.why), "crash");
    }
  EXPECT_EQ(numbers, (std::vector{1, 2}));
}

TEST_F(TurnSpans, ARefusedRequestLeavesWhatItAsked) {
  sell("1", "unknown");
  EXPECT_EQ(count("turn price price_of rejected"), 1U);
  EXPECT_EQ(count("turn till buy ok"), 0U);  // Its rule never ran.
}

TEST_F(TurnSpans, AMessageThatIsPutOffLeavesEachTry) {
  trouble.later["disc"] = 1;
  sell("1", "disc");
  world.pass(1s);
  expect_one_tree();
  EXPECT_EQ(count("attempt book sold deferred"), 1U);
  EXPECT_EQ(count("turn book sold ok"), 1U);
}

TEST_F(TurnSpans, ADeadLetterHasAllItsAttemptsAndStaysFindable) {
  trouble.crashes["poison"] = 99;
  sell("1", "poison");
  world.pass(1min);
  expect_one_tree();
  EXPECT_EQ(count("attempt book sold failed"), 3U);
  EXPECT_EQ(count("turn book sold ok"), 0U);
}

TEST_F(TurnSpans, WithoutATraceparentNothingIsRecorded) {
  world.ask("till", buy{"1", "disc"});
  world.settle();
  EXPECT_EQ(spans.counted().recorded, 0U);
}

}  // namespace
}  // namespace musiccorp
