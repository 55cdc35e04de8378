#include "hospital/case_actions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ward_bench.hpp"

namespace musiccorp::hospital {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

audit_page audit_of(ward_bench& shop, list_audit query = {}) {
  return shop.run(answer_audit, query).as<audit_page>();
}

TEST(Replay, GoesToTheServiceThatFailedAndToNobodyElse) {
  ward_bench shop;
  const auto id = shop.died(42);
  const auto said = shop.order_replay(id).as<case_summary>();
  EXPECT_EQ(said.state, case_state::replaying);
  EXPECT_EQ(said.version, 2U);
  ASSERT_THAT(shop.bench.sent_envelopes(), SizeIs(1));
  EXPECT_EQ(shop.bench.sent_envelopes().front().to, "post");
  const auto sent = shop.bench.sent<delivery::replay_message>().at(0);
  EXPECT_EQ(sent.upstream, "order");
  EXPECT_EQ(sent.seq, 42U);
  EXPECT_EQ(sent.replay, 1);
  EXPECT_THAT(sent.payload, IsEmpty());
  EXPECT_THAT(sent.edited_id, IsEmpty());
}

TEST(Replay, HasAHigherNumberEachTime) {
  ward_bench shop;
  const auto id = shop.died(1);
  shop.order_replay(id);
  shop.refused(id);
  shop.order_replay(id);
  EXPECT_EQ(shop.bench.sent<delivery::replay_message>().at(0).replay, 2);
}

TEST(Replay, HappensOnceWhenTheButtonIsPressedTwice) {
  ward_bench shop;
  const auto id = shop.died(1);
  const replay_case command{id, 1, "kim", {}};
  EXPECT_TRUE(shop.run(replay, command).is<service::answer>());
  const auto second = shop.run(replay, command);
  EXPECT_EQ(status_of(second), 409);
  EXPECT_THAT(second.is<base::rejected>()->text, HasSubstr("version 2"));
}

TEST(Actions, AreRefusedOnAVersionThatIsNotTheLast) {
  ward_bench shop;
  const auto id = shop.died(1);
  shop.order_replay(id);
  shop.died_again(id);
  EXPECT_EQ(status_of(shop.run(discard, discard_case{id, 1, "kim", "old page", false})), 409);
  EXPECT_EQ(shop.file(id).state, case_state::open);
}

TEST(Actions, OnACaseThatDoesNotExistAre404) {
  ward_bench shop;
  EXPECT_EQ(status_of(shop.run(replay, replay_case{"post.order.9", 1, "kim", {}})), 404);
}

TEST(Discard, NeedsAReason) {
  ward_bench shop;
  const auto id = shop.died(1);
  const auto said = shop.run(discard, discard_case{id, 1, "kim", "  ", false});
  EXPECT_EQ(status_of(said), 422);
  EXPECT_EQ(said.is<base::rejected>()->pointer, "/reason");
  EXPECT_FALSE(describe::from_json<discard_case>(R"({"case_id":"x","version":1})"));
}

TEST(Discard, TellsTheServiceWhetherTheFollowersGoToo) {
  ward_bench shop;
  const auto id = shop.died(1);
  shop.run(discard, discard_case{id, 1, "kim", "spam", true});
  EXPECT_TRUE(shop.bench.sent<delivery::discard_message>().at(0).with_followers);
  EXPECT_EQ(shop.file(id).state, case_state::discarding);
}

TEST(Edit, RefusesAPayloadThatIsNotOfTheMessagesTypeAndSaysWhere) {
  ward_bench shop;
  const auto id = shop.died(1);
  const auto said = shop.order_edit(id, R"({"parcel_id":"p-1","name":"A B","email":"a@b","weight":"two"})");
  const auto* trouble = said.is<fault>();
  ASSERT_TRUE(trouble);
  EXPECT_EQ(trouble->kind, fault_kind::invalid);
  EXPECT_EQ(trouble->problems.at(0).pointer, "/payload/weight");
  EXPECT_EQ(shop.file(id).state, case_state::open);
}

TEST(Edit, RefusesMasksInPlaceOfPersonalData) {
  ward_bench shop;
  const auto id = shop.died(1);
  const auto said = shop.order_edit(id, R"({"parcel_id":"p-1","name":"***","email":"a@b","weight":2})");
  ASSERT_TRUE(said.is<fault>());
  EXPECT_EQ(said.is<fault>()->problems.at(0).pointer, "/payload/name");
}

TEST(Edit, MakesANewVersionThatIsLinkedToTheOldOneAndReplaysIt) {
  ward_bench shop;
  const auto id = shop.died(1);
  const std::string payload = R"({"parcel_id":"p-1","name":"Ada","email":"a@b","weight":2})";
  shop.order_edit(id, payload);
  const auto sent = shop.bench.sent<delivery::replay_message>().at(0);
  EXPECT_EQ(sent.payload, payload);
  EXPECT_FALSE(sent.edited_id.empty());
  auto one = shop.shown(id);
  ASSERT_THAT(one.payloads, SizeIs(2));
  EXPECT_EQ(one.payloads[1].message_id, sent.edited_id);
  EXPECT_EQ(one.payloads[1].edit_of, 1);
  EXPECT_EQ(one.payloads[1].by, "kim");
  EXPECT_EQ(one.payloads[1].reason, "wrong weight");
  EXPECT_TRUE(one.payloads[0].is_current) << "until the service says so";
  shop.healed(id);
  one = shop.shown(id);
  EXPECT_TRUE(one.payloads[1].is_current);
  EXPECT_EQ(one.message.id, sent.edited_id);
  EXPECT_EQ(one.message.causation, "m-1");
}

TEST(Edit, ThatIsRefusedLeavesTheOldVersionInPlace) {
  ward_bench shop;
  const auto id = shop.died(1);
  shop.order_edit(id, R"({"parcel_id":"p-1","name":"Ada","email":"a@b","weight":2})");
  shop.refused(id);
  EXPECT_TRUE(shop.shown(id).payloads[0].is_current);
}

TEST(Edit, ThatDiesAgainIsTheMessageFromThenOn) {
  ward_bench shop;
  const auto id = shop.died(1);
  shop.order_edit(id, R"({"parcel_id":"p-1","name":"Ada","email":"a@b","weight":2})");
  auto death = shop.death_again(1, 1);
  death.message.id = shop.file(id).payloads.back().message_id;
  death.message.payload = R"({"parcel_id":"p-1","name":"Ada","email":"a@b","weight":2})";
  shop.run(hear_death, death);
  const auto one = shop.shown(id);
  EXPECT_THAT(one.payloads, SizeIs(2));
  EXPECT_TRUE(one.payloads[1].is_current);
  EXPECT_EQ(one.message.id, death.message.id);
}

TEST(Audit, SaysWhoDidWhatToWhichVersionAndWhy) {
  ward_bench shop;
  const auto id = shop.died(1);
  shop.order_replay(id);
  shop.died_again(id);
  shop.order_discard(id);
  const auto lines = audit_of(shop).entries;
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(lines[0].action, "discard");
  EXPECT_EQ(lines[0].reason, "a test parcel");
  EXPECT_EQ(lines[1].action, "replay");
  EXPECT_EQ(lines[1].by, "kim");
  EXPECT_EQ(lines[1].case_id, id);
  EXPECT_EQ(lines[1].version_before, 1U);
  EXPECT_EQ(lines[1].version_after, 2U);
}

TEST(Audit, HasNoLineOfWhatWasRefused) {
  ward_bench shop;
  const auto id = shop.died(1);
  shop.run(replay, replay_case{id, 7, "kim", {}});
  EXPECT_THAT(audit_of(shop).entries, IsEmpty());
}

TEST(Audit, IsReadByCaseByPersonAndPageByPage) {
  ward_bench shop;
  for (std::uint64_t seq = 1; seq <= 5; ++seq) shop.order_replay(shop.died(seq));
  shop.run(answer_revealed, reveal_case{"post.order.3", "lee", "the customer calls"});
  EXPECT_THAT(audit_of(shop, {.case_id = "post.order.3"}).entries, SizeIs(2));
  EXPECT_THAT(audit_of(shop, {.by = "lee"}).entries, SizeIs(1));
  EXPECT_THAT(audit_of(shop, {.action = "replay"}).entries, SizeIs(5));
  list_audit query;
  query.page_size = 4;
  const auto first = audit_of(shop, query);
  query.page_token = first.next_page_token;
  const auto second = audit_of(shop, query);
  EXPECT_THAT(first.entries, SizeIs(4));
  EXPECT_THAT(second.entries, SizeIs(2));
  EXPECT_EQ(second.entries.back().case_id, "post.order.1");
}

TEST(Audit, IsForgottenAfterItsTimeAFewLinesWithEachNewOne) {
  ward_bench shop{{.audit_kept_days = 1}};
  shop.order_replay(shop.died(1));
  shop.bench.clock.advance(std::chrono::hours{25});
  shop.order_replay(shop.died(2));
  ASSERT_THAT(audit_of(shop).entries, SizeIs(1));
  EXPECT_THAT(audit_of(shop, {.case_id = "post.order.1"}).entries, IsEmpty());
}

}  // namespace
}  // namespace musiccorp::hospital
