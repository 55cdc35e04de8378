#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "cluster/link_view.hpp"
#include "supervision/moment.hpp"

namespace musiccorp::cluster {

using supervision::moment;

/// How a node stands with its peers: whether it may begin to serve, and whether it has to end. Thread-safe.
///
/// A node that starts asks before it opens anything: of two nodes that claim the same, the second one must not serve,
/// and only the others can know which one that is. It waits until each peer has accepted or refused it, but for those
/// whom nobody answers for not longer than `2 * down_after`, and a quarter of that where nobody even listens: a node
/// starts also when others are missing.
class standing {
 public:
  standing(std::set<std::string> peers, duration down_after, moment began)
      : peers_{std::move(peers)}, down_after_{down_after}, began_{began} {}

  /// Each change of each link, in order.
  void told(const link_change& change, moment now);
  /// The last call has found that nobody listens at the peer's address, or has not.
  void absent(const std::string& peer, bool is_absent);

  /// Nothing speaks against it, and whoever can be asked has been.
  [[nodiscard]] bool is_admitted(moment now) const;
  /// From now on a contradiction of a bystander, whose cluster file is another one, is no reason to end.
  void serves();

  struct end {
    std::string why;
    bool for_ever = false;  ///< others have gone on with these partitions: no restart with these data helps
  };
  [[nodiscard]] std::optional<end> has_to_end(moment now) const;

 private:
  const std::set<std::string> peers_;
  const duration down_after_;
  const moment began_;
  mutable std::mutex mutex_;
  bool serves_ = false;
  std::set<std::string> heard_;               ///< have said yes, or no
  std::set<std::string> absent_;              ///< nobody listens at their address
  std::map<std::string, moment> name_taken_;  ///< since when a peer knows another process of this name
  std::optional<end> end_;
};

}  // namespace musiccorp::cluster
