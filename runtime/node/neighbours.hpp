#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cluster/links.hpp"
#include "cluster/standing.hpp"
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
/// A peer may know that this node is not the owner any more: somebody else has taken its partitions over, or has its
/// name. Then `ousted` is called, once, on any thread: the node must not go on. When others have gone on with these
/// partitions, the data folder remembers it, so that no restart makes two owners of them.
///
/// What it is given must outlive it. open(), start() and stop() from one thread, the rest from any after open().
class neighbours {
 public:
  neighbours(caf::actor_system& system, const node_options& options, std::span<const service_definition> local,
             const std::map<std::string, service::wiring>& wires, std::shared_ptr<service::directory> places,
             std::shared_ptr<const base::clock> clock, telemetry::metrics_registry& numbers,
             std::function<void(const std::string& why)> ousted);
  ~neighbours();
  neighbours(const neighbours&) = delete;
  neighbours& operator=(const neighbours&) = delete;

  /// Puts the remote cells in their places. The error names the file of epochs when it can't be read, and says so
  /// when this data was ousted before.
  [[nodiscard]] result<void> open();
  /// The links come when the others do. The error says what is wrong with address, certificates or epochs.
  [[nodiscard]] result<void> start();
  /// Asks the peers whether this node may serve, and waits until all who can be reached have answered; see
  /// cluster::standing. After a no, `ousted` has been called, and the error says why. `called_off` ends the waiting,
  /// with fault{unavailable}; empty: nothing does.
  [[nodiscard]] result<void> join(const std::function<bool()>& called_off);
  /// What was said is given to the peers, within a limit; then there are no links.
  void stop();
  /// Tells them how this node is; see cluster::links.
  void announce(const std::string& condition) { way_out_->links.announce(condition); }
  /// Ends requests of other nodes that nobody has answered in time.
  void sweep();

  /// After a pause of this process, only once the others say that it was not replaced, or are away themselves.
  [[nodiscard]] bool may_act() const { return way_out_->links.may_act(); }
  [[nodiscard]] std::vector<cluster::link_view> links() const;
  [[nodiscard]] std::string incarnation() const { return way_out_->links.incarnation(); }
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
  /// What remote cells use, for as long as the last of them.
  struct way_out {
    way_out(caf::actor_system& system, cluster::link_options options)
        : epochs{options.owned}, links{system, std::move(options)} {}
    [[nodiscard]] result<void> send(cluster::parcel one);

    const std::map<std::string, std::uint64_t> epochs;  ///< of our partitions
    cluster::links links;
  };
  struct remote_partition {
    std::string node;
    caf::actor cell;
    std::shared_ptr<service::remote_status> status;
  };

  [[nodiscard]] bool is_here(std::string_view partition) const;
  void arrived(const std::string& node, cluster::parcel one);
  void asked(const std::string& node, const std::string& partition, service::remote_request frame);
  void undecodable(const std::string& node, const std::string& text);
  void link_is_up(const std::string& node);
  void link_is_lost(const std::string& node);
  void end_if_ousted();
  void oust(const cluster::standing::end& end);

  caf::actor_system& system_;
  const cluster_options& cluster_;
  std::filesystem::path data_;
  std::function<void(const std::string& why)> ousted_;
  std::atomic<bool> is_ousted_{false};
  std::mutex mutex_;
  std::condition_variable link_changed_;
  std::optional<cluster::standing> standing_;  ///< from start() on
  std::atomic<bool> has_joined_{false};        ///< before that, only join() says that it failed
  std::span<const service_definition> local_;
  const std::map<std::string, service::wiring>& wires_;
  std::shared_ptr<service::directory> places_;
  std::shared_ptr<const base::clock> clock_;
  telemetry::metrics_registry& numbers_;
  std::map<std::string, remote_partition, std::less<>> remotes_;  ///< by partition; fixed after start()
  std::shared_ptr<way_out> way_out_;
  response_sink sink_;  ///< first to go: its callbacks use the others
};

}  // namespace musiccorp::node
