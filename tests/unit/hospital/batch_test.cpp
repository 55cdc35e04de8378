#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "hospital/batch_rules.hpp"
#include "ward_bench.hpp"

namespace musiccorp::hospital {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// The hospital's own log: what it asks of itself comes back, as often as it says "not yet".
class batch_bench : public ward_bench {
 public:
  using ward_bench::ward_bench;

  std::string start(const start_batch& command) {
    const auto said = run(submit, command);
    note();
    return said.as<batch_summary>().batch_id;
  }
  [[nodiscard]] batch_detail batch(const std::string& id, std::string token = {}) {
    return run(answer_batch, show_batch{id, 50, std::move(token)}).as<batch_detail>();
  }
  /// Lets a time pass in which services answer nothing.
  void pass(duration longest) {
    const auto end = bench.clock.now() + longest;
    while (!steps_.empty()) {
      const auto step = steps_.front();
      const auto said = run(work_off, step);
      if (const auto* later = said.is<not_yet>()) {
        ASSERT_GT(later->wait, duration{0});
        if (bench.clock.now() + later->wait > end) break;
        bench.clock.advance(later->wait);
        continue;
      }
      steps_.pop_front();
      note();
    }
    bench.clock.set(end);
  }
  void heal(const std::string& id) { healed(id), note(); }
  void fail(const std::string& id) { died_again(id), note(); }
  /// Cases that were sent and have no outcome yet, in the order of sending.
  std::vector<std::string> sent() {
    std::vector<std::string> found;
    for (std::uint64_t seq = 1; const auto one = bench.stored<case_file>(delivery::case_id_of("post", "order", seq));
         ++seq)
      if (one->state == case_state::replaying || one->state == case_state::discarding) found.push_back(one->case_id);
    return found;
  }
  [[nodiscard]] std::size_t steps_waiting() const { return steps_.size(); }

 private:
  void note() {
    for (auto& step : bench.sent<continue_batch>()) steps_.push_back(step);
    EXPECT_LE(steps_.size(), 1U) << "one step of a batch at a time";
  }
  std::deque<continue_batch> steps_;
};

constexpr auto long_enough = std::chrono::hours{1};

start_batch replay_all(std::int64_t rate = 10) {
  start_batch command;
  command.by = "kim";
  command.reason = "fixed in 1.2";
  command.rate_per_second = rate;
  return command;
}

void die(ward_bench& shop, std::uint64_t count) {
  for (std::uint64_t seq = 1; seq <= count; ++seq) shop.died(seq, seq % 2 == 0 ? "even" : "odd one");
}

TEST(Batch, ThatIsHeldCanBeCancelledBeforeAnythingIsSent) {
  batch_bench shop;
  die(shop, 3);
  auto command = replay_all(100);
  command.held_s = 10;
  const auto cancelled = shop.start(command);
  shop.pass(std::chrono::seconds{9});
  EXPECT_THAT(shop.sent(), IsEmpty());
  EXPECT_TRUE(shop.batch(cancelled).held_until);
  shop.run(cancel, cancel_batch{cancelled, "kim", "a slip"});
  shop.pass(std::chrono::seconds{60});
  EXPECT_THAT(shop.sent(), IsEmpty());
  EXPECT_EQ(shop.batch(cancelled).waiting, 3);
  const auto started = shop.start(command);
  shop.pass(std::chrono::seconds{11});
  EXPECT_THAT(shop.sent(), SizeIs(3));
  EXPECT_EQ(shop.batch(started).sent, 3);
}

TEST(Batch, ReplaysWhatItsFilterFoundAtItsRateOldestFirst) {
  batch_bench shop;
  die(shop, 10);
  auto command = replay_all(2);
  command.filter.text = "even";
  const auto id = shop.start(command);
  EXPECT_EQ(shop.batch(id).total, 5);
  shop.died(12, "even");  // Too late for this batch.
  shop.pass(std::chrono::milliseconds{900});
  EXPECT_THAT(shop.sent(), ::testing::ElementsAre("post.order.2", "post.order.4"));
  shop.pass(long_enough);
  EXPECT_THAT(shop.sent(), SizeIs(5));
  EXPECT_EQ(shop.batch(id).state, batch_state::finishing);
  EXPECT_EQ(shop.batch(id).sent, 5);
}

TEST(Batch, EndsWhenEveryOutcomeIsKnown) {
  batch_bench shop;
  die(shop, 3);
  const auto id = shop.start(replay_all());
  shop.pass(long_enough);
  shop.heal("post.order.1");
  shop.fail("post.order.2");
  EXPECT_EQ(shop.batch(id).state, batch_state::finishing);
  shop.refused("post.order.3");
  const auto batch = shop.batch(id);
  EXPECT_EQ(batch.state, batch_state::finished);
  EXPECT_EQ(batch.healed, 1);
  EXPECT_EQ(batch.died_again, 1);
  EXPECT_EQ(batch.refused, 1);
  EXPECT_EQ(batch.sent + batch.waiting + batch.skipped, 0);
  ASSERT_THAT(batch.items, SizeIs(3));
  EXPECT_EQ(batch.items[0].outcome, item_outcome::healed);
  EXPECT_EQ(batch.items[1].outcome, item_outcome::died_again);
  EXPECT_THAT(batch.items[1].text, HasSubstr("scales"));
  EXPECT_EQ(batch.items[2].outcome, item_outcome::refused);
}

TEST(Batch, WaitsForItsCanaryAndThenDoesTheRest) {
  batch_bench shop;
  die(shop, 8);
  auto command = replay_all();
  command.canary = 2;
  const auto id = shop.start(command);
  shop.pass(long_enough);
  EXPECT_THAT(shop.sent(), SizeIs(2));
  EXPECT_EQ(shop.steps_waiting(), 0U) << "no message waits that could expire";
  shop.heal("post.order.1");
  shop.pass(long_enough);
  EXPECT_THAT(shop.sent(), SizeIs(1));
  shop.heal("post.order.2");
  shop.pass(long_enough);
  EXPECT_THAT(shop.sent(), SizeIs(6));
  for (int seq = 3; seq <= 8; ++seq) shop.heal("post.order." + std::to_string(seq));
  EXPECT_EQ(shop.batch(id).state, batch_state::finished);
  EXPECT_EQ(shop.batch(id).healed, 8);
}

TEST(Batch, StopsWhenItsCanaryDies) {
  batch_bench shop;
  die(shop, 8);
  auto command = replay_all();
  command.canary = 3;
  command.stop_after = 2;
  const auto id = shop.start(command);
  shop.pass(long_enough);
  shop.fail("post.order.1");
  shop.fail("post.order.2");
  EXPECT_EQ(shop.batch(id).state, batch_state::stopped);
  shop.heal("post.order.3");
  shop.pass(long_enough);
  const auto batch = shop.batch(id);
  EXPECT_EQ(batch.state, batch_state::stopped);
  EXPECT_EQ(batch.waiting, 5);
  EXPECT_EQ(batch.healed, 1) << "what was sent is followed to its outcome";
  EXPECT_EQ(shop.file("post.order.4").state, case_state::open);
}

TEST(Batch, WithACanaryGoesOnWhenFewerDieThanItAllows) {
  batch_bench shop;
  die(shop, 5);
  auto command = replay_all();
  command.canary = 2;
  command.stop_after = 2;
  const auto id = shop.start(command);
  shop.pass(long_enough);
  shop.fail("post.order.1");
  shop.heal("post.order.2");
  shop.pass(long_enough);
  EXPECT_EQ(shop.batch(id).sent, 3);
  shop.fail("post.order.3");
  EXPECT_EQ(shop.batch(id).died_again, 2);
}

TEST(Batch, SkipsCasesThatHaveChangedAndSaysWhy) {
  batch_bench shop;
  die(shop, 3);
  const auto id = shop.start(replay_all());
  shop.order_discard("post.order.1");
  shop.order_replay("post.order.2");
  shop.died_again("post.order.2");
  shop.pass(long_enough);
  const auto batch = shop.batch(id);
  EXPECT_EQ(batch.skipped, 2);
  EXPECT_EQ(batch.sent, 1);
  EXPECT_THAT(batch.items[0].text, HasSubstr("discarding"));
  EXPECT_EQ(batch.items[1].outcome, item_outcome::skipped);
  EXPECT_EQ(shop.file("post.order.2").state, case_state::open) << "somebody has acted on it: never forced";
}

TEST(Batch, CanaryCountsWhatWasReallySent) {
  batch_bench shop;
  die(shop, 4);
  auto command = replay_all();
  command.canary = 2;
  shop.start(command);
  shop.order_discard("post.order.1");
  shop.discarded("post.order.1");
  shop.pass(long_enough);
  EXPECT_THAT(shop.sent(), ::testing::ElementsAre("post.order.2", "post.order.3"));
}

TEST(Batch, OfSkippedCasesOnlyIsFinished) {
  batch_bench shop;
  die(shop, 2);
  auto command = replay_all();
  command.canary = 1;
  const auto id = shop.start(command);
  for (const auto* one : {"post.order.1", "post.order.2"}) shop.order_discard(one);
  shop.pass(long_enough);
  EXPECT_EQ(shop.batch(id).state, batch_state::finished);
}

TEST(Batch, SendsNoMoreOnceItIsCancelled) {
  batch_bench shop;
  die(shop, 10);
  const auto id = shop.start(replay_all(1));
  shop.pass(std::chrono::milliseconds{1'500});
  EXPECT_EQ(shop.run(cancel, cancel_batch{id, "lee", "wrong group"}).as<batch_summary>().state,
            batch_state::cancelled);
  shop.pass(long_enough);
  EXPECT_THAT(shop.sent(), SizeIs(2));
  EXPECT_EQ(status_of(shop.run(cancel, cancel_batch{id, "lee", {}})), 409);
  EXPECT_EQ(status_of(shop.run(cancel, cancel_batch{"none", "lee", {}})), 404);
}

TEST(Batch, BuriesToo) {
  batch_bench shop;
  die(shop, 2);
  auto command = replay_all();
  command.action = batch_action::discard;
  command.with_followers = true;
  const auto id = shop.start(command);
  shop.pass(long_enough);
  for (const auto* one : {"post.order.1", "post.order.2"}) shop.discarded(one);
  EXPECT_EQ(shop.batch(id).state, batch_state::finished);
  EXPECT_EQ(shop.batch(id).discarded, 2);
}

TEST(Batch, TakesNamedCases) {
  batch_bench shop;
  die(shop, 5);
  auto command = replay_all();
  command.cases = {"post.order.4", "post.order.2", "post.order.4"};
  shop.start(command);
  shop.pass(long_enough);
  EXPECT_THAT(shop.sent(), ::testing::ElementsAre("post.order.2", "post.order.4"));
  command.cases = {"post.order.99"};
  EXPECT_EQ(status_of(shop.run(submit, command)), 404);
}

TEST(Batch, IsRefusedWhenItIsTooLargeEmptyOrAboutClosedCases) {
  batch_bench shop{{.cases_per_batch_max = 4}};
  EXPECT_EQ(status_of(shop.run(submit, replay_all())), 422);
  die(shop, 4);
  EXPECT_TRUE(shop.run(submit, replay_all()).is<service::answer>());
  shop.died(5);
  const auto refused = shop.run(submit, replay_all());
  EXPECT_EQ(status_of(refused), 422);
  EXPECT_THAT(refused.is<base::rejected>()->text, HasSubstr("more than 4 cases"));
  auto command = replay_all();
  command.filter.state = case_state::healed;
  EXPECT_EQ(status_of(shop.run(submit, command)), 422);
}

TEST(Batch, OnlyTellsHowManyItWouldBeInADryRun) {
  batch_bench shop;
  die(shop, 4);
  auto command = replay_all();
  command.dry_run = true;
  const auto said = shop.run(submit, command).as<batch_summary>();
  EXPECT_EQ(said.total, 4);
  EXPECT_THAT(said.batch_id, IsEmpty());
  EXPECT_THAT(shop.run(answer_batches, list_batches{}).as<batch_page>().batches, IsEmpty());
  EXPECT_THAT(shop.run(answer_audit, list_audit{}).as<audit_page>().entries, IsEmpty());
}

TEST(Batch, OfManyCasesIsShownPageByPage) {
  batch_bench shop;
  die(shop, 250);
  const auto id = shop.start(replay_all(1'000));
  shop.pass(long_enough);
  std::vector<batch_item> items;
  std::string token;
  do {
    auto page = shop.batch(id, token);
    for (auto& one : page.items) items.push_back(one);
    token = page.next_page_token;
  } while (!token.empty());
  EXPECT_THAT(items, SizeIs(250));
  EXPECT_THAT(items, Each(::testing::Field(&batch_item::outcome, item_outcome::sent)));
  EXPECT_EQ(items.back().case_id, "post.order.250");
}

TEST(Batch, LeavesALineInTheAuditTrailForItselfAndForEachCase) {
  batch_bench shop;
  die(shop, 2);
  const auto id = shop.start(replay_all());
  shop.pass(long_enough);
  const auto lines = shop.run(answer_audit, list_audit{.batch_id = id}).as<audit_page>().entries;
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_EQ(lines[2].action, "start_batch");
  EXPECT_EQ(lines[1].action, "replay");
  EXPECT_EQ(lines[1].by, "kim");
  EXPECT_EQ(lines[1].reason, "fixed in 1.2");
}

TEST(Batch, DoesEachStepOnceHoweverOftenItArrives) {
  batch_bench shop;
  die(shop, 4);
  const auto id = shop.start(replay_all(1));
  shop.run(work_off, continue_batch{id, 1});
  EXPECT_TRUE(shop.run(work_off, continue_batch{id, 1}).is<done>());
  EXPECT_THAT(shop.sent(), SizeIs(1));
}

TEST(Batch, IsForgottenLongAfterItsEnd) {
  batch_bench shop{{.kept_closed_days = 1}};
  die(shop, 2);
  const auto first = shop.start(replay_all());
  shop.pass(long_enough);
  for (const auto* one : {"post.order.1", "post.order.2"}) shop.fail(one);
  shop.bench.clock.advance(std::chrono::hours{30});
  shop.start(replay_all());
  EXPECT_EQ(status_of(shop.run(answer_batch, show_batch{first, 50, {}})), 404);
  EXPECT_THAT(shop.run(answer_batches, list_batches{}).as<batch_page>().batches, SizeIs(1));
}

}  // namespace
}  // namespace musiccorp::hospital
