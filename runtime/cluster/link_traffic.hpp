#pragma once

#include <array>
#include <cstdint>

#include "cluster/frame.hpp"
#include "supervision/moment.hpp"

/// What went over one session and what the other side has of it. Pure; no locking.
namespace musiccorp::cluster {

using supervision::moment;

class link_traffic {
 public:
  void sent(std::uint64_t bytes) {
    ++sent_parcels_;
    sent_bytes_ += bytes;
  }
  void got(std::uint64_t bytes) {
    ++got_parcels_;
    got_bytes_ += bytes;
  }
  /// A word of the peer; what it acknowledges beyond what was sent counts as nothing.
  void heard(const word& said, moment now);
  /// Fills in what the next word to the peer tells.
  void fill(word& to_say, moment now);

  [[nodiscard]] std::uint64_t outstanding() const { return sent_bytes_ - acknowledged_; }
  /// Bytes that came since the peer was last told: worth a word of their own when they are many.
  [[nodiscard]] std::uint64_t untold() const { return got_bytes_ - told_; }
  [[nodiscard]] bool has_everything() const { return acknowledged_parcels_ == sent_parcels_; }
  /// Microseconds, 0 when none is known.
  [[nodiscard]] std::int64_t rtt_last() const;
  [[nodiscard]] std::int64_t rtt_middle() const;

 private:
  static constexpr std::size_t window = 64;
  std::uint64_t sent_parcels_ = 0, sent_bytes_ = 0;
  std::uint64_t acknowledged_parcels_ = 0, acknowledged_ = 0;
  std::uint64_t got_parcels_ = 0, got_bytes_ = 0, told_ = 0;
  std::int64_t echo_ = 0;
  moment echo_came_{};
  std::array<std::int64_t, window> rtts_{};
  std::size_t rtt_count_ = 0;
};

}  // namespace musiccorp::cluster
