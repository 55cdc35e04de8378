#include "service/partition.hpp"

#include <gtest/gtest.h>

#include "support/little_world.hpp"
#include "unit/service/toy_services.hpp"

namespace musiccorp {
namespace {

using namespace toys;
using namespace std::chrono_literals;

class Partition : public ::testing::Test {
 protected:
  template <class T>
  T answer(std::uint64_t token) {
    const auto said = world.reply(token);
    EXPECT_TRUE(said.has_value());
    return describe::from_json<T>(std::get<request::answer>(said.value()).payload).value();
  }
  template <class T>
  T got(std::uint64_t token) {
    return std::get<T>(world.reply(token).value());
  }

  std::uint64_t sell(const std::string& id, const std::string& item, std::string idempotency = {}) {
    const auto token = world.ask("till", buy{id, item}, std::move(idempotency));
    world.settle();
    return token;
  }
  total booked() {
    const auto token = world.ask("book", show_total{"all"});
    world.settle();
    return answer<total>(token);
  }
  void expect_balanced(const std::string& queue) {
    const auto books = world.books(queue);
    EXPECT_EQ(books.published,
              books.processed + books.dead + books.discarded + books.retrying + books.parked + books.ready)
        << queue;
  }

  mischief trouble;
  testing::little_world world{services(trouble), 7, {.retry = {3, 10ms, 100ms}}};
};

TEST_F(Partition, CarriesASaleThroughAllServices) {
  EXPECT_EQ(answer<sale>(sell("1", "disc")).amount, 4);
  EXPECT_EQ(booked().amount, 4);
  const auto shown = world.ask("till", show_sale{"1"});
  world.settle();
  EXPECT_EQ(answer<sale>(shown).note, "stamped");
  expect_balanced("till:book");
  expect_balanced("till:stamper");
  expect_balanced("stamper:till");
}

TEST_F(Partition, AnswersWithTheNoOfWhomItAsked) {
  const auto no = got<rejected>(sell("1", "unknown"));
  EXPECT_EQ(no.pointer, "/item");
  EXPECT_EQ(booked().sales, 0);
}

TEST_F(Partition, AnswersTroubleOfWhomItAskedAsTrouble) {
  EXPECT_EQ(got<fault>(sell("1", "silent")).kind, fault_kind::unavailable);
}

TEST_F(Partition, WeighsTheAnswersThatItHoldsForRequests) {
  const auto bought = world.ask("till", buy{"1", "disc"});
  const auto found = describe::to_json(price{"disc", 4});
  world.at("till").replied(1, request::to_envelope(request::answer{"price", 1, "disc", found}));
  EXPECT_EQ(world.at("till").answer_bytes(), found.size());
  world.settle();
  EXPECT_EQ(answer<sale>(bought).amount, 4);
  EXPECT_EQ(world.at("till").answer_bytes(), 0U);
}

TEST_F(Partition, ACrashingCommandChangesNothingAndIsAnswered) {
  EXPECT_EQ(got<fault>(sell("1", "crash")).kind, fault_kind::crash);
  EXPECT_EQ(booked().sales, 0);
  EXPECT_EQ(answer<sale>(sell("2", "disc")).amount, 4);
}

TEST_F(Partition, ARepeatedIdempotencyKeyGivesTheSameAnswerOnce) {
  const auto first = answer<sale>(sell("1", "disc", "key"));
  EXPECT_EQ(answer<sale>(sell("1", "disc", "key")).id, first.id);
  EXPECT_EQ(booked().sales, 1);
  EXPECT_EQ(status_of(got<rejected>(sell("2", "disc", "key"))), 422);
  world.restart("till");
  EXPECT_EQ(answer<sale>(sell("1", "disc", "key")).id, first.id);
  EXPECT_EQ(booked().sales, 1);
}

TEST_F(Partition, ARepeatedKeyWhileTheFirstIsUnderWayCountsOnce) {
  const auto one = world.ask("till", buy{"1", "disc"}, "key");
  const auto two = world.ask("till", buy{"1", "disc"}, "key");
  world.settle();
  EXPECT_EQ(answer<sale>(one).id, "1");
  EXPECT_EQ(answer<sale>(two).id, "1");
  EXPECT_EQ(booked().sales, 1);
}

TEST_F(Partition, ANoIsRememberedForItsKeyToo) {
  EXPECT_EQ(got<rejected>(sell("1", "unknown", "key")).pointer, "/item");
  world.restart("till");
  EXPECT_EQ(got<rejected>(sell("1", "unknown", "key")).pointer, "/item");
}

TEST_F(Partition, RetriesACrashAndBooksItsEffectOnce) {
  trouble.crashes["disc"] = 2;
  sell("1", "disc");
  EXPECT_EQ(booked().sales, 0);
  EXPECT_EQ(world.books("till:book").retrying, 1U);
  world.pass(1s);
  EXPECT_EQ(booked().sales, 1);
  EXPECT_EQ(world.books("till:book").retrying, 0U);
  expect_balanced("till:book");
}

TEST_F(Partition, BuriesAPoisonMessageAfterItsLastAttemptAndGoesOn) {
  trouble.crashes["poison"] = 99;
  sell("1", "poison");
  sell("2", "disc");
  world.pass(1min);
  EXPECT_EQ(booked().sales, 1);
  ASSERT_EQ(world.at("book").waiting().size(), 1U);
  const auto dead = world.at("book").waiting_rows().value().front();
  EXPECT_EQ(dead.state, storage::waiting_state::dead);
  EXPECT_EQ(dead.attempts, 3);
  EXPECT_EQ(dead.reason, "crash");
  EXPECT_EQ(dead.error, "poison");
  EXPECT_EQ(dead.message.type, "sold");
  EXPECT_EQ(world.books("till:book").dead, 1U);
  expect_balanced("till:book");
}

TEST_F(Partition, RemembersAttemptsAndTheDeadOverARestart) {
  trouble.crashes["poison"] = 99;
  sell("1", "poison");
  world.restart("book");
  world.pass(1min);
  EXPECT_EQ(world.at("book").waiting_rows().value().front().attempts, 3);
  EXPECT_EQ(99 - trouble.crashes["poison"], 3);
  world.restart("book");
  EXPECT_EQ(world.books("till:book").dead, 1U);
}

TEST_F(Partition, RetriesTransientTroubleAndDoesNotChargeNotYet) {
  trouble.busy["disc"] = 1;
  trouble.later["disc"] = 5;
  sell("1", "disc");
  world.pass(10s);
  EXPECT_EQ(booked().sales, 1);
  expect_balanced("till:book");
}

TEST_F(Partition, NotYetForTooLongIsADeadLetter) {
  trouble.later["disc"] = 1'000'000;
  sell("1", "disc");
  world.pass(2h);
  ASSERT_EQ(world.at("book").waiting().size(), 1U);
  EXPECT_EQ(world.at("book").waiting_rows().value().front().reason, "expired");
}

TEST_F(Partition, AServiceThatIsAwayGetsEverythingLater) {
  service::outgoing nothing;
  world.at("book").close({fault_kind::storage, "away", {}, {}}, nothing);
  for (int i = 0; i < 50; ++i) sell(std::to_string(i), "disc");
  EXPECT_EQ(world.books("till:book").ready, 50U);
  world.restart("book");
  world.settle();
  EXPECT_EQ(booked().sales, 50);
  expect_balanced("till:book");
}

TEST_F(Partition, ForgetsOldMessagesOnlyWhenEverySubscriberHasThem) {
  service::outgoing nothing;
  sell("1", "disc");
  world.at("book").close({fault_kind::storage, "away", {}, {}}, nothing);
  sell("2", "disc");
  const auto log_of_till = [&] {
    service::outgoing out;
    world.at("till").close({fault_kind::storage, "to look into its store", {}, {}}, out);
    const auto kept = world.stores->open("till").value()->read_log(0, {}).value();
    world.restart("till");
    world.settle();
    return kept;
  };
  world.clock.advance(48h);
  sell("3", "disc");  // The turn that trims.
  auto kept = log_of_till();
  ASSERT_FALSE(kept.empty());
  EXPECT_EQ(describe::from_json<sold>(kept.front().payload)->id, "2");
  world.restart("book");
  world.settle();
  world.clock.advance(48h);
  sell("4", "disc");
  kept = log_of_till();
  ASSERT_FALSE(kept.empty());
  EXPECT_EQ(describe::from_json<stamp>(kept.front().payload)->id, "4");
  EXPECT_EQ(booked().sales, 4);
}

TEST_F(Partition, RefusesWhatItDoesNotAnswer) {
  const auto token = world.ask("book", buy{"1", "disc"});
  world.settle();
  EXPECT_EQ(got<fault>(token).kind, fault_kind::schema);
}

TEST_F(Partition, EveryRequestIsAnsweredWhenItsPartitionCloses) {
  const auto token = world.ask("till", buy{"1", "disc"});
  service::outgoing out;
  world.at("till").close({fault_kind::storage, "disk full", {}, {}}, out);
  ASSERT_EQ(out.replies.size(), 1U);
  EXPECT_EQ(out.replies.at(0).token, token);
  EXPECT_EQ(std::get<fault>(request::read_reply(out.replies.at(0).message)).kind, fault_kind::storage);
}

/// Crashes at random moments, in every order of arrival that the seed gives: each sale is booked and stamped exactly
/// once.
TEST(PartitionProperty, EffectsHappenOnceWhateverDiesInBetween) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    mischief trouble;
    base::random_source random{seed};
    testing::little_world world{
        services(trouble), seed, {.retry = {1000, 1ms, 2ms}, .batch_messages = 3, .window_messages = 5}};
    std::vector<std::uint64_t> tokens;
    for (int i = 0; i < 40; ++i) {
      if (random.below(5) == 0) trouble.crashes["disc"] += 1;
      tokens.push_back(world.ask("till", buy{std::to_string(i), "disc"}));
      if (random.below(3) == 0) world.settle();
      if (random.below(6) == 0) world.restart(random.below(2) ? "book" : "stamper");
    }
    world.pass(1min);
    std::int64_t sold_count = 0;
    for (const auto token : tokens)
      sold_count += world.reply(token) && std::holds_alternative<request::answer>(*world.reply(token));
    EXPECT_EQ(sold_count, 40);
    const auto shown = world.ask("book", show_total{"all"});
    const auto stamped_sale = world.ask("till", show_sale{"39"});
    world.settle();
    EXPECT_EQ(describe::from_json<total>(std::get<request::answer>(*world.reply(shown)).payload)->sales, 40);
    EXPECT_EQ(describe::from_json<sale>(std::get<request::answer>(*world.reply(stamped_sale)).payload)->note,
              "stamped");
    if (::testing::Test::HasFailure()) break;
  }
}

}  // namespace
}  // namespace musiccorp
