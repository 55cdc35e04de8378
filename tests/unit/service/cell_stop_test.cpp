#include <gtest/gtest.h>

#include <caf/all.hpp>
#include <condition_variable>
#include <mutex>
#include <set>
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

/// The tokens that were answered, each once.
class replies_seen {
 public:
  void add(std::uint64_t token) {
    const std::lock_guard hold{mutex_};
    EXPECT_TRUE(tokens_.insert(token).second) << "answered twice: " << token;
    changed_.notify_all();
  }
  bool wait_for(std::size_t count) {
    std::unique_lock hold{mutex_};
    return changed_.wait_for(hold, 20s, [&] { return tokens_.size() >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::uint64_t> tokens_;
};

class collector final : public managed_actor {
 public:
  collector(caf::actor_config& config, replies_seen& seen)
      : managed_actor{config, std::make_shared<mailbox_state>()}, seen_{seen} {}
  caf::behavior make_behavior() override {
    return {[this](const reply_message& said) { seen_.add(said.token); }};
  }

 protected:
  bool is_bounded(const caf::mailbox_element&) const override { return false; }

 private:
  replies_seen& seen_;
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
    replies_seen seen;
    auto asker = system.spawn<collector>(seen);
    {
      std::vector<std::jthread> threads;
      for (std::uint64_t sender = 0; sender < senders; ++sender)
        threads.emplace_back([&cell, &asker, sender] {
          envelope query;
          query.type = describe::name_of<show_total>();
          query.payload = describe::to_json(show_total{"all"});
          const auto deadline = (base::system_clock{}.now() + 60s).time_since_epoch().count();
          for (std::uint64_t i = 0; i < requests; ++i)
            caf::anon_send(cell, request_message{sender * requests + i, deadline, query}, asker);
        });
      std::this_thread::yield();
      caf::anon_send_exit(cell, caf::exit_reason::user_shutdown);
    }
    EXPECT_TRUE(seen.wait_for(senders * requests));
    {
      caf::scoped_actor waiter{system};
      caf::anon_send_exit(asker, caf::exit_reason::user_shutdown);
      waiter->wait_for(cell, asker);
    }
    EXPECT_EQ(status->mailbox->depth(), 0U);
  }
}

}  // namespace
}  // namespace musiccorp::service
