#include "service/managed_actor.hpp"

#include <gtest/gtest.h>

#include <caf/all.hpp>
#include <thread>

namespace musiccorp::service {
namespace {

struct four_threads : caf::actor_system_config {
  four_threads() {
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", std::size_t{4});
  }
};

/// Takes 1, 2, 3 ... and tells how far it is, without ordering anything by that.
class counter final : public managed_actor {
 public:
  counter(caf::actor_config& config, std::shared_ptr<std::atomic<std::int64_t>> seen)
      : managed_actor{config, std::make_shared<mailbox_state>()}, seen_{std::move(seen)} {}

  caf::behavior make_behavior() override {
    return {[this](std::int64_t number) {
      if (number == last_ + 1) last_ = number;
      seen_->store(last_, std::memory_order_relaxed);
    }};
  }

 private:
  std::int64_t last_ = 0;
  std::shared_ptr<std::atomic<std::int64_t>> seen_;
};

/// The next message often finds the actor just asleep, and wakes it on another thread: for ThreadSanitizer.
TEST(ManagedActor, GoesOnWhereItStoppedOnWhicheverThreadItWakes) {
  constexpr std::int64_t messages = 20'000;
  four_threads config;
  caf::actor_system system{config};
  const auto seen = std::make_shared<std::atomic<std::int64_t>>(0);
  const auto one = system.spawn<counter>(seen);
  for (std::int64_t number = 1; number <= messages; ++number) {
    caf::anon_send(one, number);
    while (seen->load(std::memory_order_relaxed) != number) std::this_thread::yield();
  }
  caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
}

}  // namespace
}  // namespace musiccorp::service
