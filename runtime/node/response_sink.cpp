#include "node/response_sink.hpp"

#include <atomic>
#include <caf/all.hpp>
#include <caf/make_actor.hpp>
#include <caf/monitorable_actor.hpp>
#include <shared_mutex>

#include "service/cell_types.hpp"

namespace musiccorp::node {

/// An actor without mailbox: whatever is sent to it is handled by the sender's thread.
class sink_actor final : public caf::monitorable_actor {
 public:
  sink_actor(caf::actor_config& config, response_sink* owner) : monitorable_actor{config}, owner_{owner} {}

  using caf::abstract_actor::enqueue;
  void enqueue(caf::mailbox_element_ptr element, caf::execution_unit*) override {
    auto content = element->move_content_to_message();
    if (!content.match_elements<service::reply_message>()) return;
    const std::shared_lock hold{mutex_};  // Replies of several cells at once, but none while the owner leaves.
    if (!owner_) return;
    const auto& said = content.get_as<service::reply_message>(0);
    if (auto done = owner_->take(said.token)) done(request::read_reply(said.message));
  }

  /// No reply reaches the owner after this.
  void leave() {
    {
      const std::lock_guard hold{mutex_};
      owner_ = nullptr;
    }
    cleanup(caf::error{}, nullptr);
  }

 private:
  std::shared_mutex mutex_;
  response_sink* owner_;
};

response_sink::response_sink(caf::actor_system& system) {
  caf::actor_config config;
  address_ = caf::make_actor<sink_actor, caf::actor>(system.next_actor_id(), system.node(), &system, config, this);
}

response_sink::~response_sink() {
  static_cast<sink_actor*>(caf::actor_cast<caf::abstract_actor*>(address_))->leave();
}

std::uint64_t response_sink::expect(base::instant deadline, callback done) {
  const auto token = ++tokens_;
  auto& part = shards_[token % shards_.size()];
  const std::lock_guard hold{part.mutex};
  part.waiting.emplace(token, entry{deadline, std::move(done)});
  return token;
}

response_sink::callback response_sink::take(std::uint64_t token) {
  auto& part = shards_[token % shards_.size()];
  const std::lock_guard hold{part.mutex};
  auto found = part.waiting.extract(token);
  return found.empty() ? callback{} : std::move(found.mapped().done);
}

std::size_t response_sink::expire(base::instant now) {
  std::vector<callback> late;
  for (auto& part : shards_) {
    const std::lock_guard hold{part.mutex};
    for (auto one = part.waiting.begin(); one != part.waiting.end();) {
      if (one->second.deadline > now) {
        ++one;
        continue;
      }
      late.push_back(std::move(one->second.done));
      one = part.waiting.erase(one);
    }
  }
  for (auto& done : late)
    done(base::fault{base::fault_kind::timeout, "no answer in time; the effect is unknown", {}, {}});
  return late.size();
}

std::size_t response_sink::pending() const {
  std::size_t count = 0;
  for (const auto& part : shards_) {
    const std::lock_guard hold{part.mutex};
    count += part.waiting.size();
  }
  return count;
}

}  // namespace musiccorp::node
