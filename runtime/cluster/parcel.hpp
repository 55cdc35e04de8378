#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "message/envelope.hpp"

namespace musiccorp::cluster {

/// One thing that a partition says to a partition of another node.
///
/// Addresses are those of the cluster file ("order", "order/2"), or "@north" for the node of that name itself, which
/// has no epoch. What kinds mean is the business of those who send and receive them.
struct parcel {
  std::string from{};
  std::string to{};
  std::uint64_t epoch = 0;  ///< under which the sender owns `from`; 0 for a node itself
  std::string kind{};       ///< "batch", "ack", "request", ...
  std::string head{};       ///< JSON text, small
  std::vector<message::envelope> messages{};

  /// Bytes that count against the limits of a link.
  [[nodiscard]] std::size_t size() const {
    auto bytes = sizeof(parcel) + from.size() + to.size() + kind.size() + head.size();
    for (const auto& one : messages) bytes += one.size();
    return bytes;
  }
  friend bool operator==(const parcel&, const parcel&) = default;
};

/// The address of a node itself.
[[nodiscard]] inline std::string node_address(std::string_view node) { return "@" + std::string{node}; }
/// The node of such an address; empty when it is a partition's.
[[nodiscard]] inline std::string_view node_of(std::string_view address) {
  return address.starts_with('@') ? address.substr(1) : std::string_view{};
}

}  // namespace musiccorp::cluster
