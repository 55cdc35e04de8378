#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "cluster/link_view.hpp"
#include "http/dispatch.hpp"
#include "node/admin.hpp"
#include "node/neighbours.hpp"
#include "node/supervision_routes.hpp"
#include "service/ledger.hpp"
#include "service/wiring.hpp"

namespace musiccorp::node {

/// A partition, and who has it.
struct placed_partition {
  std::string partition;
  std::string node;
  std::optional<std::uint64_t> epoch;
  std::string state;
  std::uint64_t requests_pending = 0;

  static constexpr auto describe() {
    return describe_as(
        "placed_partition", 1, field("partition", &placed_partition::partition),
        field("node", &placed_partition::node, "who owns it by the cluster file"),
        field("epoch", &placed_partition::epoch, "grows with each start of its owner; missing: that was never seen"),
        field("state", &placed_partition::state,
              "here: of its cell; of another node: reachable, draining, drained or unreachable"),
        field("requests_pending", &placed_partition::requests_pending, "asked here and not answered yet"));
  }
};

/// A stream that crosses nodes, as its publisher's node knows it.
struct crossing_stream {
  std::string queue;
  std::string to;
  std::uint64_t ready = 0;
  std::uint64_t in_flight = 0;
  std::optional<instant> oldest_ready;

  static constexpr auto describe() {
    return describe_as("crossing_stream", 1, field("queue", &crossing_stream::queue),
                       field("to", &crossing_stream::to, "node of the subscriber"),
                       field("ready", &crossing_stream::ready, "messages that it has not committed yet: its lag"),
                       field("in_flight", &crossing_stream::in_flight, "the part of them that is on its way"),
                       field("oldest_ready", &crossing_stream::oldest_ready, "when the oldest was written"));
  }
};

/// How a node is, by its own word.
enum class node_condition : std::uint8_t {
  serving,
  draining,  ///< on order: its cells finish what they have taken
  drained    ///< its stores are closed; the process waits for its end, and its door leads to the other nodes
};
constexpr auto describe_choice(node_condition) {
  return std::array<std::string_view, 3>{"serving", "draining", "drained"};
}

/// What `POST /cluster/drain` answers.
struct drain_answer {
  std::string node;
  node_condition condition = node_condition::draining;

  static constexpr auto describe() {
    return describe_as("drain_answer", 1, field("node", &drain_answer::node),
                       field("condition", &drain_answer::condition));
  }
};

/// What `GET /cluster` answers.
struct cluster_page {
  std::string cluster;
  std::string node;
  std::string version;
  std::string incarnation;
  node_condition condition = node_condition::serving;
  std::vector<cluster::link_view> links;
  std::vector<placed_partition> partitions;
  std::vector<crossing_stream> streams;

  static constexpr auto describe() {
    return describe_as("cluster_page", 1, field("cluster", &cluster_page::cluster, "empty: this node is alone"),
                       field("node", &cluster_page::node, "that answers"),
                       field("version", &cluster_page::version, "of its program"),
                       field("incarnation", &cluster_page::incarnation, "of its process"),
                       field("condition", &cluster_page::condition, "of this node", defaulted),
                       field("links", &cluster_page::links, "to each other node"),
                       field("partitions", &cluster_page::partitions), field("streams", &cluster_page::streams));
  }
};

/// `others` is null on a node that is alone. All of it must outlive the routes.
[[nodiscard]] cluster_page look_at_cluster(const node_options& options, std::span<const service_definition> services,
                                           const std::map<std::string, service::wiring>& wires,
                                           const cell_statuses& cells, const service::ledger_board& ledgers,
                                           const neighbours* others);

/// GET /cluster.
[[nodiscard]] http::route cluster_route(std::function<cluster_page()> look);
/// POST /cluster/drain with an operator_command: 202 with the drain_answer, also when it drains already.
[[nodiscard]] http::route drain_route(std::string node, std::function<node_condition(const operator_command&)> drain);

}  // namespace musiccorp::node
