#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "service/partition.hpp"
#include "storage/memory_store.hpp"
#include "support/little_world.hpp"
#include "unit/service/toy_services.hpp"

/// One partition alone, and others who do not behave.
namespace musiccorp::service {
namespace {

using namespace toys;
using namespace std::chrono_literals;

template <describe::described M>
envelope message_of(const M& what, std::uint64_t seq = 0) {
  envelope made;
  made.id = "message-" + std::to_string(seq);
  made.type = describe::name_of<M>();
  made.key = describe::key_of(what);
  made.seq = seq;
  made.payload = describe::to_json(what);
  return made;
}

/// A partition of one service whose neighbours are played by the test.
class lone_partition {
 public:
  explicit lone_partition(service_definition definition, wiring wires = {})
      : definition_{std::move(definition)}, wires_{std::move(wires)} {
    restart();
  }

  void restart(wiring wires) {
    wires_ = std::move(wires);
    restart();
  }
  void restart() {
    core_.reset();
    core_ = std::make_unique<partition>(definition_, wires_, partition_limits{.retry = {3, 10ms, 20ms}},
                                        partition_environment{*stores, clock, 1, ledgers});
    EXPECT_TRUE(core_->open(out));
  }
  void ask(std::uint64_t token, envelope message) {
    core_->request(token, std::move(message), clock.now() + 5s, out);
  }
  void run() {
    while (core_->has_work()) core_->run(out);
  }
  template <class T>
  T reply(std::uint64_t token) {
    for (const auto& one : out.replies)
      if (one.token == token) return std::get<T>(request::read_reply(one.message));
    throw std::runtime_error{"request " + std::to_string(token) + " was not answered"};
  }
  /// The seq of each acknowledgement so far.
  std::vector<std::uint64_t> acks() {
    std::vector<std::uint64_t> found;
    for (const auto& one : out.frames)
      if (const auto* ack = std::get_if<delivery::ack>(&one.what)) found.push_back(ack->upto);
    return found;
  }
  partition& operator*() { return *core_; }
  partition* operator->() { return core_.get(); }

  std::unique_ptr<storage::store_factory> stores = storage::memory_stores();
  base::manual_clock clock;
  ledger_board ledgers;
  outgoing out;

 private:
  service_definition definition_;
  wiring wires_;
  std::unique_ptr<partition> core_;
};

struct visit {
  std::string id;
  std::string name;
  static constexpr auto describe() {
    return describe_as("visit", 1, musiccorp::key("id", &visit::id), field("name", &visit::name, pii));
  }
};
struct called {
  std::string id;
  std::string name;
  static constexpr auto describe() {
    return describe_as("called", 1, musiccorp::key("id", &called::id), field("name", &called::name, pii));
  }
};

class PartitionTrouble : public ::testing::Test {
 protected:
  service_definition toy(const std::string& name) {
    for (auto& one : services(trouble_))
      if (one.name() == name) return one;
    throw std::runtime_error{"there is no toy " + name};
  }
  static wiring listens_to(const std::string& upstream, std::vector<std::string> types) {
    return {{{upstream, std::move(types)}}, {}};
  }
  lone_partition book() { return lone_partition{toy("book"), listens_to("till", {"sold"})}; }

  mischief trouble_;
};

TEST_F(PartitionTrouble, AReplyToAQuestionFromBeforeTheStoreFailedAnswersNothing) {
  lone_partition till{toy("till"), wiring{{}, {{"stamper", {"stamp"}}}}};
  till.ask(1, message_of(buy{"1", "disc"}));
  const auto before = till.out.questions.at(0).id;
  till->close({fault_kind::storage, "the disk is away", {}, {}}, till.out);
  ASSERT_TRUE(till->open(till.out));
  till.ask(2, message_of(buy{"2", "gramophone"}));
  const auto now = till.out.questions.at(1).id;
  EXPECT_NE(before, now);
  till->replied(before, request::to_envelope(request::answer{"price", 1, "disc", R"({"item":"disc","amount":4})"}));
  till->replied(
      now, request::to_envelope(request::answer{"price", 1, "gramophone", R"({"item":"gramophone","amount":10})"}));
  till.run();
  EXPECT_THAT(till.reply<request::answer>(2).payload, ::testing::HasSubstr(R"("amount":10)"));
}

TEST_F(PartitionTrouble, ARequestWhoseQuestionCannotBeMadeIsAnswered) {
  service_definition till{"till"};
  till.on([](turn&, const buy&, const price&) -> outcome { return done{}; },
          ask("price", [](const buy&) -> price_of { throw std::runtime_error{"which item?"}; }));
  lone_partition one{till};
  EXPECT_NO_THROW(one.ask(1, message_of(buy{"1", "disc"})));
  EXPECT_EQ(one.reply<fault>(1).kind, fault_kind::crash);
}

TEST_F(PartitionTrouble, WhatSupervisorsHearOfACrashHoldsNothingPersonal) {
  service_definition door{"door"};
  door.on([](turn&, const visit& one) -> outcome { throw std::runtime_error{"no house of " + one.name}; })
      .on([](turn&, const called& one) -> outcome { throw std::runtime_error{one.name + " is not here"}; });
  lone_partition one{door, listens_to("till", {"called"})};
  one.ask(1, message_of(visit{"1", "Ada Lovelace"}));
  one->received({"till", 0, 1, {message_of(called{"2", "Grace Hopper"}, 1)}}, one.out);
  one.run();
  ASSERT_EQ(one.out.crashes.size(), 2U);
  EXPECT_EQ(one.out.crashes[0].text, "no house of ***");
  EXPECT_EQ(one.out.crashes[1].text, "*** is not here");
  EXPECT_EQ(one->waiting_rows().value().front().error, "Grace Hopper is not here") << "people may reveal the case";
}

TEST_F(PartitionTrouble, AFrameThatBringsNothingNewIsAcknowledgedAgain) {
  auto one = book();
  const delivery::batch frame{"till", 0, 3, {message_of(sold{"1", "disc", 4}, 2)}};
  one->received(frame, one.out);
  one.run();
  ASSERT_THAT(one.acks(), ::testing::ElementsAre(3));
  one->received(frame, one.out);
  EXPECT_THAT(one.acks(), ::testing::ElementsAre(3, 3)) << "or the publisher's window stays full for ever";
  EXPECT_FALSE(one->has_work());
}

TEST_F(PartitionTrouble, AFrameWhoseMessagesAreAllKnownIsAcknowledgedAgain) {
  auto one = book();
  one->received({"till", 0, 3, {message_of(sold{"1", "disc", 4}, 2)}}, one.out);
  one.run();
  one->received({"till", 0, 9, {message_of(sold{"1", "disc", 4}, 2)}}, one.out);
  EXPECT_THAT(one.acks(), ::testing::ElementsAre(3, 3));
}

TEST_F(PartitionTrouble, WhatWaitsFromAnUpstreamThatIsGoneIsKeptAndDisturbsNobody) {
  trouble_.busy["disc"] = 1;
  auto one = book();
  one->received({"till", 0, 1, {message_of(sold{"1", "disc", 4}, 1)}}, one.out);
  one.run();
  ASSERT_EQ(one->waiting().size(), 1U);

  one.restart(wiring{});
  one.clock.advance(1s);
  one.ask(1, message_of(show_total{"all"}));
  EXPECT_NO_THROW(one.run());
  EXPECT_EQ(one.reply<request::answer>(1).type, "total");

  one.restart(listens_to("till", {"sold"}));
  one.run();
  EXPECT_EQ(one->waiting().size(), 0U);
  one.ask(2, message_of(show_total{"all"}));
  one.run();
  EXPECT_THAT(one.reply<request::answer>(2).payload, ::testing::HasSubstr(R"("sales":1)"));
}

TEST_F(PartitionTrouble, AnUnreadableEntityStopsOnlyWhoNeedsIt) {
  auto one = book();
  one->close({fault_kind::unavailable, "for a moment", {}, {}}, one.out);
  {
    auto store = one.stores->open("book").value();
    ASSERT_TRUE(store->begin());
    ASSERT_TRUE(store->save("total", "all", R"({"id":"all","amount":"many"})"));
    ASSERT_TRUE(store->commit());
  }
  ASSERT_TRUE(one->open(one.out));
  one->received({"till", 0, 1, {message_of(sold{"1", "disc", 4}, 1)}}, one.out);
  one.ask(1, message_of(show_total{"all"}));
  one.ask(2, message_of(show_total{"other"}));
  one.run();
  ASSERT_TRUE(one->is_open());
  EXPECT_EQ(one.reply<fault>(1).kind, fault_kind::corrupt);
  EXPECT_EQ(one.reply<request::answer>(2).type, "total");
  ASSERT_EQ(one->waiting().size(), 1U);
  EXPECT_EQ(one->waiting_rows().value().front().reason, "corrupt");
  EXPECT_EQ(one->waiting_rows().value().front().state, storage::waiting_state::dead);
}

TEST_F(PartitionTrouble, AnAnswerThatNobodyWouldHearIsADeadLetter) {
  service_definition stamper{"stamper"};
  stamper.on([](turn&, const stamp& command) -> outcome { return stamped{command.id}; });  // Forgot says<stamped>().
  lone_partition one{stamper, listens_to("till", {"stamp"})};
  auto command = message_of(stamp{"1"}, 1);
  command.reply_to = "till";
  one->received({"till", 0, 1, {command}}, one.out);
  one.run();
  ASSERT_EQ(one->waiting().size(), 1U);
  EXPECT_EQ(one->waiting_rows().value().front().state, storage::waiting_state::dead);
  EXPECT_THAT(one->waiting_rows().value().front().error, ::testing::HasSubstr("says<>()"));
}

TEST_F(PartitionTrouble, ANoThatNobodyWouldHearIsADeadLetter) {
  service_definition clerk{"clerk"};
  clerk.on([](turn&, const stamp&) -> outcome { return rejected{"no ink"}; }).says<stamped>();
  lone_partition one{clerk, listens_to("till", {})};
  auto asked = message_of(stamp{"1"}, 1);
  asked.to = "clerk";
  asked.reply_to = "till";
  one->received({"till", 0, 1, {asked}}, one.out);
  one.run();
  const auto row = one->waiting_rows().value().at(0);
  EXPECT_EQ(row.state, storage::waiting_state::dead);
  EXPECT_THAT(row.error, ::testing::HasSubstr("no ink"));
}

TEST_F(PartitionTrouble, AMessageThatTheSubscriberNeverGotIsMissingInTheBooks) {
  service_definition press{"press"};
  press
      .on([](turn& now, const buy& command) -> outcome {
        now.publish(sold{command.id, command.item, 1});
        return done{};
      })
      .says<sold>();
  lone_partition one{press, wiring{{}, {{"reader", {"sold"}}}}};
  const auto books = [&] { return one.ledgers.of("press:reader").read(); };
  one->subscribed({"reader", {"sold"}, 0, 100, 1'000'000, 0});
  for (std::uint64_t i = 1; i <= 3; ++i) one.ask(i, message_of(buy{std::to_string(i), "disc"}));
  one.run();
  one->acknowledged({"reader", 2, 2});
  EXPECT_EQ(books().ready, 1U);
  EXPECT_EQ(books().imbalance(), 0) << "the third may still be on its way";
  one->acknowledged({"reader", 3, 2});
  EXPECT_EQ(books().ready, 0U);
  EXPECT_EQ(books().imbalance(), 1) << "its cursor is past a message that it never counted";
  one.ask(4, message_of(buy{"4", "disc"}));
  one.run();
  EXPECT_EQ(books().ready, 1U);
  EXPECT_EQ(books().imbalance(), 1) << "while others are on their way too";
}

TEST_F(PartitionTrouble, KeepsTheOrderOfAKeyWhileItsHeadWaits) {
  std::vector<std::int64_t> seen;
  int busy = 2;
  service_definition listener{"listener"};
  listener.on([&](turn&, const sold& event) -> outcome {
    if (event.amount == 1 && busy-- > 0) return fault{fault_kind::busy, "come back", {}, {}};
    seen.push_back(event.amount);
    return done{};
  });
  lone_partition one{listener, listens_to("till", {"sold"})};
  for (std::uint64_t seq = 1; seq <= 6; ++seq) {
    one->received({"till",
                   seq - 1,
                   seq,
                   {message_of(sold{seq == 5 ? "other" : "same", "disc", static_cast<std::int64_t>(seq)}, seq)}},
                  one.out);
    one.run();
    if (seq == 3) one.restart();
  }
  EXPECT_THAT(seen, ::testing::ElementsAre(5));
  for (int i = 0; i < 100; ++i) {
    one.clock.advance(1ms);
    one.run();
  }
  EXPECT_THAT(seen, ::testing::ElementsAre(5, 1, 2, 3, 4, 6));
}

TEST_F(PartitionTrouble, WorksWithTheSmallestLimits) {
  partition_limits smallest{.retry = {1, 1us, 1us}};
  smallest.batch_messages = 1;
  smallest.batch_time = duration{0};
  smallest.window_messages = 1;
  smallest.window_bytes = 1;
  smallest.outbox = {1, 1, 1, 1, 1};
  int heard = 0;
  service_definition talker{"talker"};
  talker
      .on([](turn& now, const buy& command) -> outcome {
        for (int i = 0; i < 5; ++i) now.publish(sold{command.id, std::string(10'000, 'x'), i});
        return done{};
      })
      .says<sold>();
  service_definition listener{"listener"};
  listener.on([&](turn&, const sold& event) -> outcome {
    EXPECT_EQ(event.amount, heard % 5);
    ++heard;
    return done{};
  });
  testing::little_world world{{talker, listener}, 3, smallest};
  for (int i = 0; i < 4; ++i) world.ask("talker", buy{std::to_string(i), "disc"});
  world.settle();
  EXPECT_EQ(heard, 20);
  EXPECT_EQ(world.books("talker:listener").processed, 20U);
}

}  // namespace
}  // namespace musiccorp::service
