#include "node/ticker.hpp"

#include <caf/all.hpp>

#include "service/cell_types.hpp"
#include "service/managed_actor.hpp"
#include "supervision/exception_text.hpp"
#include "supervision/exit_error.hpp"

namespace musiccorp::node {
namespace {

class ticker final : public service::managed_actor {
 public:
  ticker(caf::actor_config& config, std::chrono::milliseconds interval, std::function<void()> work)
      : managed_actor{config, std::make_shared<service::mailbox_state>()},
        interval_{interval},
        work_{std::move(work)} {}

  const char* name() const override { return "musiccorp.ticker"; }

  caf::behavior make_behavior() override {
    delayed_send(this, interval_, service::tick_atom_v);
    return {[this](service::tick_atom) {
      work_();
      delayed_send(this, interval_, service::tick_atom_v);
    }};
  }

  void on_exit() override { work_ = nullptr; }

 protected:
  [[nodiscard]] bool is_bounded(const caf::mailbox_element&) const override { return false; }
  void crashed(caf::mailbox_element&, std::exception_ptr why) override {
    quit(supervision::to_error(supervision::crash_from(why)));
  }

 private:
  std::chrono::milliseconds interval_;
  std::function<void()> work_;
};

}  // namespace

caf::actor spawn_ticker(caf::actor_system& system, std::chrono::milliseconds interval, std::function<void()> work) {
  return system.spawn<ticker>(interval, std::move(work));
}

}  // namespace musiccorp::node
