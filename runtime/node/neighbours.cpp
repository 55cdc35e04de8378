#include "node/neighbours.hpp"

#include <caf/all.hpp>
#include <fstream>
#include <set>

#include "cluster/epoch_book.hpp"
#include "cluster/peer_link.hpp"
#include "service/cell_types.hpp"
#include "service/remote_frames.hpp"
#include "telemetry/log.hpp"

namespace musiccorp::node {
namespace {

using namespace std::chrono_literals;

const telemetry::logger log{"node"};

/// No caller of ours waits longer; whatever a peer says, what it asks ends.
constexpr base::duration answer_longest = 10min;

constexpr std::string_view ousted_file = "ousted";

constexpr auto join_looks_each = 20ms;  ///< for time that passes; changes wake it

std::set<std::string> names_of(const std::vector<cluster::peer>& peers) {
  std::set<std::string> names;
  for (const auto& one : peers) names.insert(one.name);
  return names;
}

std::uint64_t next_epoch(const cluster::epoch_book& seen, const std::string& partition) {
  const auto known = seen.owner_of(partition);
  return known ? known->epoch + 1 : 1;
}

}  // namespace

neighbours::neighbours(caf::actor_system& system, const node_options& options,
                       std::span<const service_definition> local, const std::map<std::string, service::wiring>& wires,
                       std::shared_ptr<service::directory> places, std::shared_ptr<const base::clock> clock,
                       telemetry::metrics_registry& numbers, std::function<void(const std::string& why)> ousted)
    : system_{system},
      cluster_{*options.cluster},
      data_{options.data},
      ousted_{std::move(ousted)},
      local_{local},
      wires_{wires},
      places_{std::move(places)},
      clock_{std::move(clock)},
      numbers_{numbers},
      sink_{system} {}

neighbours::~neighbours() { stop(); }

result<void> neighbours::open() {
  if (std::ifstream before{data_ / ousted_file}; before) {
    const std::string why{std::istreambuf_iterator<char>{before}, {}};
    return failure(fault_kind::conflict, "this data is not the owner's any more: " + why +
                                             "; if you know that it is, remove " + (data_ / ousted_file).string());
  }
  auto options = cluster_.links;
  options.joins = true;
  options.state = data_ / "epochs.json";
  auto seen = cluster::read_epochs(options.state);
  if (!seen) return failure(std::move(seen.error()));
  for (const auto& [partition, node] : options.owners)
    if (node == options.self) options.owned[partition] = next_epoch(*seen, partition);
  options.time = clock_.get();
  options.metrics = &numbers_;
  options.on_parcel = [this](const std::string& node, cluster::parcel one) { arrived(node, std::move(one)); };
  options.on_link = [this](const cluster::link_change& change) {
    change.state == cluster::link_state::up ? link_is_up(change.node) : link_is_lost(change.node);
    standing_->told(change, cluster::steady_now());
    link_changed_.notify_all();
    end_if_ousted();
  };
  options.on_undecodable = [this](const std::string& node, const std::string& text) { undecodable(node, text); };
  way_out_ = std::make_shared<way_out>(system_, std::move(options));
  for (const auto& [partition, node] : cluster_.links.owners) {
    if (is_here(partition)) continue;
    service::remote_cell_options wanted{.partition = partition,
                                        .node = node,
                                        .self = cluster_.links.self,
                                        .send = {},
                                        .places = places_,
                                        .clock = clock_};
    wanted.send = [out = way_out_](cluster::parcel parcel) { return out->send(std::move(parcel)); };
    remote_partition one{node, {}, wanted.status};
    one.cell = service::spawn_remote_cell(system_, std::move(wanted));
    places_->add(partition, one.cell);
    remotes_.emplace(partition, std::move(one));
  }
  return {};
}

result<void> neighbours::start() {
  standing_.emplace(names_of(cluster_.links.peers), cluster_.links.down_after, cluster::steady_now());
  return way_out_->links.start();
}

result<void> neighbours::join(const std::function<bool()>& called_off) {
  auto& links = way_out_->links;
  std::unique_lock hold{mutex_};
  for (;;) {
    if (called_off && called_off())
      return failure(fault_kind::unavailable, "called off before the other nodes had answered");
    for (const auto& one : cluster_.links.peers) standing_->absent(one.name, links.is_absent(one.name));
    if (const auto end = standing_->has_to_end(cluster::steady_now())) {
      hold.unlock();
      oust(*end);
      return failure(fault_kind::conflict, end->why);
    }
    if (standing_->is_admitted(cluster::steady_now())) break;
    link_changed_.wait_for(hold, join_looks_each);
  }
  standing_->serves();
  links.serves();
  has_joined_ = true;
  return {};
}

void neighbours::stop() {
  if (way_out_) (void)way_out_->links.stop();
  for (const auto& [partition, one] : remotes_) caf::anon_send_exit(one.cell, caf::exit_reason::user_shutdown);
}

bool neighbours::is_here(std::string_view partition) const { return cluster_.hosts(partition); }

result<void> neighbours::way_out::send(cluster::parcel one) {
  if (const auto own = epochs.find(one.from); own != epochs.end()) one.epoch = own->second;
  return links.send(std::move(one));
}

/// It becomes a dead letter of one of our partitions: whose it was, nobody can tell.
void neighbours::undecodable(const std::string& node, const std::string& text) {
  log.warn("parcel-unreadable", {{"node", node}, {"error", text}});
  for (const auto& one : local_)
    if (const auto cell = places_->find(one.name()))
      return caf::anon_send(cell, service::stray_atom_v, "from node " + node + ": " + text);
}

/// On the links' thread.
void neighbours::arrived(const std::string& node, cluster::parcel one) {
  const auto from = one.from, to = one.to;
  const auto remote = remotes_.find(from);
  auto frame = service::read_frame(std::move(one));
  if (!frame) {
    way_out_->links.not_understood(node, frame.error().text);
    if (const auto cell = is_here(to) ? places_->find(to) : caf::actor{})
      caf::anon_send(cell, service::stray_atom_v, "from node " + node + ": " + frame.error().text);
    return;
  }
  if (auto* said = std::get_if<service::remote_reply>(&*frame)) {
    if (remote != remotes_.end())
      caf::anon_send(remote->second.cell, service::reply_message{said->token, std::move(said->message)});
    return;
  }
  if (auto* question = std::get_if<service::remote_request>(&*frame)) return asked(node, to, std::move(*question));
  const auto cell = is_here(to) ? places_->find(to) : caf::actor{};
  if (!cell) return;  // It begins the stream anew when it is there.
  std::visit(
      [&](auto& what) {
        using frame_type = std::remove_reference_t<decltype(what)>;
        if constexpr (!std::is_same_v<frame_type, service::remote_request> &&
                      !std::is_same_v<frame_type, service::remote_reply>)
          caf::anon_send(cell, std::move(what));
      },
      *frame);
}

void neighbours::asked(const std::string& node, const std::string& partition, service::remote_request frame) {
  const auto answer = [this, node, partition, wire_token = frame.token](const request::reply& said) {
    (void)way_out_->send(service::to_parcel(partition, cluster::node_address(node),
                                            service::remote_reply{wire_token, request::to_envelope(said)}));
  };
  const auto cell = is_here(partition) ? places_->find(partition) : caf::actor{};
  if (!cell) return answer(base::fault{fault_kind::unavailable, partition + " is not here", {}, 1s});
  const auto deadline = clock_->now() + std::clamp(frame.time_left, base::duration{0}, answer_longest);
  const auto token = sink_.expect(deadline, answer);
  caf::anon_send(cell, service::request_message{token, deadline.time_since_epoch().count(), std::move(frame.message)},
                 sink_.address());
}

void neighbours::sweep() {
  (void)sink_.expire(clock_->now());
  end_if_ousted();
}

void neighbours::end_if_ousted() {
  if (!has_joined_) return;
  if (const auto end = standing_->has_to_end(cluster::steady_now())) oust(*end);
}

void neighbours::oust(const cluster::standing::end& end) {
  if (is_ousted_.exchange(true)) return;
  log.error("node-ousted", {{"node", cluster_.links.self}, {"why", end.why}});
  if (end.for_ever) std::ofstream{data_ / ousted_file} << end.why;
  ousted_(end.why);
}

/// Their publishers are here again for our subscribers; ours are for theirs, who are told by their own node.
void neighbours::link_is_up(const std::string& node) {
  for (const auto& one : local_)
    for (const auto& upstream : wires_.at(one.name()).upstreams) {
      const auto remote = remotes_.find(upstream.service);
      if (remote == remotes_.end() || remote->second.node != node) continue;
      if (const auto cell = places_->find(one.name())) caf::anon_send(cell, delivery::hello{upstream.service});
    }
}

void neighbours::link_is_lost(const std::string& node) {
  for (const auto& [partition, one] : remotes_)
    if (one.node == node) caf::anon_send(one.cell, service::link_lost_atom_v);
}

std::optional<std::uint64_t> neighbours::epoch_of(const std::string& partition) const {
  const auto own = way_out_->epochs.find(partition);
  return own == way_out_->epochs.end() ? std::nullopt : std::optional{own->second};
}

std::vector<cluster::link_view> neighbours::links() const { return way_out_->links.view(); }

std::vector<neighbours::remote_view> neighbours::remotes() const {
  std::vector<remote_view> all;
  for (const auto& [partition, one] : remotes_)
    all.push_back({partition, one.node, one.status->requests_pending.load(), one.status->frames_not_sent.load()});
  return all;
}

}  // namespace musiccorp::node
