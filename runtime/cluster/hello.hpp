#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "describe/describe.hpp"

/// What two nodes say to each other on a new connection, before CAF hears of it: one line of JSON each time, so that
/// any version can read any other's.
///
///     caller                      the other
///     hello       ->
///                 <-  verdict (with its own hello when it accepts)
///     verdict     ->
///
/// After two acceptances the connection belongs to CAF's middleman. Unknown fields are ignored, new ones optional.
namespace musiccorp::cluster {

/// The longest line that is read.
inline constexpr std::size_t line_bytes_max = 256 * 1024;

/// Why a node is refused. The names are public: they are in logs, metrics and answers.
enum class refusal_reason : std::uint8_t {
  other_cluster,      ///< it belongs to another cluster
  unknown_node,       ///< the cluster file has no node of this name
  itself,             ///< a node has called itself
  certificate,        ///< its certificate is not for the name that it says
  protocol,           ///< no protocol that both speak
  name_taken,         ///< another process of this name is there
  same_caf_node,      ///< CAF can't tell the two processes apart
  foreign_partition,  ///< it claims a partition that the cluster file gives to another node
  replaced,           ///< it claims a partition under an epoch that is over
  epoch_clash,        ///< it claims a partition under the same epoch as another process
  unreadable,         ///< it said something that is no hello
  busy                ///< both call each other at once, or a disk is slow; it may try again, nothing is wrong
};
constexpr auto describe_choice(refusal_reason) {
  return std::array<std::string_view, 12>{"other_cluster", "unknown_node", "itself",        "certificate",
                                          "protocol",      "name_taken",   "same_caf_node", "foreign_partition",
                                          "replaced",      "epoch_clash",  "unreadable",    "busy"};
}
inline constexpr std::size_t refusal_reasons = describe_choice(refusal_reason{}).size();
/// Whether it can end by itself soon, so that it is neither logged nor shown.
constexpr bool is_passing(refusal_reason reason) { return reason == refusal_reason::busy; }

struct hello {
  std::string cluster{};
  std::string node{};
  std::string to{};  ///< the node that is meant
  std::uint32_t protocol_min = 0;
  std::uint32_t protocol_max = 0;
  std::string version{};                              ///< of the program; for people
  std::string incarnation{};                          ///< random, new with each start of the process
  std::string caf_node{};                             ///< CAF's own name of the process
  std::map<std::string, std::uint64_t> partitions{};  ///< that it owns, and the epoch of each
  std::optional<std::uint64_t> serves_ms{};           ///< for how long, see links::serves; missing: an older program
  friend bool operator==(const hello&, const hello&) = default;

  static constexpr auto describe() {
    return describe_as("hello", 1, field("cluster", &hello::cluster), field("node", &hello::node),
                       field("to", &hello::to), field("protocol_min", &hello::protocol_min),
                       field("protocol_max", &hello::protocol_max), field("version", &hello::version, defaulted),
                       field("incarnation", &hello::incarnation), field("caf_node", &hello::caf_node, defaulted),
                       field("partitions", &hello::partitions, defaulted), field("serves_ms", &hello::serves_ms));
  }
};

struct verdict {
  bool accepted = false;
  std::string reason{};  ///< of a refusal: its name; a name that is not known here counts as `unreadable`
  std::string text{};    ///< of a refusal, for people
  std::optional<std::uint64_t> owner_serves_ms{};  ///< of a refusal: see there
  std::string session{};       ///< of the called one's acceptance: the secret that names this link
  std::optional<hello> own{};  ///< of the called one's acceptance

  static constexpr auto describe() {
    return describe_as("verdict", 1, field("accepted", &verdict::accepted),
                       field("reason", &verdict::reason, defaulted), field("text", &verdict::text, defaulted),
                       field("owner_serves_ms", &verdict::owner_serves_ms),
                       field("session", &verdict::session, defaulted), field("own", &verdict::own));
  }
};

struct refusal {
  refusal_reason reason = refusal_reason::unreadable;
  std::string text{};
  /// Of a foreign partition that the refusing node owns itself: for how long it has served, 0 when it has only come.
  std::optional<std::uint64_t> owner_serves_ms{};
  /// Whether it is the same no; how long somebody serves is another number each time.
  friend bool operator==(const refusal& one, const refusal& other) {
    return one.reason == other.reason && one.text == other.text;
  }
};

[[nodiscard]] verdict to_verdict(const refusal& why);
[[nodiscard]] refusal to_refusal(const verdict& said);

}  // namespace musiccorp::cluster
