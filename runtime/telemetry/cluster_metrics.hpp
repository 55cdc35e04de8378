#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "telemetry/metrics.hpp"

/// The cluster's numbers, as verbs. The label `peer` is the other node's name by the cluster file. Objects made by
/// default count nothing; all others must end before their registry. Copies count for the same thing. Thread-safe.
namespace musiccorp::telemetry {

using base::instant;

/// Why a parcel of another node was not delivered, or a word of it not heard.
enum class parcel_refusal : std::uint8_t {
  session,      ///< it belongs to a link that is over
  not_owner,    ///< its sender does not own the partition that it speaks for
  epoch,        ///< its sender owned the partition under another epoch
  wrong_node,   ///< it is for a partition of another node
  too_large,    ///< over the limits
  undecodable,  ///< it could not be read, or is of a kind that is not known
  word          ///< no parcel: a beat or a goodbye of a link that is over, or of one that does not stand yet
};
inline constexpr std::size_t parcel_refusals = 7;
[[nodiscard]] std::string_view name_of(parcel_refusal reason);

/// The link with one other node.
class link_metrics {
 public:
  link_metrics() = default;
  link_metrics(metrics_registry& registry, std::string_view peer);

  void up(bool now) const noexcept { up_.set(std::int64_t{now}); }
  void came_up() const noexcept { ups_.increment(); }
  void call_failed() const noexcept { failed_calls_.increment(); }
  void round_trip(double seconds) const noexcept { round_trips_.observe(seconds); }
  /// Of the failure detector; 8 and more is worth a look.
  void suspicion(double phi) const noexcept { suspicion_.set(phi); }
  /// Bytes that were sent and are not acknowledged.
  void outstanding(std::uint64_t bytes) const noexcept { outstanding_.set(bytes); }
  void sent(std::uint64_t bytes) const noexcept { count(0, bytes); }
  void got(std::uint64_t bytes) const noexcept { count(1, bytes); }
  void refused_parcel(parcel_refusal why) const noexcept {
    refused_parcels_[static_cast<std::size_t>(why)].increment();
  }

 private:
  void count(std::size_t direction, std::uint64_t bytes) const noexcept {
    parcels_[direction].increment();
    bytes_[direction].increment(bytes);
  }

  gauge up_;
  counter ups_;
  counter failed_calls_;
  histogram round_trips_;
  gauge suspicion_;
  gauge outstanding_;
  std::array<counter, 2> parcels_;  ///< out, in
  std::array<counter, 2> bytes_;
  std::array<counter, parcel_refusals> refused_parcels_;
};

/// What belongs to no link.
class cluster_metrics {
 public:
  cluster_metrics() = default;
  /// `reasons` are all for which a node can be refused.
  cluster_metrics(metrics_registry& registry, std::span<const std::string_view> reasons);

  /// By this node or by the other one; `reason` is an index of the names.
  void refused_node(std::size_t reason) const noexcept {
    if (reason < refusals_.size()) refusals_[reason].increment();
  }
  /// From nobody that is known: it is counted for the peer "unknown".
  void refused_parcel(parcel_refusal why) const noexcept {
    refused_parcels_[static_cast<std::size_t>(why)].increment();
  }
  /// A connection that was closed before it was a link: silent, not readable, without a certificate.
  void stranger() const noexcept { strangers_.increment(); }
  void certificate_expires(instant when) const noexcept;

 private:
  std::vector<counter> refusals_;
  std::array<counter, parcel_refusals> refused_parcels_;
  counter strangers_;
  gauge certificate_expires_;
};

}  // namespace musiccorp::telemetry
