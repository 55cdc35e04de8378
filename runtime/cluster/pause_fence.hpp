#pragma once

#include <mutex>
#include <set>
#include <string>

#include "supervision/moment.hpp"

namespace musiccorp::cluster {

using supervision::moment;

/// Whether a node may answer for what it owns. A process that did not run for a while (stopped, swapped out, its
/// machine asleep) may have been replaced meanwhile, and is the last to hear of it: its sockets still hold what was
/// said before. So after a pause it is closed until each peer has answered something that was said after it, or, for
/// peers that are away as well, until `doubt` has passed. Always open without peers. Thread-safe.
class pause_fence {
 public:
  pause_fence(duration longest_pause, duration doubt, std::set<std::string> peers)
      : longest_pause_{longest_pause}, doubt_{doubt}, peers_{std::move(peers)} {}

  /// From a thread of its own, again and again; the first one begins it.
  void pulse(moment now) {
    const std::lock_guard hold{mutex_};
    if (last_ != moment{} && now - last_ >= longest_pause_) {
      closed_since_ = now;
      closed_until_ = now + doubt_;
      vouched_.clear();
    }
    last_ = now;
  }
  /// The peer has answered what was said to it at `said`, in a link that stands.
  void vouch(const std::string& peer, moment said) {
    const std::lock_guard hold{mutex_};
    if (said <= closed_since_) return;
    vouched_.insert(peer);
    if (vouched_ == peers_) closed_until_ = moment{};
  }
  /// When the last pause ended, or was noticed; the beginning of time: there was none.
  [[nodiscard]] moment last_pause() const {
    const std::lock_guard hold{mutex_};
    return closed_since_;
  }
  /// Also closed when the pulse is late: perhaps this thread runs again before that one.
  [[nodiscard]] bool is_open(moment now) const {
    const std::lock_guard hold{mutex_};
    return peers_.empty() || last_ == moment{} || (now - last_ < longest_pause_ && now >= closed_until_);
  }

 private:
  const duration longest_pause_, doubt_;
  const std::set<std::string> peers_;
  mutable std::mutex mutex_;
  moment last_{};
  moment closed_since_{};
  moment closed_until_{};
  std::set<std::string> vouched_{};
};

}  // namespace musiccorp::cluster
