// The hospital beside real services on partitions, under simulated time: what it says arrives, what it orders
// happens.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "hospital/hospital_service.hpp"
#include "hospital/rehearsal_messages.hpp"
#include "support/little_world.hpp"
#include "ward_bench.hpp"

namespace musiccorp::hospital {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

/// Command to `sender`: this parcel, under that key.
struct send_parcel {
  std::string key{};
  std::string name{};
  std::int64_t weight = 0;

  static constexpr auto describe() {
    return describe_as("send_parcel", 1, musiccorp::describe::key("key", &send_parcel::key),
                       musiccorp::field("name", &send_parcel::name, pii),
                       musiccorp::field("weight", &send_parcel::weight));
  }
};
struct parcel_weighed {
  std::string parcel_id{};
  std::int64_t weight = 0;

  static constexpr auto describe() {
    return describe_as("parcel_weighed", 1, key("parcel_id", &parcel_weighed::parcel_id),
                       field("weight", &parcel_weighed::weight));
  }
};
/// All weights of one key, in the order in which the post has taken them.
struct weights {
  std::string key{};
  std::vector<std::int64_t> taken{};

  static constexpr auto describe() {
    return describe_as("weights", 1, musiccorp::describe::key("key", &weights::key),
                       musiccorp::field("taken", &weights::taken));
  }
};
struct show_weights {
  std::string key{};

  static constexpr auto describe() {
    return describe_as("show_weights", 1, musiccorp::describe::key("key", &show_weights::key));
  }
};

/// The post can't take parcels of these weights.
using heavy = std::set<std::int64_t>;

std::vector<service_definition> services(const heavy& too_heavy) {
  service_definition sender{"sender"};
  sender
      .on([](turn& now, const send_parcel& one) -> outcome {
        now.publish(parcel{one.key, one.name, one.name + "@example.org", one.weight});
        return done{};
      })
      .says<parcel>();
  service_definition post{"post"};
  post.on([&too_heavy](turn& now, const parcel& one) -> outcome {
        if (too_heavy.contains(one.weight))
          return fault{fault_kind::conflict, one.name + "'s parcel of " + std::to_string(one.weight) + " kg", {}, {}};
        auto all = now.find<weights>(one.parcel_id).value_or(weights{one.parcel_id, {}});
        all.taken.push_back(one.weight);
        now.save(all);
        now.publish(parcel_weighed{one.parcel_id, one.weight});
        return done{};
      })
      .on([](turn& now, const show_weights& query) -> outcome {
        return now.find<weights>(query.key).value_or(weights{query.key, {}});
      })
      .says<parcel_weighed>();
  message::catalogue types;
  types.add_all(sender.types()).add_all(post.types());
  return {std::move(sender), std::move(post), hospital_service(std::move(types))};
}

class HospitalWorld : public ::testing::Test {
 protected:
  void send(const std::string& key, std::int64_t weight) {
    world.ask("sender", send_parcel{key, "Ada", weight});
    world.pass(1s);
  }
  template <class Answer, class Question>
  Answer ask(const std::string& service, const Question& question) {
    const auto token = world.ask(service, question);
    world.settle();
    const auto reply = world.reply(token).value();
    const auto* got = std::get_if<request::answer>(&reply);
    if (!got) throw std::runtime_error{"no answer to " + std::string{describe::name_of<Question>()}};
    return describe::from_json<Answer>(got->payload).value();
  }
  std::vector<std::int64_t> taken(const std::string& key) { return ask<weights>("post", show_weights{key}).taken; }
  std::vector<case_summary> cases(case_filter filter = {}) {
    return ask<case_page>("hospital", list_cases{std::move(filter), 200, {}}).cases;
  }
  case_detail shown(const std::string& id) { return ask<case_detail>("hospital", show_case{id}); }
  batch_detail batch(const std::string& id) { return ask<batch_detail>("hospital", show_batch{id, 50, {}}); }
  void replay(const case_summary& one) {
    ask<case_summary>("hospital", replay_case{one.case_id, one.version, "kim", "mended"});
    world.pass(1s);
  }
  std::string start_batch_of(std::int64_t canary) {
    start_batch command;
    command.reason = "mended";
    command.rate_per_second = 1;
    command.canary = canary;
    return ask<batch_summary>("hospital", command).batch_id;
  }

  heavy too_heavy;
  testing::little_world world{services(too_heavy), 3};
};

TEST_F(HospitalWorld, HealsADeadLetterAndKeepsTheOrderOfItsKey) {
  too_heavy = {70};
  send("k", 70);
  send("k", 1);
  send("k", 2);
  send("other", 3);
  ASSERT_THAT(cases(), SizeIs(1));
  EXPECT_EQ(cases()[0].case_id, "post.sender.1");
  EXPECT_THAT(taken("k"), IsEmpty());
  EXPECT_THAT(taken("other"), ElementsAre(3));
  too_heavy.clear();
  replay(cases()[0]);
  EXPECT_EQ(cases()[0].state, case_state::healed);
  EXPECT_THAT(taken("k"), ElementsAre(70, 1, 2));
}

TEST_F(HospitalWorld, TellsWhenAReplayDiedAgain) {
  too_heavy = {70};
  send("k", 70);
  replay(cases()[0]);
  const auto one = shown("post.sender.1");
  EXPECT_EQ(one.state, case_state::open);
  EXPECT_EQ(one.replay, 1);
  EXPECT_EQ(one.attempts, 2U);
  EXPECT_THAT(one.attempt_records, SizeIs(2));
}

TEST_F(HospitalWorld, EditsAndReplays) {
  too_heavy = {70};
  send("k", 70);
  const auto before = shown("post.sender.1");
  ask<case_summary>("hospital", edit_case{before.case_id,
                                          before.version,
                                          "kim",
                                          "a typing error",
                                          {R"({"parcel_id":"k","name":"Ada","email":"a@b","weight":7})"}});
  world.pass(1s);
  const auto after = shown(before.case_id);
  EXPECT_EQ(after.state, case_state::healed);
  EXPECT_TRUE(after.payloads.at(1).is_current);
  EXPECT_THAT(taken("k"), ElementsAre(7));
}

TEST_F(HospitalWorld, AnEditThatDiesAgainIsKnownByItsNewId) {
  too_heavy = {70, 71};
  send("k", 70);
  const auto before = shown("post.sender.1");
  ask<case_summary>("hospital", edit_case{before.case_id,
                                          before.version,
                                          "kim",
                                          "a try",
                                          {R"({"parcel_id":"k","name":"Ada","email":"a@b","weight":71})"}});
  world.pass(1s);
  const auto after = shown(before.case_id);
  ASSERT_THAT(after.payloads, SizeIs(2));
  EXPECT_EQ(after.message.id, after.payloads[1].message_id);
  EXPECT_EQ(after.message.causation, before.message.id);
}

TEST_F(HospitalWorld, BuriesWithFollowersOrWithout) {
  too_heavy = {70, 71};
  send("k", 70);
  send("k", 1);
  send("j", 71);
  send("j", 2);
  for (const auto& one : cases()) {
    ask<case_summary>("hospital", discard_case{one.case_id, one.version, "kim", "spam", one.key == "k"});
    world.pass(1s);
  }
  EXPECT_THAT(cases({.state = case_state::discarded}), SizeIs(2));
  EXPECT_THAT(taken("k"), IsEmpty());
  EXPECT_THAT(taken("j"), ElementsAre(2));
}

TEST_F(HospitalWorld, BuriesAHeldOneAfterItsTimeAlsoOverARestart) {
  too_heavy = {70};
  send("k", 70);
  send("k", 1);
  const auto one = cases()[0];
  ask<case_summary>("hospital", discard_case{one.case_id, one.version, "kim", "spam", false, 10});
  world.pass(5s);
  world.restart("hospital");
  world.pass(4s);
  EXPECT_EQ(cases()[0].state, case_state::discarding);
  EXPECT_THAT(taken("k"), IsEmpty());
  world.pass(2s);
  EXPECT_EQ(cases()[0].state, case_state::discarded);
  EXPECT_THAT(taken("k"), ElementsAre(1));
}

TEST_F(HospitalWorld, BuriesInTimeAlsoAfterALongerHoldWasTakenBack) {
  too_heavy = {70};
  send("k", 70);
  send("k", 1);
  const auto one = cases()[0];
  const auto held = ask<case_summary>("hospital", discard_case{one.case_id, one.version, "kim", "spam", false, 600});
  world.pass(1s);
  const auto kept = ask<case_summary>("hospital", keep_case{one.case_id, held.version, "kim", "no spam"});
  ask<case_summary>("hospital", discard_case{one.case_id, kept.version, "kim", "spam after all", false, 10});
  world.pass(9s);
  EXPECT_EQ(cases()[0].state, case_state::discarding);
  world.pass(2s);
  EXPECT_EQ(cases()[0].state, case_state::discarded);
  EXPECT_THAT(taken("k"), ElementsAre(1));
}

TEST_F(HospitalWorld, LetsGoOnWhatWasKept) {
  too_heavy = {70};
  send("k", 70);
  send("k", 1);
  const auto one = cases()[0];
  const auto held = ask<case_summary>("hospital", discard_case{one.case_id, one.version, "kim", "spam", true, 10});
  world.pass(5s);
  ask<case_summary>("hospital", keep_case{one.case_id, held.version, "kim", "no spam"});
  world.pass(1min);
  too_heavy.clear();
  replay(cases()[0]);
  EXPECT_THAT(taken("k"), ElementsAre(70, 1));
}

TEST_F(HospitalWorld, ShowsWhatIsParkedBehindACaseNow) {
  too_heavy = {70};
  send("k", 70);
  ASSERT_EQ(shown("post.sender.1").parked, 0U);
  ASSERT_TRUE(shown("post.sender.1").followers);
  EXPECT_EQ(shown("post.sender.1").followers->count, 0U);
  send("k", 1);
  send("k", 2);
  const auto behind = shown("post.sender.1").followers;
  ASSERT_TRUE(behind);
  EXPECT_EQ(behind->count, 2U);
  ASSERT_THAT(behind->first, SizeIs(2));
  EXPECT_EQ(behind->first[0].type, "parcel");
  EXPECT_EQ(behind->first[0].seq, 2U);
  const auto revealed = ask<case_detail>("hospital", reveal_case{"post.sender.1", "kim", "the customer calls"});
  EXPECT_EQ(revealed.followers->count, 2U);
  too_heavy.clear();
  replay(cases()[0]);
  EXPECT_EQ(shown("post.sender.1").followers->count, 0U);
}

TEST_F(HospitalWorld, ShowsACaseWhoseServiceIsSilentAndThatItDoesNotKnowItsFollowers) {
  too_heavy = {70};
  send("k", 70);
  send("k", 1);
  world.cut("hospital", "post");
  const auto token = world.ask("hospital", show_case{"post.sender.1"});
  world.pass(1100ms);
  const auto reply = world.reply(token);
  ASSERT_TRUE(reply) << "it waits no longer than a second";
  const auto detail = describe::from_json<case_detail>(std::get<request::answer>(*reply).payload).value();
  EXPECT_EQ(detail.state, case_state::open);
  EXPECT_FALSE(detail.followers);
}

TEST_F(HospitalWorld, RehearsesAndKeepsNothingOfIt) {
  too_heavy = {70};
  send("k", 70);
  send("k", 1);
  const auto again = ask<rehearsal_view>("hospital", show_rehearsal{"post.sender.1"});
  EXPECT_EQ(again.outcome, "conflict");
  EXPECT_THAT(again.text, Not(HasSubstr("Ada")));
  EXPECT_THAT(again.followers, SizeIs(1));
  rehearse_case query{"post.sender.1", {}, false, "kim", {}};
  query.payload = describe::raw_json{R"({"parcel_id":"k","name":"Bob","email":"b@b","weight":7})"};
  const auto mended = ask<rehearsal_view>("hospital", query);
  EXPECT_EQ(mended.outcome, "done");
  ASSERT_THAT(mended.writes, SizeIs(1));
  EXPECT_EQ(mended.writes[0].type, "weights");
  ASSERT_THAT(mended.messages, SizeIs(1));
  EXPECT_EQ(mended.messages[0].type, "parcel_weighed");
  EXPECT_EQ(mended.messages[0].payload->text, R"({"parcel_id":"k","weight":7})");
  EXPECT_THAT(taken("k"), IsEmpty());
  EXPECT_EQ(cases()[0].version, 1U);
}

TEST_F(HospitalWorld, HasNoRehearsalOfWhatIsNoCase) {
  for (const auto* id : {"post.sender.1", "nonsense", "..", "a.b.c"}) {
    const auto token = world.ask("hospital", show_rehearsal{id});
    world.pass(10s);
    EXPECT_FALSE(std::holds_alternative<request::answer>(world.reply(token).value())) << id;
  }
}

TEST_F(HospitalWorld, MissesNothingWhileItIsAway) {
  too_heavy = {70};
  world.cut("post", "hospital");
  send("a", 70);
  send("b", 70);
  EXPECT_THAT(cases(), IsEmpty());
  world.mend("post", "hospital");
  world.pass(1s);
  EXPECT_THAT(cases(), SizeIs(2));
}

TEST_F(HospitalWorld, BatchWithACanaryStopsWhenTheCanaryDies) {
  too_heavy = {70};
  for (const auto* key : {"a", "b", "c", "d", "e"}) send(key, 70);
  const auto id = start_batch_of(2);
  world.pass(1min);
  const auto seen = batch(id);
  EXPECT_EQ(seen.state, batch_state::stopped);
  EXPECT_GE(seen.died_again, 1);
  EXPECT_GE(seen.waiting, 3);
}

TEST_F(HospitalWorld, BatchOutlivesRestartsAndHealsEverything) {
  too_heavy = {70};
  for (const auto* key : {"a", "b", "c", "d", "e", "f"}) send(key, 70);
  too_heavy.clear();
  const auto started = world.clock.now();
  const auto id = start_batch_of(2);
  for (int i = 0; i < 12; ++i) {
    world.restart("hospital");
    world.pass(700ms);
  }
  const auto seen = batch(id);
  EXPECT_EQ(seen.state, batch_state::finished);
  EXPECT_EQ(seen.healed, 6);
  EXPECT_GE(seen.ended_at - started, 5s) << "one a second";
  EXPECT_THAT(cases({.state = case_state::healed}), SizeIs(6));
}

TEST(HospitalService, DoesNotListenToItsOwnDeadLetters) {
  const heavy none;
  const auto all = services(none);
  const auto wires = service::wire(all);
  EXPECT_THAT(service::check(all), IsEmpty());
  for (const auto& stream : wires.at("hospital").upstreams) {
    const auto hears_deaths = std::ranges::find(stream.types, "message.died") != stream.types.end();
    EXPECT_EQ(hears_deaths, stream.service != "hospital") << stream.service;
  }
}

}  // namespace
}  // namespace musiccorp::hospital
