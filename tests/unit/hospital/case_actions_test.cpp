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

outcome held_discard(ward_bench& shop, const std::string& id, bool with_followers = false) {
  return shop.run(discard, discard_case{id, shop.file(id).version, "kim", "a slip", with_followers, 10});
}

TEST(HeldDiscard, IsSentWhenItsTimeIsOver) {
  ward_bench shop;
  const auto id = shop.died(1);
  EXPECT_TRUE(held_discard(shop, id, true).is<service::answer>());
  EXPECT_EQ(shop.file(id).state, case_state::discarding);
  EXPECT_THAT(shop.bench.sent<delivery::discard_message>(), IsEmpty());
  const auto later = shop.bench.sent<bury_case>().at(0);
  EXPECT_EQ(shop.shown(id).held_until, shop.file(id).held_until);
  const auto early = shop.run(bury, later);
  ASSERT_TRUE(early.is<not_yet>());
  EXPECT_GT(early.is<not_yet>()->wait, std::chrono::seconds{9});
  EXPECT_GT(early.is<not_yet>()->deadline, std::chrono::seconds{10});
  shop.bench.clock.advance(std::chrono::seconds{10});
  shop.run(bury, later);
  const auto sent = shop.bench.sent<delivery::discard_message>();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0].case_id, id);
  EXPECT_TRUE(sent[0].with_followers);
  shop.run(bury, later);
  EXPECT_THAT(shop.bench.sent<delivery::discard_message>(), IsEmpty()) << "once";
  shop.discarded(id);
  EXPECT_EQ(shop.file(id).state, case_state::discarded);
}

TEST(HeldDiscard, CanBeTakenBackUntilThen) {
  ward_bench shop;
  const auto id = shop.died(1);
  held_discard(shop, id);
  const auto later = shop.bench.sent<bury_case>().at(0);
  const auto kept = shop.run(keep, keep_case{id, shop.file(id).version, "lee", "it is wanted"}).as<case_summary>();
  EXPECT_EQ(kept.state, case_state::open);
  shop.bench.clock.advance(std::chrono::seconds{10});
  EXPECT_TRUE(shop.run(bury, later).is<done>());
  EXPECT_THAT(shop.bench.sent<delivery::discard_message>(), IsEmpty());
  EXPECT_EQ(shop.file(id).state, case_state::open);
  const auto trail = audit_of(shop).entries;
  ASSERT_THAT(trail, SizeIs(2));
  EXPECT_EQ(trail[0].action, "keep");
  EXPECT_EQ(trail[0].by, "lee");
  EXPECT_EQ(trail[0].reason, "it is wanted");
  EXPECT_EQ(shop.file(id).notes.back().what, "keep");
}

TEST(HeldDiscard, OfBeforeIsNotTakenForTheOneThatFollowedIt) {
  ward_bench shop;
  const auto id = shop.died(1);
  held_discard(shop, id);
  const auto first = shop.bench.sent<bury_case>().at(0);
  shop.run(keep, keep_case{id, shop.file(id).version, "kim", {}});
  shop.bench.clock.advance(std::chrono::seconds{5});
  held_discard(shop, id);
  shop.bench.clock.advance(std::chrono::seconds{6});
  EXPECT_TRUE(shop.run(bury, first).is<done>());
  EXPECT_EQ(shop.file(id).state, case_state::discarding);
  EXPECT_TRUE(shop.file(id).held_until);
}

TEST(HeldDiscard, CannotBeTakenBackOnceTheServiceWasTold) {
  ward_bench shop;
  const auto id = shop.died(1), other = shop.died(2);
  shop.order_discard(id);
  const auto late = shop.run(keep, keep_case{id, shop.file(id).version, "kim", {}});
  EXPECT_EQ(status_of(late), 409);
  EXPECT_THAT(late.is<base::rejected>()->text, HasSubstr("post was told to bury it"));
  EXPECT_EQ(status_of(shop.run(keep, keep_case{other, shop.file(other).version, "kim", {}})), 409) << "it is open";
  held_discard(shop, other);
  EXPECT_EQ(status_of(shop.run(keep, keep_case{other, shop.file(other).version, " ", {}})), 422) << "nobody";
}

TEST(HeldDiscard, IsForgottenWhenTheMessageTurnsOutToBeHealed) {
  ward_bench shop;
  const auto id = shop.died(1);
  held_discard(shop, id);
  const auto later = shop.bench.sent<bury_case>().at(0);
  shop.run(hear_healing, delivery::message_healed{id, 5, {}, shop.bench.clock.now()});
  EXPECT_FALSE(shop.file(id).held_until);
  shop.bench.clock.advance(std::chrono::seconds{10});
  EXPECT_TRUE(shop.run(bury, later).is<done>());
  EXPECT_THAT(shop.bench.sent<delivery::discard_message>(), IsEmpty());
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
  shop.run(answer_revealed, reveal_case{"post.order.3", "lee", "the customer calls"}, shop.behind);
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
