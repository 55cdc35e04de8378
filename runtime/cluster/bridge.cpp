#include "cluster/bridge.hpp"

#include <caf/all.hpp>
#include <caf/io/all.hpp>
#include <caf/io/basp_broker.hpp>
#include <caf/make_actor.hpp>
#include <caf/monitorable_actor.hpp>
#include <future>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "cluster/carried_wire.hpp"

namespace musiccorp::cluster {

namespace io = caf::io;
using loop = io::network::default_multiplexer;

namespace {

/// Stands for the port inside CAF. Connections come from the gate, not from a socket of its own.
class gate_doorman final : public io::doorman {
 public:
  explicit gate_doorman(loop& events, std::uint16_t port)
      : doorman(io::accept_handle::from_int((std::int64_t{1} << 40) + port)), events_(events), port_(port) {}

  bool new_connection() override { return false; }
  void graceful_shutdown() override { detach(&events_, false); }
  void launch() override {}
  std::string addr() const override { return {}; }
  uint16_t port() const override { return port_; }
  void add_to_loop() override {}
  void remove_from_loop() override {}

  void bring(const std::shared_ptr<carried_wire>& which) {
    if (!parent()) return;
    parent()->add_scribe(caf::make_counted<wire_scribe>(events_, which));
    static_cast<void>(doorman::new_connection(&events_, which->handle()));
  }

 private:
  loop& events_;
  std::uint16_t port_;
};

}  // namespace

/// Shared with tasks of the event loop, which may run after the bridge's end.
struct bridge::parts : std::enable_shared_from_this<bridge::parts> {
  parts(caf::actor_system& of, bridge_listener& to, std::size_t most)
      : system(of), packet_bytes_max(most), listener(&to) {}

  [[nodiscard]] loop& events() const { return static_cast<loop&>(system.middleman().backend()); }
  [[nodiscard]] io::basp_broker& broker() const {
    return *static_cast<io::basp_broker*>(caf::actor_cast<caf::abstract_actor*>(broker_handle));
  }
  template <class Task>
  void tell(Task task) {
    const std::shared_lock hold{mutex};
    if (listener) task(*listener);
  }
  /// On the event loop's thread.
  void drop_now(const line& which) {
    if (!which || !which->is_open()) return;
    if (broker_handle) broker().connection_cleanup(which->handle(), caf::sec::connection_timeout);
    which->shut();
  }
  [[nodiscard]] line make_line(wire connection, const std::string& session) {
    auto made = std::make_shared<carried_wire>(std::move(connection), packet_bytes_max,
                                               [weak = weak_from_this(), session](const std::string& why) {
                                                 if (const auto self = weak.lock())
                                                   self->tell([&](bridge_listener& to) { to.ended(session, why); });
                                               });
    const std::lock_guard hold{lines_mutex};
    std::erase_if(lines, [](const auto& one) { return one.expired(); });
    lines.push_back(made);
    return made;
  }
  [[nodiscard]] std::string take_call(std::uint64_t id) {
    const std::lock_guard hold{lines_mutex};
    auto found = calls.extract(id);
    return found.empty() ? std::string{} : found.mapped();
  }

  caf::actor_system& system;
  const std::size_t packet_bytes_max;
  caf::actor broker_handle;  ///< the event loop's; none once the bridge is closed
  caf::actor door;
  caf::intrusive_ptr<gate_doorman> doorman;
  std::uint16_t port = 0;

  std::shared_mutex mutex;
  bridge_listener* listener;

  std::mutex lines_mutex;
  std::vector<std::weak_ptr<carried_wire>> lines;
  std::unordered_map<std::uint64_t, std::string> calls;  ///< request to the broker -> session
  std::uint64_t last_call = 0;
};

/// An actor without mailbox: what is sent to it is handled by the sender's thread, which is the reading one for
/// everything that comes from other nodes.
class bridge_door final : public caf::monitorable_actor {
 public:
  bridge_door(caf::actor_config& config, std::weak_ptr<bridge::parts> parts)
      : monitorable_actor{config}, parts_{std::move(parts)} {}

  using caf::abstract_actor::enqueue;
  void enqueue(caf::mailbox_element_ptr element, caf::execution_unit*) override {
    const auto parts = parts_.lock();
    if (!parts) return;
    auto content = element->move_content_to_message();
    const auto& from = element->sender;
    if (element->mid.is_response()) return connected(*parts, element->mid.request_id().integer_value(), content);
    if (!from || from->node() == node()) return;  // Anonymous: nobody of ours does that, and there is nobody to name.
    parts->tell([&](bridge_listener& to) { hear(to, from, content); });
  }

 private:
  static void hear(bridge_listener& to, const remote_door& from, caf::message& content) {
    if (content.match_elements<std::string>()) {
      to.heard(from, content.get_as<std::string>(0));
    } else if (content.match_elements<frame>()) {
      to.heard(from, std::move(content.get_mutable_as<frame>(0)));
    } else {
      to.not_understood(from, content.empty() ? "an empty message: its type is not known here" : "another type");
    }
  }

  static void connected(bridge::parts& parts, std::uint64_t call, const caf::message& content) {
    const auto session = parts.take_call(call);
    if (session.empty()) return;
    parts.tell([&](bridge_listener& to) {
      if (content.match_elements<caf::node_id, caf::strong_actor_ptr, std::set<std::string>>()) {
        const auto& door = content.get_as<caf::strong_actor_ptr>(1);
        if (door) return to.connected(session, door);
        return to.connected(session, failure(fault_kind::unavailable, "the peer shows no door"));
      }
      std::string why = "CAF's handshake failed";
      if (content.match_elements<caf::error>()) why += ": " + parts.system.render(content.get_as<caf::error>(0));
      to.connected(session, failure(fault_kind::unavailable, why));
    });
  }

  std::weak_ptr<bridge::parts> parts_;
};

bridge::bridge(caf::actor_system& system, bridge_listener& listener, std::size_t packet_bytes_max)
    : parts_(std::make_shared<parts>(system, listener, packet_bytes_max)) {
  parts_->broker_handle = system.middleman().named_broker<io::basp_broker>(caf::atom("BASP"));
  caf::actor_config config;
  parts_->door = caf::make_actor<bridge_door, caf::actor>(system.next_actor_id(), system.node(), &system, config,
                                                          std::weak_ptr<parts>{parts_});
  // CAF offers two actors of its own by name to every peer: one starts actors, one hands out its config. Not here.
  for (const auto* name : {"SpawnServ", "ConfigServ"}) system.registry().erase(caf::atom_from_string(name));
}

bridge::~bridge() { close(); }

void bridge::open(std::uint16_t port) {
  std::promise<void> is_open;
  parts_->port = port;
  parts_->events().post([self = parts_, &is_open] {
    self->doorman = caf::make_counted<gate_doorman>(self->events(), self->port);
    self->broker().add_doorman(self->doorman);
    const auto door = caf::actor_cast<caf::strong_actor_ptr>(self->door);
    self->system.registry().put(door->id(), door);
    self->broker().instance.add_published_actor(self->port, door, {});
    is_open.set_value();
  });
  is_open.get_future().wait();
}

void bridge::close() {
  {
    const std::unique_lock hold{parts_->mutex};
    if (!parts_->listener) return;
    parts_->listener = nullptr;
  }
  const auto is_closed = std::make_shared<std::promise<void>>();
  parts_->events().post([self = parts_, is_closed] {
    std::vector<std::weak_ptr<carried_wire>> all;
    {
      const std::lock_guard hold{self->lines_mutex};
      all = self->lines;
    }
    for (const auto& one : all) self->drop_now(one.lock());
    if (self->doorman) {
      self->broker().instance.remove_published_actor(self->port);
      self->broker().close(self->doorman->hdl());
      self->doorman = nullptr;
    }
    self->broker_handle = nullptr;
    is_closed->set_value();
  });
  is_closed->get_future().wait_for(std::chrono::seconds{5});
  const auto door = caf::actor_cast<caf::strong_actor_ptr>(parts_->door);
  parts_->system.registry().erase(door->id());
  static_cast<bridge_door*>(caf::actor_cast<caf::abstract_actor*>(parts_->door))->cleanup(caf::error{}, nullptr);
}

line bridge::carry_called(wire connection, const std::string& session, const line& former) {
  auto made = parts_->make_line(std::move(connection), session);
  parts_->events().post([self = parts_, made, former, session] {
    self->drop_now(former);
    if (!self->broker_handle) return made->shut();
    const auto id = [&] {
      const std::lock_guard hold{self->lines_mutex};
      self->calls.emplace(++self->last_call, session);
      return self->last_call;
    }();
    io::scribe_ptr scribe = caf::make_counted<wire_scribe>(self->events(), made);
    self->broker().enqueue(
        caf::make_mailbox_element(caf::actor_cast<caf::strong_actor_ptr>(self->door), caf::make_message_id(id), {},
                                  caf::connect_atom::value, std::move(scribe), self->port),
        &self->events());
  });
  return made;
}

line bridge::carry_caller(wire connection, const std::string& session, const line& former) {
  auto made = parts_->make_line(std::move(connection), session);
  parts_->events().post([self = parts_, made, former] {
    self->drop_now(former);
    if (self->doorman)
      self->doorman->bring(made);
    else
      made->shut();
  });
  return made;
}

void bridge::drop(const line& which) {
  if (!which) return;
  parts_->events().post([self = parts_, which] { self->drop_now(which); });
}

void bridge::say(const remote_door& to, std::string text) {
  to->enqueue(caf::make_mailbox_element(caf::actor_cast<caf::strong_actor_ptr>(parts_->door), caf::make_message_id(),
                                        {}, std::move(text)),
              nullptr);
}

void bridge::say(const remote_door& to, frame parcel) {
  to->enqueue(caf::make_mailbox_element(caf::actor_cast<caf::strong_actor_ptr>(parts_->door), caf::make_message_id(),
                                        {}, std::move(parcel)),
              nullptr);
}

std::string bridge::caf_node() const { return caf::to_string(parts_->system.node()); }

bool bridge::is_remote(const remote_door& door) const { return door && door->node() != parts_->system.node(); }

void bridge::on_reader(std::function<void()> task) { parts_->events().post(std::move(task)); }

}  // namespace musiccorp::cluster
