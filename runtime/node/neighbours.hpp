#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cluster/links.hpp"
#include "node/node.hpp"
#include "node/response_sink.hpp"
#include "service/cell.hpp"
#include "service/remote_cell.hpp"
#include "service/remote_frames.hpp"
#include "service/wiring.hpp"

namespace musiccorp::node {

/// The other nodes of the cluster: puts a remote cell for each of their partitions into the directory, and hands what
/// comes from them to the cells here. When a link is up, every stream over it begins at the cursor; when it is lost,
/// whoever waits for an answer over it is told.
///
/// The remote cells are there when it is made. What it is given must outlive it. start() and stop() from one thread,
/// the rest from any.
class neighbours {
 public:
  neighbours(caf::actor_system& system, const node_options& options, std::span<const service_definition> local,
             const std::map<std::string, service::wiring>& wires, std::shared_ptr<service::directory> places,
             std::shared_ptr<const base::clock> clock, telemetry::metrics_registry& numbers);
  ~neighbours();
  neighbours(const neighbours&) = delete;
  neighbours& operator=(const neighbours&) = delete;

  /// The links come when the others do. The error says what is wrong with address, certificates or epochs.
  [[nodiscard]] result<void> start();
  /// What was said is given to the peers, within a limit; then there are no links.
  void stop();
  /// Ends requests of other nodes that nobody has answered in time.
  void sweep();

  [[nodiscard]] std::vector<cluster::link_view> links() const;
  [[nodiscard]] std::string incarnation() const { return links_ ? links_->incarnation() : std::string{}; }
  /// Of a partition of this node.
  [[nodiscard]] std::optional<std::uint64_t> epoch_of(const std::string& partition) const;
  struct remote_view {
    std::string partition;
    std::string node;
    std::uint64_t requests_pending = 0;
    std::uint64_t frames_not_sent = 0;
  };
  [[nodiscard]] std::vector<remote_view> remotes() const;

 private:
  struct remote_partition {
    std::string node;
    caf::actor cell;
    std::shared_ptr<service::remote_status> status;
  };

  [[nodiscard]] bool is_here(std::string_view partition) const;
  [[nodiscard]] result<void> send(cluster::parcel one);
  void arrived(const std::string& node, cluster::parcel one);
  void asked(const std::string& node, const std::string& partition, service::remote_request frame);
  void undecodable(const std::string& node, const std::string& text);
  void link_is_up(const std::string& node);
  void link_is_lost(const std::string& node);

  caf::actor_system& system_;
  const cluster_options& cluster_;
  std::filesystem::path data_;
  std::map<std::string, std::uint64_t> epochs_{};  ///< of our partitions; fixed after start()
  std::span<const service_definition> local_;
  const std::map<std::string, service::wiring>& wires_;
  std::shared_ptr<service::directory> places_;
  std::shared_ptr<const base::clock> clock_;
  telemetry::metrics_registry& numbers_;
  response_sink sink_;
  std::map<std::string, remote_partition, std::less<>> remotes_;  ///< by partition; fixed after start()
  std::unique_ptr<cluster::links> links_;
};

}  // namespace musiccorp::node
