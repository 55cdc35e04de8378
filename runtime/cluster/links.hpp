#pragma once

#include <caf/fwd.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "cluster/link_view.hpp"
#include "cluster/parcel.hpp"

namespace musiccorp::telemetry {
class metrics_registry;
}

/// Links between the nodes of a cluster. They know nodes and the addresses of partitions, and carry parcels; what
/// parcels mean, they do not know.
namespace musiccorp::cluster {

using namespace std::chrono_literals;

/// Another node by the cluster file.
struct peer {
  std::string name;
  std::string host;
  std::uint16_t port = 0;

  [[nodiscard]] std::string address() const { return host + ":" + std::to_string(port); }
};

/// PEM files of this node. They are read again when they have changed, so certificates may be rotated by renaming new
/// files over the old ones, the certificate last; until both fit, the former ones stay in use.
struct tls_files {
  std::filesystem::path authority;    ///< the certificate of the cluster's CA
  std::filesystem::path certificate;  ///< of this node, issued by that CA for its name, and intermediates if any
  std::filesystem::path key;          ///< of that certificate, not encrypted
};

struct link_options {
  std::string cluster;
  std::string self;
  std::string host = "127.0.0.1";  ///< to listen on
  std::uint16_t port = 0;          ///< 0: any free one
  std::vector<peer> peers;         ///< without this node
  std::optional<tls_files> tls;
  /// Without TLS, only loopback addresses are accepted, because whoever reaches the port is believed. This setting
  /// accepts others too, and warns at each start.
  bool plain_allowed_beyond_loopback = false;
  std::string version;             ///< of the program; for people
  std::uint32_t protocol_min = 1;  ///< of what parcels say; the links' own format has no number
  std::uint32_t protocol_max = 1;
  /// Begins as a node that asks whether it may serve: its peers are told "joining", and it calls all of them at once,
  /// until serves(). Else it serves from start() on.
  bool joins = false;

  std::chrono::microseconds beat = 200ms;
  std::chrono::microseconds down_after = 1500ms;
  std::chrono::microseconds reconnect_first = 100ms;
  std::chrono::microseconds reconnect_longest = 5s;
  /// From the first byte of a connection until it is a link; what takes longer is closed.
  std::chrono::microseconds handshake_within = 3s;
  std::size_t parcel_bytes_max = 8U << 20U;
  std::size_t parcel_messages_max = 10'000;
  /// For each peer: parcels that were sent and not yet acknowledged.
  std::size_t outstanding_bytes_max = 16U << 20U;

  /// What must survive this process: the highest epoch of each partition that was ever seen. Empty: it does not.
  std::filesystem::path state;
  /// Partitions that this node owns, each with an epoch that is higher than at any start before.
  std::map<std::string, std::uint64_t> owned;
  /// By the cluster file: partition to node, of all nodes.
  std::map<std::string, std::string> owners;

  /// A parcel has come, checked: the sender owns `from` under this epoch, and `to` belongs to this node (or is it).
  /// Called in order of arrival by the thread that reads the network: it must only hand the parcel on. What it does
  /// not take at once holds the peers back, not the memory.
  std::function<void(const std::string& from_node, parcel)> on_parcel;
  /// A link has changed, in order, on a thread of its own.
  std::function<void(const link_change&)> on_link;
  /// A peer has said something that could not be read (a type that this program does not know, or an empty message),
  /// or that is no parcel. `text` is for people. On the reading thread.
  std::function<void(const std::string& node, const std::string& text)> on_undecodable;

  const base::clock* time = nullptr;               ///< must outlive the links; null: the machine's
  telemetry::metrics_registry* metrics = nullptr;  ///< must outlive the links; null: none
  std::uint64_t seed = 0;                          ///< of the reconnect jitter; 0: from the system
};

/// All links of one node. Thread-safe.
///
/// Each pair of nodes has at most one connection. Both sides call: the lower name at once, the higher one a little
/// later and only when there is no link, so that a node that nobody can call is found too. Threads of its own: one
/// that listens, one for beats, one for on_link, one for each peer that calls it; so a scheduler that is busy, a name
/// server that hangs or an address that swallows everything delays nobody else.
class links {
 public:
  /// Loads what CAF needs; to be called before the actor system is made. CAF's own heartbeats stay off: they would
  /// kill handshakes and mistake a queue for a dead peer, and ours do all they could.
  static void prepare(caf::actor_system_config& config);

  /// `system` must outlive the links, and was prepared.
  links(caf::actor_system& system, link_options options);
  ~links();  ///< stop()
  links(const links&) = delete;
  links& operator=(const links&) = delete;

  /// Listens and begins to call. Refused are: names or addresses that can't be (invalid), plain addresses beyond
  /// loopback (forbidden), TLS files that are missing, unreadable, encrypted, expired, not matching or not for this
  /// node (invalid), a port that is taken (unavailable), an unreadable state file (corrupt, storage), epochs that are
  /// not higher than what was seen (conflict). Once.
  [[nodiscard]] result<void> start();
  /// Where it listens.
  [[nodiscard]] std::uint16_t port() const;
  /// Of this process, random.
  [[nodiscard]] const std::string& incarnation() const;

  /// To the owner of `what.to`. Never blocks. What is accepted arrives at most once, in order, and is lost with the
  /// link. fault{unavailable}: no link now; fault{overloaded}: too much is outstanding there; fault{not_found}:
  /// nobody owns the address; fault{invalid}: this node does, or `from` is not this node's; fault{too_large}: over
  /// the limits.
  [[nodiscard]] result<void> send(parcel what);

  /// A parcel of this peer that was handed to on_parcel is of no kind that is known here: it is counted and logged as
  /// one that could not be read.
  void not_understood(const std::string& node, const std::string& what);

  /// Tells all peers, and those that come, how this node is: a word for people, at most `condition_max` bytes.
  /// "serving" until it is called. Those who do not know it ignore it.
  void announce(const std::string& condition);
  static constexpr std::size_t condition_max = 32;

  /// From now on this node does what it claims to do, and the peers are told "serving". Of two nodes whose cluster
  /// files give them the same partition, the one that has served for longer, without a pause, is the owner. Once.
  void serves();
  /// The last call has found that nobody listens at the peer's address.
  [[nodiscard]] bool is_absent(const std::string& node) const;

  /// Whether this node may answer for what it owns; see pause_fence.
  [[nodiscard]] bool may_act() const;

  /// One for each peer, by name.
  [[nodiscard]] std::vector<link_view> view() const;
  [[nodiscard]] bool is_up(const std::string& node) const;

  /// Says goodbye: waits until each peer that is there has everything that was sent to it, but not longer than this,
  /// then closes all. Returns whether everybody has confirmed. After it, nothing is called any more, and send()
  /// answers unavailable.
  bool stop(std::chrono::microseconds longest = 2s);

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace musiccorp::cluster
