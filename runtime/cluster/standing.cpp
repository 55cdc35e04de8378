#include "cluster/standing.hpp"

#include <algorithm>

namespace musiccorp::cluster {

void standing::told(const link_change& change, moment now) {
  const std::lock_guard hold{mutex_};
  const bool is_refused = change.state == link_state::refused;
  const bool by_peer = is_refused && change.refused_by_peer;
  if (change.state == link_state::up || by_peer) heard_.insert(change.node);
  if (by_peer && change.refusal == refusal_reason::name_taken)
    name_taken_.emplace(change.node, now);
  else
    name_taken_.erase(change.node);
  if (end_ || !is_refused) return;
  const bool is_replaced = by_peer && (change.refusal == refusal_reason::replaced ||  //
                                       change.refusal == refusal_reason::epoch_clash);
  const bool is_foreign = by_peer && change.refusal == refusal_reason::foreign_partition && !serves_;
  if (is_replaced || is_foreign || change.is_second) end_ = end{change.why, is_replaced};
}

void standing::absent(const std::string& peer, bool is_absent) {
  const std::lock_guard hold{mutex_};
  if (is_absent)
    absent_.insert(peer);
  else
    absent_.erase(peer);
}

bool standing::is_admitted(moment now) const {
  const std::lock_guard hold{mutex_};
  if (end_ || !name_taken_.empty()) return false;
  const auto waited = now - began_;
  return std::ranges::all_of(peers_, [&](const auto& one) {
    return heard_.contains(one) || waited >= (absent_.contains(one) ? down_after_ / 2 : 2 * down_after_);
  });
}

void standing::serves() {
  const std::lock_guard hold{mutex_};
  serves_ = true;
}

/// A name that is taken may be one's own of a moment ago, whose end the peer has not noticed yet.
std::optional<standing::end> standing::has_to_end(moment now) const {
  const std::lock_guard hold{mutex_};
  if (end_) return end_;
  for (const auto& [node, since] : name_taken_)
    if (now - since > 4 * down_after_)
      return end{"another process of this node's name has a link with node " + node, false};
  return {};
}

}  // namespace musiccorp::cluster
