#include "cluster/failure_detector.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace musiccorp::cluster {

namespace {
double seconds(duration time) { return std::chrono::duration<double>(time).count(); }
}  // namespace

failure_detector::failure_detector(const detector_options& options, moment now) : options_(options), last_(now) {
  heard(now + options_.beat);  // One expected interval to begin with, so that there is a mean.
  last_ = now;
}

void failure_detector::heard(moment now) {
  if (now < last_) return;
  // Parcels come in bursts; what matters is how long the pauses are. Much shorter intervals say nothing about them.
  const auto interval = std::max(now - last_ - deaf_, duration{0});
  if (interval >= options_.beat / 2) {
    intervals_[count_ % window] = seconds(interval);
    ++count_;
  }
  last_ = now;
  deaf_ = duration{0};
}

duration failure_detector::silence(moment now) const { return std::max(now - last_ - deaf_, duration{0}); }

double failure_detector::mean() const {
  const auto size = std::min(count_, window);
  return std::accumulate(intervals_.begin(), intervals_.begin() + static_cast<std::ptrdiff_t>(size), 0.0) /
         static_cast<double>(size);
}

double failure_detector::deviation() const {
  const auto size = std::min(count_, window);
  const auto middle = mean();
  double sum = 0;
  for (std::size_t i = 0; i < size; ++i) sum += (intervals_[i] - middle) * (intervals_[i] - middle);
  // Never less than a quarter of a beat: a peer that has been very regular may be late once.
  return std::max(std::sqrt(sum / static_cast<double>(size)), seconds(options_.beat) / 4);
}

duration failure_detector::patience() const {
  const auto regular = std::chrono::duration_cast<duration>(std::chrono::duration<double>(mean() + 6 * deviation()));
  return std::clamp(regular, options_.down_after, options_.down_after * 5 / 4);
}

double failure_detector::suspicion(moment now) const {
  const auto late = (seconds(silence(now)) - mean()) / deviation();
  if (late > 30) return 300;  // The tail is below what a double can hold.
  const auto tail = 0.5 * std::erfc(late / std::sqrt(2.0));
  return std::clamp(-std::log10(tail), 0.0, 300.0);
}

duration own_pace::pause_since_last(moment now) {
  const auto elapsed = now - last_tick_;
  last_tick_ = now;
  return elapsed >= pause_min_ ? elapsed : duration{0};
}

}  // namespace musiccorp::cluster
