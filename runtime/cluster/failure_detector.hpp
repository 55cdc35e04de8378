#pragma once

#include <array>

#include "supervision/moment.hpp"

/// Tells from the times of a peer's signs of life whether it is still there. No clock, no threads.
namespace musiccorp::cluster {

using supervision::moment;

struct detector_options {
  duration beat{200'000};          ///< how often the peer says something at least
  duration down_after{1'500'000};  ///< silence after which it counts as gone
};

/// One peer. Two measures: `suspicion` grows with the silence, weighed by how regular the peer has been (the phi
/// accrual failure detector, Hayashibara et al. 2004), and is for people and dashboards; `is_down` decides. It waits
/// `down_after`, and up to a quarter longer for a peer whose signs have come irregularly.
///
/// Only silence that we could have heard counts, so that a slow machine of one's own is not taken for a dead peer:
/// `is_down` is asked for the time up to which everything has been read (see own_pace), and pauses of the own process
/// are taken off.
class failure_detector {
 public:
  failure_detector(const detector_options& options, moment now);

  /// Any sign of life; signs out of order in time are ignored.
  void heard(moment now);
  /// So much of the time since the last sign could not be heard.
  void deaf(duration time) { deaf_ += time; }

  /// Silence so far, without the time that could not be heard. Never negative.
  [[nodiscard]] duration silence(moment now) const;
  /// Silence that is borne.
  [[nodiscard]] duration patience() const;
  [[nodiscard]] bool is_down(moment now) const { return silence(now) >= patience(); }
  /// -log10 of the chance that a peer that lives is silent for so long; 0 to 300. From 8 on it is worth a look.
  [[nodiscard]] double suspicion(moment now) const;

 private:
  [[nodiscard]] double mean() const;
  [[nodiscard]] double deviation() const;

  static constexpr std::size_t window = 64;
  detector_options options_;
  moment last_;
  duration deaf_{0};
  std::array<double, window> intervals_{};  ///< seconds
  std::size_t count_ = 0;
};

/// Up to when this process could have heard a peer. Its reading thread may be behind, because it has much to do or
/// gets no processor: then what a peer has said may still lie in front of it. So it is given marks, and as soon as it
/// has taken one, everything that came before that mark is known. Silence is measured up to there, and not up to now.
class own_pace {
 public:
  /// A longer pause between two ticks was a pause of the whole process, or of the whole machine.
  own_pace(duration pause_min, moment now) : pause_min_(pause_min), last_tick_(now), horizon_(now) {}

  /// The reading thread has taken the mark of this time.
  void has_read_up_to(moment mark) {
    if (mark > horizon_) horizon_ = mark;
  }
  [[nodiscard]] moment horizon() const { return horizon_; }
  /// Called regularly. Returns how long this process did not run at all since the last call; mostly 0.
  [[nodiscard]] duration pause_since_last(moment now);

 private:
  duration pause_min_;
  moment last_tick_;
  moment horizon_;
};

}  // namespace musiccorp::cluster
