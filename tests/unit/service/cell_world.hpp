#pragma once

#include <gtest/gtest.h>

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "delivery/dead_letters.hpp"
#include "service/cell.hpp"
#include "service/cell_types.hpp"
#include "support/faulty_store.hpp"
#include "unit/service/toy_services.hpp"

/// The toy services as real cells, under CAF's scheduler for tests.
namespace musiccorp::service {

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

/// Takes questions and keeps them to itself until it is told to answer.
class silent_service final : public caf::event_based_actor {
 public:
  silent_service(caf::actor_config& config, envelope answer)
      : event_based_actor{config}, answer_{std::move(answer)} {}
  caf::behavior make_behavior() override {
    return {[this](const request_message& asked, const caf::actor& who) { asked_.emplace_back(who, asked.token); },
            [this](start_atom) {
              for (auto& [who, token] : std::exchange(asked_, {})) caf::anon_send(who, reply_message{token, answer_});
            }};
  }
  void on_exit() override { asked_.clear(); }

 private:
  envelope answer_;
  std::vector<std::pair<caf::actor, std::uint64_t>> asked_;
};

class cell_world : public ::testing::Test {
 protected:
  cell_world() {
    asker_ = system_.spawn<listener>(&replies_);
    for (const auto& definition : services_) start(definition);
    for (const auto& definition : services_) caf::anon_send(places_->find(definition.name()), start_atom_v);
    run();
  }

  ~cell_world() override {
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
  /// Questions to this service wait from now on; `start_atom` makes it answer those that do.
  caf::actor be_silent(const std::string& service) {
    auto silent = system_.spawn<silent_service>(
        request::to_envelope(request::answer{"price", 1, "disc", describe::to_json(price{"disc", 4})}));
    places_->add(service, silent);
    return silent;
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

}  // namespace musiccorp::service
