#include "service/remote_cell.hpp"

#include <caf/all.hpp>
#include <set>

#include "service/cell_types.hpp"
#include "service/remote_frames.hpp"
#include "telemetry/log.hpp"

namespace musiccorp::service {
namespace {

using namespace std::chrono_literals;

const telemetry::logger log{"service"};

/// The timer holds the actor until it fires; a short wait keeps shutdown short.
constexpr auto sweep_interval = 200ms;

class remote_cell final : public managed_actor {
 public:
  remote_cell(caf::actor_config& config, remote_cell_options options)
      : managed_actor{config, std::make_shared<mailbox_state>()}, options_{std::move(options)} {}

  const char* name() const override { return "musiccorp.remote_cell"; }

  caf::behavior make_behavior() override {
    return {
        [this](request_message& asked, const caf::actor& asker) { request(asked, asker); },
        [this](reply_message& said) { replied(said); },
        [this](delivery::hello& frame) { publish(frame.publisher, frame); },
        [this](delivery::batch& frame) { publish(frame.publisher, frame); },
        [this](delivery::subscribe& frame) { listen(frame.subscriber, frame); },
        [this](delivery::ack& frame) { listen(frame.subscriber, frame); },
        [this](link_lost_atom) { lost(); },
        [this](tick_atom) { sweep(); },
    };
  }

  void on_exit() override {
    end_all({fault_kind::unavailable, "this node is stopping", {}, 1s});
    options_.send = nullptr;
    options_.places = nullptr;
  }

 protected:
  bool is_bounded(const caf::mailbox_element& element) const override {
    return element.content().type_token() == caf::make_type_token<request_message, caf::actor>();
  }

  void refuse(caf::mailbox_element& element, refusal why, caf::execution_unit*) override {
    auto content = element.move_content_to_message();
    const auto& asked = content.get_as<request_message>(0);
    const auto kind = why == refusal::full ? fault_kind::overloaded : fault_kind::unavailable;
    tell({content.get_as<caf::actor>(1), asked.token, {}},
         {kind, options_.partition + " can't be asked now", {}, 1s});
  }

 private:
  struct asking {
    caf::actor who;
    std::uint64_t token;
    base::instant deadline;
  };

  static void tell(const asking& one, message::envelope said) {
    caf::anon_send(one.who, reply_message{one.token, std::move(said)});
  }
  static void tell(const asking& one, const base::fault& why) { tell(one, request::to_envelope(why)); }

  void request(request_message& asked, const caf::actor& who) {
    asking one{who, asked.token, base::instant{base::duration{asked.deadline_us}}};
    const auto left = one.deadline - options_.clock->now();
    if (left <= 0us) return tell(one, {fault_kind::timeout, "its deadline has passed", {}, {}});
    if (asking_.size() >= options_.requests_max)
      return tell(one, {fault_kind::overloaded, options_.partition + " has too much to do", {}, 1s});
    const auto token = ++tokens_;
    auto sent = options_.send(to_parcel(cluster::node_address(options_.self), options_.partition,
                                        remote_request{token, left, std::move(asked.message)}));
    if (!sent) return tell(one, sent.error());
    asking_.emplace(token, std::move(one));
    count();
    sweep_later();
  }

  void replied(reply_message& said) {
    auto found = asking_.extract(said.token);
    if (found.empty()) return;  // Too late, or said twice.
    tell(found.mapped(), std::move(said.message));
    count();
  }

  template <class Frame>
  void publish(std::string from, Frame& frame) {
    if (!is_sent(from, std::move(frame))) cut_publishers_.insert(std::move(from));
  }
  template <class Frame>
  void listen(std::string from, Frame& frame) {
    if (!is_sent(from, std::move(frame))) cut_subscribers_.insert(std::move(from));
  }

  /// False when the link is full: then the other end waits for what it will never get, and nothing else will tell.
  bool is_sent(const std::string& from, remote_frame frame) {
    const auto sent = options_.send(to_parcel(from, options_.partition, std::move(frame)));
    if (sent) return true;
    options_.status->frames_not_sent.fetch_add(1, std::memory_order_relaxed);
    if (sent.error().kind == fault_kind::too_large)
      log.error("frame-too-large", {{"from", from}, {"to", options_.partition}, {"error", sent.error().text}});
    if (sent.error().kind != fault_kind::overloaded) return true;
    sweep_later();
    return false;
  }

  /// A publisher's hello makes its subscriber over there begin anew from the cursor; our own subscribers are told as
  /// if the publisher had said it.
  void mend_streams() {
    for (const auto& publisher : std::exchange(cut_publishers_, {})) {
      delivery::hello here{publisher};
      publish(publisher, here);
    }
    for (const auto& listener : std::exchange(cut_subscribers_, {}))
      if (const auto cell = options_.places->find(listener))
        caf::anon_send(cell, delivery::hello{options_.partition});
  }

  void sweep_later() {
    if (!std::exchange(sweeping_, true)) delayed_send(this, sweep_interval, tick_atom_v);
  }

  void lost() {
    cut_publishers_.clear();
    cut_subscribers_.clear();
    if (!asking_.empty())
      log.warn("requests-lost-with-link",
               {{"partition", options_.partition}, {"node", options_.node}, {"requests", asking_.size()}});
    end_all(
        {fault_kind::unavailable, "the link to node " + options_.node + " was lost; the effect is unknown", {}, 1s});
  }

  void end_all(const base::fault& why) {
    for (auto& [token, one] : std::exchange(asking_, {})) tell(one, why);
    count();
  }

  /// Whoever asks has a deadline of its own; this one frees what it left here.
  void sweep() {
    const auto now = options_.clock->now();
    std::erase_if(asking_, [&](const auto& entry) {
      if (entry.second.deadline > now) return false;
      tell(entry.second, {fault_kind::timeout, "no answer in time; the effect is unknown", {}, {}});
      return true;
    });
    count();
    sweeping_ = false;
    mend_streams();
    if (!asking_.empty()) sweep_later();
  }

  void count() { options_.status->requests_pending.store(asking_.size(), std::memory_order_relaxed); }

  remote_cell_options options_;
  std::unordered_map<std::uint64_t, asking> asking_;
  std::uint64_t tokens_ = 0;
  std::set<std::string> cut_publishers_;   ///< of this node, whose frames found the link full
  std::set<std::string> cut_subscribers_;  ///< the same
  bool sweeping_ = false;
};

}  // namespace

caf::actor spawn_remote_cell(caf::actor_system& system, remote_cell_options options) {
  return system.spawn<remote_cell>(std::move(options));
}

}  // namespace musiccorp::service
