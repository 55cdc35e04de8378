#include "hospital/case_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ward_bench.hpp"

namespace musiccorp::hospital {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Case, IsOpenedByADeathAndTellsItsStory) {
  ward_bench shop;
  const auto id = shop.died(42);
  EXPECT_EQ(id, "post.order.42");
  const auto one = shop.shown(id);
  EXPECT_EQ(one.state, case_state::open);
  EXPECT_EQ(one.version, 1U);
  EXPECT_EQ(one.service, "post");
  EXPECT_EQ(one.upstream, "order");
  EXPECT_EQ(one.type, "parcel");
  EXPECT_EQ(one.key, "p-42");
  EXPECT_EQ(one.reason, "attempts");
  EXPECT_EQ(one.attempts, 2U);
  EXPECT_THAT(one.attempt_records, SizeIs(2));
  EXPECT_EQ(one.message.id, "m-42");
  EXPECT_EQ(one.message.correlation, "conversation-42");
  EXPECT_THAT(one.payloads, SizeIs(1));
}

TEST(Case, IsNotChangedByTheSameDeathAgain) {
  ward_bench shop;
  const auto death = shop.death(1);
  shop.run(hear_death, death);
  const auto before = describe::to_json(shop.file(death.case_id));
  shop.run(hear_death, death);
  EXPECT_EQ(describe::to_json(shop.file(death.case_id)), before);
}

TEST(Case, GoesFromReplayToHealed) {
  ward_bench shop;
  const auto id = shop.died(1);
  shop.order_replay(id);
  EXPECT_EQ(shop.file(id).state, case_state::replaying);
  shop.healed(id);
  const auto one = shop.shown(id);
  EXPECT_EQ(one.state, case_state::healed);
  EXPECT_EQ(one.version, 3U);
  EXPECT_TRUE(one.closed_at);
}

TEST(Case, IsOpenAgainWhenItsReplayFails) {
  ward_bench shop;
  const auto id = shop.died(1);
  shop.order_replay(id);
  shop.bench.clock.advance(std::chrono::seconds{5});
  shop.died_again(id, "another error");
  const auto one = shop.shown(id);
  EXPECT_EQ(one.state, case_state::open);
  EXPECT_EQ(one.replay, 1);
  EXPECT_EQ(one.attempts, 3U);
  EXPECT_THAT(one.attempt_records, SizeIs(3));
  EXPECT_EQ(one.error, "another error");
  EXPECT_GT(one.last_failed_at, one.opened_at);
  EXPECT_LT(one.first_failed_at, one.last_failed_at);
}

TEST(Case, IgnoresWhatAnOlderReplayCameTo) {
  ward_bench shop;
  const auto id = shop.died(1);
  shop.order_replay(id);
  shop.died_again(id);
  shop.order_replay(id);
  shop.run(hear_healing, delivery::message_healed{id, 1, {}, {}});
  shop.run(hear_death, shop.death_again(1, 1));
  shop.run(hear_refusal, delivery::treatment_refused{id, "replay_message", 1, "late"});
  EXPECT_EQ(shop.file(id).state, case_state::replaying);
}

TEST(Case, IsOpenAgainWhenTheServiceRefuses) {
  ward_bench shop;
  const auto id = shop.died(1);
  shop.order_discard(id);
  shop.refused(id, "discard_message", "the shelf is locked");
  const auto one = shop.shown(id);
  EXPECT_EQ(one.state, case_state::open);
  EXPECT_EQ(one.notes.back().what, "refused");
  EXPECT_EQ(one.notes.back().text, "the shelf is locked");
}

TEST(Case, KeepsTheFirstAndTheNewestAttemptsAndCountsThemAll) {
  ward_bench shop{{.attempts_kept = 3}};
  auto death = shop.death(1);
  death.attempts_made = 8;
  death.attempts.clear();
  for (const std::int32_t number : {1, 3, 4, 5, 6, 7, 8})
    death.attempts.push_back({number, 0, {}, {}, "retried", "busy", std::string(5'000, 'x'), {}, {}, {}});
  shop.run(hear_death, death);
  const auto one = shop.shown(death.case_id);
  EXPECT_EQ(one.attempts, 8U);
  ASSERT_THAT(one.attempt_records, SizeIs(4));
  EXPECT_EQ(one.attempt_records[0].number, 1);
  EXPECT_EQ(one.attempt_records[1].number, 6);
  EXPECT_LT(one.attempt_records.front().text.size(), 2'100U);
}

TEST(Case, OfAStrayMessageCanOnlyBeDiscarded) {
  ward_bench shop;
  auto death = shop.death(1);
  death.upstream = delivery::stray_upstream;
  death.case_id = "post.stray.1";
  death.message = {};
  death.message.payload = "\x01 no JSON";
  shop.run(hear_death, death);
  EXPECT_EQ(status_of(shop.order_replay(death.case_id)), 409);
  EXPECT_EQ(status_of(shop.order_edit(death.case_id, "{}")), 409);
  EXPECT_EQ(shop.order_discard(death.case_id).as<case_summary>().state, case_state::discarded);
  EXPECT_THAT(shop.bench.sent_envelopes(), IsEmpty()) << "no service has it any more";
}

TEST(Case, IsForgottenLongAfterItWasClosed) {
  ward_bench shop{{.kept_closed_days = 2}};
  const auto old = shop.died(1);
  shop.order_discard(old);
  shop.discarded(old);
  const auto open = shop.died(2);
  shop.bench.clock.advance(std::chrono::hours{49});
  const auto other = shop.died(3);
  shop.order_discard(other);
  shop.discarded(other);
  EXPECT_EQ(status_of(shop.run(answer_case, show_case{old}, shop.behind)), 404);
  EXPECT_FALSE(shop.bench.stored<payload_text>(old + "/1"));
  std::vector<std::string> left;
  for (const auto& one : shop.list_all({})) left.push_back(one.case_id);
  EXPECT_THAT(left, ElementsAre(other, open));
}

TEST(Conversations, AreNamedWhileACaseOfThemIsNotClosed) {
  ward_bench shop;
  const auto first = shop.died(1);
  const auto asked = [&] {
    return shop.run(answer_open_conversations, delivery::open_conversations{{"conversation-1", "conversation-2", ""}})
        .as<delivery::conversations_open>()
        .correlations;
  };
  EXPECT_THAT(asked(), ElementsAre("conversation-1"));
  shop.order_replay(first);
  EXPECT_THAT(asked(), ElementsAre("conversation-1"));
  shop.healed(first);
  EXPECT_THAT(asked(), IsEmpty());
}

}  // namespace
}  // namespace musiccorp::hospital
