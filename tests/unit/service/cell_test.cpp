#include "service/cell.hpp"

#include <gtest/gtest.h>

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include "delivery/dead_letters.hpp"
#include "service/cell_types.hpp"
#include "support/faulty_store.hpp"
#include "unit/service/toy_services.hpp"

namespace musiccorp::service {
namespace {

using namespace toys;
using namespace std::chrono_literals;

/// CAF's scheduler for tests: one message at a time, time moves only when told.
struct test_config : caf::actor_system_config {
  test_config() {
    set("scheduler.policy", caf::atom("testing"));
    add_message_types<caf::id_block::musiccorp>();
  }
};

/// Remembers what it is sent.
class listener final : public caf::event_based_actor {
 public:
  listener(caf::actor_config& config, std::map<std::uint64_t, request::reply>* replies)
      : event_based_actor{config}, replies_{replies} {}
  caf::behavior make_behavior() override {
    return {[this](const reply_message& said) { replies_->emplace(said.token, request::read_reply(said.message)); }};
  }

 private:
  std::map<std::uint64_t, request::reply>* replies_;
};

class Cell : public ::testing::Test {
 protected:
  Cell() {
    asker_ = system_.spawn<listener>(&replies_);
    for (const auto& definition : services_) start(definition);
    for (const auto& definition : services_) caf::anon_send(places_->find(definition.name()), start_atom_v);
    run();
  }

  ~Cell() override {
    for (const auto& definition : services_)
      caf::anon_send_exit(places_->find(definition.name()), caf::exit_reason::user_shutdown);
    run();
    places_->clear();
    caf::anon_send_exit(asker_, caf::exit_reason::kill);
    asker_ = nullptr;
    pass(2s);
  }

  void start(const service_definition& definition) {
    cell_options options;
    options.core = std::make_unique<partition>(definition, wires_.at(definition.name()),
                                               partition_limits{.retry = {3, 10ms, 100ms}},
                                               partition_environment{stores_, *clock_, 5, ledgers_});
    if (!accused_.empty()) options.core->accuse(std::exchange(accused_, {}), delivery::evidence::killed, "a death");
    if (!opens_by_itself_) {
      EXPECT_TRUE(options.core->open(options.first));
    }
    options.gate = &gate_;
    options.places = places_;
    options.clock = clock_;
    options.status = statuses_[definition.name()] = std::make_shared<cell_status>();
    options.status->service = definition.name();
    options.status->mailbox->limit = 8;
    options.requests_max = 4;
    options.watch = dog_.watch(definition.name(), 1s);
    places_->add(definition.name(), spawn_cell(system_, std::move(options)));
  }

  /// A new cell on the old one's store.
  void restart(const std::string& service) {
    caf::anon_send_exit(places_->find(service), caf::exit_reason::user_shutdown);
    run();
    for (const auto& definition : services_)
      if (definition.name() == service) start(definition);
    caf::anon_send(places_->find(service), start_atom_v);
    run();
  }

  void run() {
    while (scheduler_.try_run_once()) {
    }
  }
  void pass(duration time) {
    for (duration passed{}; passed < time; passed += 1ms) {
      clock_->advance(1ms);
      scheduler_.clock().advance_time(1ms);
      run();
    }
  }

  template <describe::described M>
  std::uint64_t ask(const std::string& service, const M& command) {
    envelope message;
    message.id = "request-" + std::to_string(++tokens_);
    message.type = describe::name_of<M>();
    message.key = describe::key_of(command);
    message.payload = describe::to_json(command);
    caf::anon_send(places_->find(service),
                   request_message{tokens_, (clock_->now() + 5s).time_since_epoch().count(), message}, asker_);
    return tokens_;
  }
  template <class T>
  T answer(std::uint64_t token) {
    return describe::from_json<T>(std::get<request::answer>(replies_.at(token)).payload).value();
  }
  fault_kind trouble_of(std::uint64_t token) { return std::get<fault>(replies_.at(token)).kind; }
  cell_state state(const std::string& service) { return statuses_.at(service)->state; }
  total booked() {
    const auto token = ask("book", show_total{"all"});
    run();
    return answer<total>(token);
  }

  /// With somebody who hears of dead letters.
  std::vector<service_definition> services_and_ward() {
    auto all = services(trouble_);
    service_definition ward{"ward"};
    ward.on([this](turn&, const delivery::message_died& event) -> outcome {
      died_.push_back(event);
      return done{};
    });
    all.push_back(std::move(ward));
    return all;
  }

  mischief trouble_;
  std::vector<delivery::message_died> died_;
  std::vector<service_definition> services_ = services_and_ward();
  std::map<std::string, wiring> wires_ = wire(services_);
  std::shared_ptr<testing::store_faults> faults_ = std::make_shared<testing::store_faults>();
  testing::faulty_stores stores_{faults_};
  ledger_board ledgers_;
  delivery::isolation gate_;
  supervision::watchdog dog_;
  std::vector<delivery::finding> accused_;
  bool opens_by_itself_ = false;
  std::shared_ptr<base::manual_clock> clock_ = std::make_shared<base::manual_clock>();
  std::shared_ptr<directory> places_ = std::make_shared<directory>();
  std::map<std::string, std::shared_ptr<cell_status>> statuses_;
  std::map<std::uint64_t, request::reply> replies_;
  std::uint64_t tokens_ = 0;
  test_config config_;
  caf::actor_system system_{config_};
  caf::scheduler::test_coordinator& scheduler_ = dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler());
  caf::actor asker_;
};

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

TEST_F(Cell, AnswersOverloadedAboveItsLimitAndLosesNobody) {
  std::vector<std::uint64_t> tokens;
  for (int i = 0; i < 30; ++i) tokens.push_back(ask("till", buy{std::to_string(i), "disc"}));
  run();
  int sold_count = 0, overloaded = 0;
  for (const auto token : tokens) {
    ASSERT_TRUE(replies_.contains(token));
    if (std::holds_alternative<request::answer>(replies_.at(token)))
      ++sold_count;
    else if (std::get<fault>(replies_.at(token)).kind == fault_kind::overloaded)
      ++overloaded;
  }
  EXPECT_GT(sold_count, 0);
  EXPECT_GT(overloaded, 0);
  EXPECT_EQ(sold_count + overloaded, 30);
  EXPECT_EQ(booked().sales, sold_count);
  EXPECT_EQ(statuses_.at("till")->depth(), 0U);
}

TEST_F(Cell, AnswersOverloadedAboveItsLimitOfBytesAndLosesNobody) {
  statuses_.at("till")->mailbox->bytes_limit = 2'000;
  std::vector<std::uint64_t> asked;
  for (int i = 0; i < 4; ++i) asked.push_back(ask("till", buy{std::to_string(i), std::string(900, 'd')}));
  EXPECT_GT(statuses_.at("till")->mailbox->bytes(), 900U);
  run();
  std::size_t sold = 0;
  for (const auto token : asked) {
    if (std::holds_alternative<request::answer>(replies_.at(token)))
      ++sold;
    else
      EXPECT_EQ(trouble_of(token), fault_kind::overloaded);
  }
  EXPECT_GE(sold, 1U);
  EXPECT_LT(sold, 4U);
  EXPECT_EQ(booked().sales, static_cast<std::int64_t>(sold));
  EXPECT_EQ(statuses_.at("till")->mailbox->bytes(), 0U);
  const auto large = ask("till", buy{"large", std::string(5'000, 'd')});
  run();
  EXPECT_EQ(answer<sale>(large).amount, 5'000) << "alone even a large one finds room";
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
  EXPECT_EQ(statuses_.at("book")->depth(), 0U);
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
  EXPECT_EQ(statuses_.at("till")->depth(), 0U);
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

TEST(Mailbox, HasRoomForASenderThatOthersOvertook) {
  mailbox_state mailbox;
  mailbox.limit = 2;
  mailbox.accepted = 10;       // This sender will be the eleventh,
  mailbox.finished = 12;       // but two later ones have come and gone,
  mailbox.finished_seen = 12;  // and one of them looked.
  EXPECT_TRUE(mailbox.enter());
}

}  // namespace
}  // namespace musiccorp::service
