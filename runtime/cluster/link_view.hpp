#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "cluster/hello.hpp"

/// What can be seen of the links, for `GET /cluster` and for those who want to be told.
namespace musiccorp::cluster {

using base::instant;

enum class link_state : std::uint8_t {
  down,     ///< no link: not yet, or lost
  up,       ///< parcels can be sent
  refused,  ///< one side does not accept the other; calls go on, because the reason may go away
  left      ///< the peer has said goodbye
};
constexpr auto describe_choice(link_state) {
  return std::array<std::string_view, 4>{"down", "up", "refused", "left"};
}

/// One change of one link.
struct link_change {
  std::string node{};
  link_state state = link_state::down;
  instant at{};
  std::string why{};                        ///< for people
  std::optional<refusal_reason> refusal{};  ///< when refused
  bool refused_by_peer = false;             ///< it is the peer that does not accept this node
  /// Both own the same partition by their cluster files, and the peer has served for at least as long as this node:
  /// so this one is the second. For those who are told, not shown.
  bool is_second = false;
  bool is_lost = false;  ///< it was up, and nobody has ended it; for the same readers

  static constexpr auto describe() {
    return describe_as("link_change", 1, field("node", &link_change::node), field("state", &link_change::state),
                       field("at", &link_change::at), field("why", &link_change::why),
                       field("refusal", &link_change::refusal),
                       field("refused_by_peer", &link_change::refused_by_peer, defaulted));
  }
};

struct link_view {
  std::string node{};
  std::string address{};  ///< host:port by the cluster file
  link_state state = link_state::down;
  std::string why{};
  instant since{};                                    ///< of the state
  std::string version{};                              ///< of the peer's program, when it was last up
  std::string incarnation{};                          ///< of the peer's process, when it was last up
  std::string condition{};                            ///< of the peer by its own word: serving, draining, drained
  std::uint32_t protocol = 0;                         ///< that both speak; 0 when never up
  std::map<std::string, std::uint64_t> partitions{};  ///< that the peer owned when it was last up, and their epochs
  double rtt_last_ms = 0;
  double rtt_p50_ms = 0;                ///< of the last 64 beats
  double suspicion = 0;                 ///< of the failure detector, when up: 8 and more is worth a look
  std::uint64_t outstanding_bytes = 0;  ///< sent and not yet acknowledged
  std::uint64_t parcels_out = 0;        ///< since this process started, as all below
  std::uint64_t parcels_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t times_up = 0;
  std::map<std::string, std::uint64_t> refused_parcels{};  ///< from this peer, by reason
  std::vector<link_change> history{};                      ///< the last 32 changes, oldest first

  static constexpr auto describe() {
    return describe_as(
        "link", 1, field("node", &link_view::node), field("address", &link_view::address),
        field("state", &link_view::state), field("why", &link_view::why), field("since", &link_view::since),
        field("version", &link_view::version), field("incarnation", &link_view::incarnation),
        field("condition", &link_view::condition, defaulted), field("protocol", &link_view::protocol),
        field("partitions", &link_view::partitions), field("rtt_last_ms", &link_view::rtt_last_ms),
        field("rtt_p50_ms", &link_view::rtt_p50_ms), field("suspicion", &link_view::suspicion),
        field("outstanding_bytes", &link_view::outstanding_bytes), field("parcels_out", &link_view::parcels_out),
        field("parcels_in", &link_view::parcels_in), field("bytes_out", &link_view::bytes_out),
        field("bytes_in", &link_view::bytes_in), field("times_up", &link_view::times_up),
        field("refused_parcels", &link_view::refused_parcels), field("history", &link_view::history));
  }
};

}  // namespace musiccorp::cluster
