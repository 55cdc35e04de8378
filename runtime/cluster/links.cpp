#include "cluster/links.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/io/middleman.hpp>

#include "cluster/frame.hpp"
#include "cluster/mesh.hpp"

namespace musiccorp::cluster {

struct links::parts {
  parts(caf::actor_system& system, link_options options) : all(system, std::move(options)) {}
  mesh all;
};

void links::prepare(caf::actor_system_config& config) {
  config.load<caf::io::middleman>();
  config.add_message_types<caf::id_block::musiccorp_cluster>();
  // Reading and decoding on the network thread: workers share the scheduler's threads with everybody's handlers.
  config.set("middleman.workers", std::size_t{0});
  config.set("middleman.heartbeat-interval", caf::timespan{0});
  config.set("middleman.connection-timeout", caf::timespan{0});
  config.set("middleman.enable-automatic-connections", false);
}

links::links(caf::actor_system& system, link_options options)
    : parts_(std::make_unique<parts>(system, std::move(options))) {}
links::~links() { stop(); }

result<void> links::start() { return parts_->all.start(); }
std::uint16_t links::port() const { return parts_->all.port(); }
const std::string& links::incarnation() const { return parts_->all.incarnation(); }
result<void> links::send(parcel what) { return parts_->all.send(std::move(what)); }
void links::not_understood(const std::string& node, const std::string& what) {
  parts_->all.not_understood(node, what);
}
void links::announce(const std::string& condition) { parts_->all.announce(condition); }
void links::serves() { parts_->all.serves(); }
bool links::is_absent(const std::string& node) const {
  const auto* link = parts_->all.link_with(node);
  return link && link->is_absent();
}
bool links::may_act() const { return parts_->all.may_act(); }
std::vector<link_view> links::view() const { return parts_->all.view(); }
bool links::is_up(const std::string& node) const {
  const auto* link = parts_->all.link_with(node);
  return link && link->is_up();
}
bool links::stop(std::chrono::microseconds longest) { return parts_->all.stop(longest); }

}  // namespace musiccorp::cluster
