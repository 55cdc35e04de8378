#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "cluster/parcel.hpp"
#include "delivery/frames.hpp"

/// What partitions of different nodes say to each other, as parcels. The heads are JSON and read tolerantly, so that
/// nodes of neighbouring versions understand each other; with the envelope they are the only contract between nodes.
namespace musiccorp::service {

/// A command or query for a partition of another node.
struct remote_request {
  std::uint64_t token = 0;      ///< of the asking node
  base::duration time_left{0};  ///< of the deadline, when it leaves: the clocks of two machines differ
  message::envelope message{};
  friend bool operator==(const remote_request&, const remote_request&) = default;
};

/// Its answer, said by the partition that was asked.
struct remote_reply {
  std::uint64_t token = 0;
  message::envelope message{};
  friend bool operator==(const remote_reply&, const remote_reply&) = default;
};

using remote_frame =
    std::variant<delivery::hello, delivery::subscribe, delivery::batch, delivery::ack, remote_request, remote_reply>;

/// `from` is the partition that says it, or the node's own address for a request; `to` is the node's for a reply.
[[nodiscard]] cluster::parcel to_parcel(std::string from, std::string to, remote_frame frame);

/// fault{invalid} for a kind that is not known, a head that can't be read, and frames that no partition would have
/// sent: somebody else's name in it, messages out of order, a wrong number of messages.
[[nodiscard]] result<remote_frame> read_frame(cluster::parcel&& parcel);

}  // namespace musiccorp::service
