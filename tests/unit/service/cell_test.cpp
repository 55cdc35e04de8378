#include "service/cell.hpp"

#include <gtest/gtest.h>

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include "service/cell_types.hpp"
#include "storage/memory_store.hpp"
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

/// A store factory whose stores can be made to fail.
class failing_stores final : public storage::store_factory {
 public:
  result<std::unique_ptr<storage::store>> open(std::string_view partition) override {
    if (broken) return failure(fault_kind::storage, "no disk");
    return inner_->open(partition);
  }
  bool broken = false;

 private:
  std::unique_ptr<storage::store_factory> inner_ = storage::memory_stores();
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
    for (const auto& definition : services_) caf::anon_send(places_->find(definition.name()), stop_atom_v);
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
    EXPECT_TRUE(options.core->open(options.first));
    options.places = places_;
    options.clock = clock_;
    options.status = statuses_[definition.name()] = std::make_shared<cell_status>();
    options.status->service = definition.name();
    options.status->mailbox->limit = 8;
    options.requests_max = 4;
    places_->add(definition.name(), spawn_cell(system_, std::move(options)));
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
  total booked() {
    const auto token = ask("book", show_total{"all"});
    run();
    return answer<total>(token);
  }

  mischief trouble_;
  std::vector<service_definition> services_ = services(trouble_);
  std::map<std::string, wiring> wires_ = wire(services_);
  failing_stores stores_;
  ledger_board ledgers_;
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

}  // namespace
}  // namespace musiccorp::service
