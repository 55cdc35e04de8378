#include <gtest/gtest.h>

#include <caf/all.hpp>
#include <thread>

#include "service/cell.hpp"
#include "service/cell_types.hpp"
#include "storage/memory_store.hpp"
#include "unit/service/toy_services.hpp"

namespace musiccorp::service {
namespace {

using namespace toys;
using namespace std::chrono_literals;

struct threads_config : caf::actor_system_config {
  threads_config() {
    add_message_types<caf::id_block::musiccorp>();
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", std::size_t{2});
  }
};

/// Real threads: requests race with the end of the cell that they go to.
TEST(CellStop, AnswersEveryRequestThatRacesWithIt) {
  constexpr std::uint64_t senders = 2, requests = 1'000;
  mischief trouble;
  const auto definitions = services(trouble);
  const auto& book = definitions.back();
  threads_config config;
  caf::actor_system system{config};
  for (int round = 0; round < 10; ++round) {
    auto stores = storage::memory_stores();
    ledger_board ledgers;
    cell_options options;
    options.clock = std::make_shared<base::system_clock>();
    options.places = std::make_shared<directory>();
    options.status = std::make_shared<cell_status>();
    options.core = std::make_unique<partition>(book, wiring{}, partition_limits{},
                                               partition_environment{*stores, *options.clock, 5, ledgers});
    ASSERT_TRUE(options.core->open(options.first));
    const auto status = options.status;
    auto cell = spawn_cell(system, std::move(options));
    caf::anon_send(cell, start_atom_v);
    {
      caf::scoped_actor asker{system};
      const auto me = caf::actor_cast<caf::actor>(asker);
      std::vector<std::jthread> threads;
      for (std::uint64_t sender = 0; sender < senders; ++sender)
        threads.emplace_back([&cell, &me, sender] {
          envelope query;
          query.type = describe::name_of<show_total>();
          query.payload = describe::to_json(show_total{"all"});
          const auto deadline = (base::system_clock{}.now() + 60s).time_since_epoch().count();
          for (std::uint64_t i = 0; i < requests; ++i)
            caf::anon_send(cell, request_message{sender * requests + i, deadline, query}, me);
        });
      std::this_thread::yield();
      caf::anon_send(cell, stop_atom_v);
      std::set<std::uint64_t> answered;
      bool late = false;
      while (answered.size() < senders * requests && !late)
        asker->receive([&](const reply_message& said) { EXPECT_TRUE(answered.insert(said.token).second); },
                       caf::after(20s) >> [&] { late = true; });
      ASSERT_EQ(answered.size(), senders * requests);
      asker->wait_for(cell);
    }
    EXPECT_EQ(status->depth(), 0U);
  }
}

}  // namespace
}  // namespace musiccorp::service
