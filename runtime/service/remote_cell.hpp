#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "cluster/parcel.hpp"
#include "service/cell.hpp"

namespace musiccorp::service {

/// What the outside may know of a remote cell. Outlives it; any thread.
struct remote_status {
  std::atomic<std::uint64_t> requests_pending{0};
  std::atomic<std::uint64_t> frames_not_sent{0};  ///< without a link; the streams send them again
};

struct remote_cell_options {
  std::string partition;
  std::string node;  ///< that hosts it, for words
  std::string self;  ///< this node
  /// Gives a parcel to the link. Never waits. fault{overloaded}: too much is on its way; others: there is no link.
  std::function<result<void>(cluster::parcel)> send;
  std::shared_ptr<directory> places;  ///< where the partitions of this node are
  std::shared_ptr<const base::clock> clock;
  std::shared_ptr<remote_status> status = std::make_shared<remote_status>();
  std::uint64_t requests_max = 10'000;  ///< without an answer yet; above it fault{overloaded}
};

/// Stands for a partition of another node: an actor of this node that takes what a cell takes, for the whole life of
/// the node, whatever becomes of links. Each request ends as an answer, or as fault{unavailable} when there is no
/// link, or at once when it is lost, or as fault{timeout} at its deadline. Frames of streams that can't be sent are
/// dropped: without a link, the streams begin anew when there is one; on a full one, as soon as it takes something.
///
/// `reply_message` with the token of a request that it has sent is what came back for it; `link_lost_atom` says that
/// nothing more comes.
[[nodiscard]] caf::actor spawn_remote_cell(caf::actor_system& system, remote_cell_options options);

}  // namespace musiccorp::service
