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
/// Only silence that we could have heard counts: whoever owns the detector reports the time in which its own process
/// or its own reading thread did not run, so that a slow machine of one's own is not taken for a dead peer.
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

/// Measures when this process did not do what it should: its timer came late, or the thread that reads the network
/// did not come round.
class own_pace {
 public:
  own_pace(duration tick, moment now) : tick_(tick), last_(now), reader_(now) {}
  /// The reading thread ran at this time.
  void reader_ran(moment at) {
    if (at > reader_) reader_ = at;
  }
  /// Called every `tick`. Returns how much of the time since the last call nothing could be heard.
  [[nodiscard]] duration deaf_since_last(moment now);

 private:
  duration tick_;
  moment last_;
  moment reader_;
};

}  // namespace musiccorp::cluster
