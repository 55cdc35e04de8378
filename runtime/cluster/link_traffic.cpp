#include "cluster/link_traffic.hpp"

#include <algorithm>

namespace musiccorp::cluster {

void link_traffic::heard(const word& said, moment now) {
  if (said.got_bytes <= sent_bytes_ && said.got_parcels <= sent_parcels_) {
    acknowledged_ = std::max(acknowledged_, said.got_bytes);
    acknowledged_parcels_ = std::max(acknowledged_parcels_, said.got_parcels);
  }
  if (said.said_at > 0) {
    echo_ = said.said_at;
    echo_came_ = now;
  }
  if (said.echo <= 0 || said.held_us < 0) return;
  const auto rtt = now.time_since_epoch().count() - said.echo - said.held_us;
  if (rtt >= 0) rtts_[rtt_count_++ % window] = rtt;
}

void link_traffic::fill(word& to_say, moment now) {
  to_say.got_parcels = got_parcels_;
  to_say.got_bytes = told_ = got_bytes_;
  to_say.said_at = now.time_since_epoch().count();
  to_say.echo = echo_;
  to_say.held_us = echo_ > 0 ? (now - echo_came_).count() : 0;
}

std::int64_t link_traffic::rtt_last() const { return rtt_count_ == 0 ? 0 : rtts_[(rtt_count_ - 1) % window]; }

std::int64_t link_traffic::rtt_middle() const {
  const auto size = static_cast<std::ptrdiff_t>(std::min(rtt_count_, window));
  if (size == 0) return 0;
  auto sorted = rtts_;
  std::nth_element(sorted.begin(), sorted.begin() + size / 2, sorted.begin() + size);
  return sorted[static_cast<std::size_t>(size / 2)];
}

}  // namespace musiccorp::cluster
