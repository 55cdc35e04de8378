#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "cluster/links.hpp"
#include "http/dispatch.hpp"
#include "http/server.hpp"
#include "node/span_exporter.hpp"
#include "service/partition.hpp"
#include "storage/sqlite_store.hpp"
#include "telemetry/span_store.hpp"

namespace musiccorp::node {

struct service_options {
  service::partition_limits limits{};
  std::uint64_t mailbox_limit = 10'000;           ///< requests that wait; above it: overloaded
  std::uint64_t mailbox_bytes_limit = 64u << 20;  ///< bytes of them; the same
};

/// The share of a cluster that a node has.
struct cluster_options {
  /// Who this node is, its peers and their links, and who owns which partition. The rest of it (epochs, what is to be
  /// called) is the node's own.
  cluster::link_options links{};
  std::map<std::string, std::string> doors{};  ///< of the other nodes: "http://host:port"
  /// Services with several partitions.
  service::partition_counts counts{};

  [[nodiscard]] bool hosts(std::string_view partition) const {
    const auto owner = links.owners.find(std::string{partition});
    return owner != links.owners.end() && owner->second == links.self;
  }
};

struct supervision_options {
  std::uint32_t restarts_max = 5;  ///< crashes of one service that count, within `restarts_period`
  std::chrono::milliseconds restarts_period = std::chrono::seconds{10};
  std::uint32_t differing_crashes = 3;       ///< in a row, of different messages, until a crash of a rule counts
  std::uint32_t services_restarts_max = 20;  ///< of all services together within a minute; above it the node gives up
  std::chrono::milliseconds delay_first = std::chrono::milliseconds{500};
  std::chrono::milliseconds delay_longest = std::chrono::seconds{30};
  std::chrono::milliseconds handler_deadline = std::chrono::seconds{30};  ///< of one rule, and of one commit
  bool wedged_ends_process = false;                                       ///< else it is only told, and waited for
};

/// What is remembered of who caused what.
struct trace_options {
  bool recorded = true;
  /// A request that brings no trace begins one, if it is one of so many; 0: never. A caller's own always goes on.
  std::uint32_t begun_one_in = 16;
  telemetry::span_store::limits limits{};
  export_options exported{};
};

struct node_options {
  std::string name = "shop";
  std::string version = "0";
  std::filesystem::path data;  ///< one store per service is kept here
  storage::durability durability = storage::durability::fsync;
  http::server_options http{};
  std::string operator_token{};  ///< see operator_gate.hpp; empty: operators are on this machine
  base::duration request_timeout = std::chrono::seconds{5};
  std::size_t threads = 0;       ///< of the scheduler; 0: enough that cells that wait for the disk hold back nobody
  std::size_t throughput = 200;  ///< messages that one actor may handle before it is another one's turn
  std::uint64_t seed = 1;
  supervision_options supervision{};
  trace_options traces{};
  service_options defaults{};
  std::map<std::string, service_options> services{};  ///< those that differ
  std::optional<cluster_options> cluster{};           ///< missing: everything runs here
  /// The node has given up: the budget of its root is spent, a wedge can't be mended, or the other nodes know a
  /// better owner of its share. Called once, on any thread, in the last case also before start() fails; must not wait
  /// for the node. What is left to do is stop().
  std::function<void(const std::string& why)> gave_up{};
  /// True: nobody wants this node any more. Asked by start() while it waits for the other nodes, many times a second;
  /// then it opens nothing, and fails with `unavailable`.
  std::function<bool()> called_off{};
  std::function<void()> drained{};  ///< a drain that somebody has ordered is done; once, on any thread
};

/// One process of the shop: opens the stores, starts its tree of supervisors with a cell for each service, and
/// answers HTTP. The only place where rooms are put together.
class node {
 public:
  /// Opens everything and starts; when it returns, the node is ready. In a cluster it first asks the other nodes, see
  /// cluster::standing; until then no store is open and there is no door. Errors name what could not be opened and
  /// what to do; then nothing is left running.
  [[nodiscard]] static result<std::unique_ptr<node>> start(node_options options,
                                                           std::vector<service_definition> services);
  /// stop() at once: 2 s to stop the tree, 2 s to kill it. Never waits longer: a cell that does not end is left
  /// behind, and its store stays open until the cell or the process ends.
  ~node();

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::string url() const;
  /// Every service serves.
  [[nodiscard]] bool is_ready() const;
  /// Why it gave up; empty: it has not.
  [[nodiscard]] std::string gave_up() const;
  /// In phases: stops accepting and ends event streams; lets running requests finish (until 0.4 of `longest`); lets
  /// the cells finish what they have taken and close their stores (until 0.6); stops the tree, children in reverse
  /// order (until 0.75), and kills who has not stopped (0.2 more); leaves. Rules that wait for something outside are
  /// interrupted when the cells' turn comes. True when nothing had to be cut. May be called again.
  bool stop(std::chrono::milliseconds longest);
  /// The end of each phase of a stop() has passed: what runs is cut. Any thread.
  void hurry();

 private:
  class parts;
  explicit node(std::unique_ptr<parts> made);
  std::unique_ptr<parts> parts_;
};

}  // namespace musiccorp::node
