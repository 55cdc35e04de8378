#include "service/cell.hpp"

#include "unit/service/cell_world.hpp"

namespace musiccorp::service {
namespace {

using Cell = cell_world;

TEST_F(Cell, AMessageThatIsNoneOfOursBecomesACase) {
  caf::anon_send(places_->find("book"), std::string{"a greeting"}, 7);
  caf::anon_send(places_->find("book"), caf::message{});  // What CAF hands over when it could not read one.
  caf::anon_send(places_->find("book"), stray_atom_v, std::string{"from node b: nonsense"});
  run();
  ASSERT_EQ(died_.size(), 3U);
  for (const auto& one : died_) {
    EXPECT_EQ(one.service, "book");
    EXPECT_EQ(one.upstream, delivery::stray_upstream);
    EXPECT_EQ(one.reason, "undecodable");
  }
  EXPECT_NE(died_[0].message.payload.find("a greeting"), std::string::npos) << died_[0].message.payload;
  EXPECT_NE(died_[1].message.payload.find("(undecodable)"), std::string::npos) << died_[1].message.payload;
  EXPECT_NE(died_[2].message.payload.find("from node b"), std::string::npos) << died_[2].message.payload;
  EXPECT_EQ(state("book"), cell_state::running);
}

TEST_F(Cell, TellsOfItsStoreBeforeItsFirstBatch) {
  EXPECT_GT(statuses_.at("price")->statistics().commits, 0U) << "its opening is written";
  restart("price");
  EXPECT_GT(statuses_.at("price")->statistics().commits, 0U);
}

TEST_F(Cell, CarriesASaleThroughAllServices) {
  const auto sold = ask("till", buy{"1", "disc"});
  run();
  EXPECT_EQ(answer<sale>(sold).amount, 4);
  EXPECT_EQ(booked().sales, 1);
}

TEST_F(Cell, KeepsEveryQueuedMessageWhenARuleThrows) {
  trouble_.crashes["poison"] = 99;
  ask("till", buy{"0", "poison"});
  for (int i = 1; i < 4; ++i) ask("till", buy{std::to_string(i), "disc"});
  run();
  EXPECT_EQ(booked().sales, 3);
  pass(1s);
  EXPECT_EQ(ledgers_.of("till:book").read().dead, 1U);
  EXPECT_EQ(statuses_.at("book")->state, cell_state::running);
}

TEST_F(Cell, RetriesWhenTimePassesAndNotBefore) {
  trouble_.busy["disc"] = 1;
  ask("till", buy{"1", "disc"});
  run();
  EXPECT_EQ(booked().sales, 0);
  pass(200ms);
  EXPECT_EQ(booked().sales, 1);
}

TEST_F(Cell, GathersEventsForOneBatchButLetsNoRequestWait) {
  for (auto& one : services_)
    if (one.name() == "book") one.gathers(20ms);
  const auto processed = [&] { return ledgers_.of("till:book").read().processed; };
  ask("till", buy{"1", "disc"});
  pass(5ms);
  ask("till", buy{"2", "disc"});
  pass(5ms);
  EXPECT_EQ(processed(), 0U);
  pass(12ms);
  EXPECT_EQ(processed(), 2U) << "20 ms after the first";
  ask("till", buy{"3", "disc"});
  run();
  EXPECT_EQ(processed(), 2U);
  (void)booked();
  EXPECT_EQ(processed(), 3U) << "a request's batch takes along what is there";
}

TEST_F(Cell, ARetrySharesABatchThatRunsAnyway) {
  trouble_.busy["disc"] = 1;
  ask("till", buy{"1", "disc"});
  run();
  pass(10ms);  // Its time has come by now, but nothing else needs a commit.
  EXPECT_EQ(ledgers_.of("till:book").read().processed, 0U);
  (void)booked();  // The batch of a request takes it along.
  EXPECT_EQ(ledgers_.of("till:book").read().processed, 1U);
}

TEST_F(Cell, HandlesASuspectOnlyWhileNothingElseIsInside) {
  trouble_.busy["slow"] = 1;
  ask("till", buy{"1", "slow"});
  run();  // It waits in the book for its retry.
  auto other = gate_.join("somebody", [] {});
  ASSERT_TRUE(other.try_enter());
  delivery::finding suspect;
  suspect.cell = "book";
  suspect.upstream = base::stable_hash("till");
  suspect.seq = 1;
  suspect.what = delivery::charge::suspect;
  accused_ = {suspect};
  restart("book");
  pass(50ms);
  EXPECT_EQ(ledgers_.of(queue_name("till", "book")).read().processed, 0U);
  const auto waits = ask("price", price_of{"disc"});
  pass(50ms);
  EXPECT_FALSE(replies_.contains(waits)) << "nobody begins a batch while somebody wants to be alone";
  other.leave();
  pass(50ms);
  EXPECT_EQ(ledgers_.of(queue_name("till", "book")).read().processed, 1U);
  EXPECT_TRUE(replies_.contains(waits));
}

TEST_F(Cell, AsksWithADeadlineWhenNobodyAnswers) {
  places_->add("price", asker_);  // Somebody who never replies.
  const auto token = ask("till", buy{"1", "disc"});
  run();
  EXPECT_FALSE(replies_.contains(token));
  pass(6s);
  EXPECT_EQ(std::get<fault>(replies_.at(token)).kind, fault_kind::timeout);
}

TEST_F(Cell, AMessageThatNobodyExpectsIsNamedAndDoesNotEndIt) {
  caf::anon_send(places_->find("till"), std::string{"what is this"});
  run();
  const auto sold = ask("till", buy{"1", "disc"});
  run();
  EXPECT_EQ(answer<sale>(sold).amount, 4);
}

TEST_F(Cell, IsClosedWhileItsStoreFailsAndRunsAgainWhenItIsBack) {
  faults_->fail_all();
  const auto lost = ask("till", buy{"1", "disc"});
  run();
  EXPECT_EQ(trouble_of(lost), fault_kind::storage);
  EXPECT_EQ(state("till"), cell_state::closed);

  pass(3s);
  const auto refused = ask("till", buy{"1", "disc"});
  run();
  EXPECT_EQ(trouble_of(refused), fault_kind::unavailable);
  EXPECT_EQ(state("till"), cell_state::closed);

  faults_->heal();
  pass(5s);
  EXPECT_EQ(state("till"), cell_state::running);
  const auto sold = ask("till", buy{"1", "disc"});
  run();
  EXPECT_EQ(answer<sale>(sold).amount, 4);
  EXPECT_EQ(booked().sales, 1);
}

TEST_F(Cell, WhatWasOnItsWayToAClosedCellArrivesWhenItRunsAgain) {
  ask("till", buy{"1", "disc"});
  faults_->fail_call(3, testing::store_call::commit);
  run();
  pass(2s);
  EXPECT_EQ(booked().sales, 1);
  for (const auto& [name, status] : statuses_) EXPECT_EQ(status->state, cell_state::running) << name;
  const auto shown = ask("till", show_sale{"1"});
  run();
  EXPECT_EQ(answer<sale>(shown).note, "stamped");
}

TEST_F(Cell, ABugInItsPartitionIsAnsweredAndHeals) {
  faults_->throw_instead();
  faults_->fail_call(1, testing::store_call::commit);
  const auto first = ask("book", show_total{"all"});
  const auto second = ask("book", show_total{"all"});
  run();
  EXPECT_EQ(trouble_of(first), fault_kind::unavailable) << "trying again may help";
  EXPECT_EQ(trouble_of(second), fault_kind::unavailable);
  EXPECT_EQ(state("book"), cell_state::closed);
  EXPECT_EQ(statuses_.at("book")->mailbox->depth(), 0U);
  EXPECT_TRUE(dog_.check(supervision::moment::max()).empty()) << "what it was doing has ended";
  pass(1s);
  EXPECT_EQ(state("book"), cell_state::running);
  EXPECT_EQ(booked().sales, 0);
}

TEST_F(Cell, OneThatFailsWhileItDrainsEndsDrainedAndStaysClosed) {
  ask("book", show_total{"all"});
  caf::anon_send(places_->find("book"), drain_atom_v);
  faults_->throw_instead();
  faults_->fail_call(1, testing::store_call::commit);
  run();
  EXPECT_EQ(state("book"), cell_state::drained);
  pass(31s);
  EXPECT_EQ(state("book"), cell_state::drained);
}

TEST_F(Cell, AnswersWhatIsLeftInItsMailboxWhenItStops) {
  caf::anon_send_exit(places_->find("till"), caf::exit_reason::user_shutdown);
  std::vector<std::uint64_t> tokens;
  for (int i = 0; i < 5; ++i) tokens.push_back(ask("till", buy{std::to_string(i), "disc"}));
  run();
  for (const auto token : tokens) {
    ASSERT_TRUE(replies_.contains(token));
    EXPECT_EQ(trouble_of(token), fault_kind::unavailable);
  }
  EXPECT_EQ(statuses_.at("till")->mailbox->depth(), 0U);
  EXPECT_EQ(state("till"), cell_state::stopped);
}

TEST_F(Cell, ARequestToACellThatStoppedIsAnswered) {
  caf::anon_send_exit(places_->find("till"), caf::exit_reason::user_shutdown);
  run();
  const auto token = ask("till", buy{"1", "disc"});
  run();
  EXPECT_EQ(trouble_of(token), fault_kind::unavailable);
}

TEST_F(Cell, WhoeverAskedACellThatStopsIsAnswered) {
  places_->add("price", asker_);  // Somebody who never replies.
  const auto token = ask("till", buy{"1", "disc"});
  run();
  caf::anon_send_exit(places_->find("till"), caf::exit_reason::user_shutdown);
  run();
  EXPECT_EQ(trouble_of(token), fault_kind::unavailable);
}

TEST_F(Cell, WhoeverAskedACellThatIsKilledIsAnswered) {
  places_->add("price", asker_);  // Somebody who never replies.
  const auto token = ask("till", buy{"1", "disc"});
  run();
  caf::anon_send_exit(places_->find("till"), caf::exit_reason::kill);
  run();
  EXPECT_EQ(trouble_of(token), fault_kind::unavailable);
  EXPECT_EQ(state("till"), cell_state::stopped);
}

TEST_F(Cell, AnotherOneTakesThePlaceOfOneThatWasKilled) {
  ask("till", buy{"1", "disc"});
  run();
  caf::anon_send_exit(places_->find("book"), caf::exit_reason::kill);
  run();
  ask("till", buy{"2", "disc"});
  run();
  for (const auto& definition : services_)
    if (definition.name() == "book") start(definition);
  caf::anon_send(places_->find("book"), start_atom_v);
  run();
  EXPECT_EQ(booked().sales, 2) << "the stream goes on where it was";
}

TEST_F(Cell, OpensItsStoreByItselfWhenNobodyHas) {
  caf::anon_send_exit(places_->find("book"), caf::exit_reason::kill);
  run();
  opens_by_itself_ = true;
  for (const auto& definition : services_)
    if (definition.name() == "book") start(definition);
  EXPECT_EQ(state("book"), cell_state::starting);
  caf::anon_send(places_->find("book"), start_atom_v);
  run();
  EXPECT_EQ(state("book"), cell_state::running);
  ask("till", buy{"1", "disc"});
  run();
  EXPECT_EQ(booked().sales, 1);
}

TEST_F(Cell, EndsWhenItsStoreCannotBeOpenedAtTheStart) {
  caf::anon_send_exit(places_->find("book"), caf::exit_reason::kill);
  run();
  opens_by_itself_ = true;
  faults_->fail_all({testing::store_call::open});
  for (const auto& definition : services_)
    if (definition.name() == "book") start(definition);
  caf::anon_send(places_->find("book"), start_atom_v);
  run();
  EXPECT_EQ(state("book"), cell_state::stopped);
  faults_->heal();
}

TEST_F(Cell, DrainsWhatItHasTakenAndClosesItsStore) {
  const auto pending = ask("till", buy{"1", "disc"});
  caf::anon_send(places_->find("book"), drain_atom_v);
  run();
  EXPECT_EQ(answer<sale>(pending).amount, 4);
  EXPECT_EQ(state("book"), cell_state::drained);
  EXPECT_EQ(ledgers_.of("till:book").read().processed, 0U) << "it stays in the publisher's log";
  const auto late = ask("book", show_total{"all"});
  run();
  EXPECT_EQ(trouble_of(late), fault_kind::unavailable);
  pass(31s);
  EXPECT_EQ(state("book"), cell_state::drained) << "it does not open again by itself";
  restart("book");
  EXPECT_EQ(booked().sales, 1) << "and comes when it runs again";
}

TEST_F(Cell, BeginsAnewInPlaceWhenItIsToldTo) {
  ask("till", buy{"1", "disc"});
  run();
  const auto before = places_->find("book");
  caf::anon_send(before, rebuild_atom_v);
  run();
  EXPECT_EQ(state("book"), cell_state::closed);
  ask("till", buy{"2", "disc"});
  pass(1s);
  EXPECT_EQ(state("book"), cell_state::running);
  EXPECT_EQ(places_->find("book"), before);
  EXPECT_EQ(booked().sales, 2);
}

}  // namespace
}  // namespace musiccorp::service
