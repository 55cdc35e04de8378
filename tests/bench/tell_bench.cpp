// What a bounded mailbox and a guard against exceptions cost: tells to an actor on our base beside tells to CAF's
// own, in turns within one run.
#include <atomic>
#include <caf/all.hpp>
#include <string>
#include <thread>

#include "bench/measurement.hpp"
#include "service/cell_types.hpp"
#include "service/managed_actor.hpp"

namespace musiccorp::bench {
namespace {

const std::string text(300, 'x');

/// Counts what it is told.
template <class Base>
class listener final : public Base {
 public:
  template <class... Arguments>
  explicit listener(caf::actor_config& config, std::atomic<std::size_t>& heard, Arguments... arguments)
      : Base{config, std::move(arguments)...}, heard_{heard} {}
  caf::behavior make_behavior() override {
    return {[this](const std::string& told) {
      bytes_ += told.size();
      heard_.store(++count_, std::memory_order_release);
    }};
  }

 private:
  std::atomic<std::size_t>& heard_;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
};

struct configuration : caf::actor_system_config {
  configuration() {
    add_message_types<caf::id_block::musiccorp>();
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", std::size_t{2});
    set("scheduler.max-throughput", std::size_t{200});
  }
};

/// Tells per second from this thread to a new actor, until it has heard the last one.
template <class Spawn>
double tell(std::size_t messages, Spawn spawn) {
  configuration config;
  caf::actor_system system{config};
  std::atomic<std::size_t> heard{0};
  const caf::actor to = spawn(system, heard);
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < messages; ++i) caf::anon_send(to, text);
  while (heard.load(std::memory_order_acquire) < messages) std::this_thread::yield();
  const auto rate = static_cast<double>(messages) / seconds_since(start);
  caf::anon_send_exit(to, caf::exit_reason::kill);
  return rate;
}

}  // namespace

void measure_tell(const settings& how, measurements& into) {
  const auto messages = scaled(how, 400'000);
  std::vector<double> bare, managed, ratios;
  for (std::size_t run = 0; run < how.runs * 3; ++run) {
    bare.push_back(tell(messages, [](caf::actor_system& system, std::atomic<std::size_t>& heard) {
      return system.spawn<listener<caf::event_based_actor>>(std::ref(heard));
    }));
    managed.push_back(tell(messages, [&](caf::actor_system& system, std::atomic<std::size_t>& heard) {
      auto mailbox = std::make_shared<service::mailbox_state>();
      mailbox->limit = messages;
      return system.spawn<listener<service::managed_actor>>(std::ref(heard), std::move(mailbox));
    }));
    ratios.push_back(managed.back() / bare.back());
  }
  into.push_back(summarize("tell, 300 B, bare CAF", "1/s", std::move(bare)));
  into.push_back(summarize("tell, 300 B, bounded and guarded", "1/s", std::move(managed)));
  into.push_back(summarize("tell, bounded and guarded / bare CAF", "ratio", std::move(ratios), 0.9));
}

}  // namespace musiccorp::bench
