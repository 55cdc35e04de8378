#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "message/envelope.hpp"

namespace musiccorp::cluster {

/// One thing that a partition says to a partition of another node. Opaque here but for its addresses: what the kinds
/// mean and what the head holds is between the partitions.
struct parcel {
  std::string from;         ///< the partition that says it, of the sending node; empty: the node itself
  std::string to;           ///< the partition that it is for
  std::uint64_t epoch = 0;  ///< of `from`, as its owner knows it; 0 when that is empty
  std::string kind;
  std::string head;  ///< JSON, small
  std::vector<message::envelope> messages;

  friend bool operator==(const parcel&, const parcel&) = default;
};

}  // namespace musiccorp::cluster
