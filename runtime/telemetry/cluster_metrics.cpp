#include "telemetry/cluster_metrics.hpp"

#include "telemetry/buckets.hpp"

namespace musiccorp::telemetry {

namespace {
constexpr std::array<std::string_view, parcel_refusals> refusal_names{
    "session", "not_owner", "epoch", "wrong_node", "too_large", "undecodable", "word"};
constexpr std::array<std::string_view, 2> direction_names{"out", "in"};
std::array<counter, parcel_refusals> refused_parcels_of(metrics_registry& registry, std::string_view peer) {
  const auto all = registry.counters("runtime_cluster_refused_parcels_total",
                                     "Parcels and words that came and were not delivered.", {"peer", "reason"});
  std::array<counter, parcel_refusals> made;
  for (std::size_t i = 0; i < made.size(); ++i) made[i] = all.with({{"peer", peer}, {"reason", refusal_names[i]}});
  return made;
}
}  // namespace

std::string_view name_of(parcel_refusal reason) { return refusal_names[static_cast<std::size_t>(reason)]; }

link_metrics::link_metrics(metrics_registry& registry, std::string_view peer) {
  const label own{"peer", peer};
  up_ = registry.gauges("runtime_cluster_link_up", "1 while there is a link with the node.", {"peer"}).with({own});
  ups_ = registry.counters("runtime_cluster_link_ups_total", "Links that came up.", {"peer"}).with({own});
  failed_calls_ =
      registry.counters("runtime_cluster_failed_calls_total", "Calls that did not become links.", {"peer"})
          .with({own});
  round_trips_ =
      registry
          .histograms("runtime_cluster_round_trip_seconds", "Round trips of beats.", wait_seconds_buckets, {"peer"})
          .with({own});
  suspicion_ =
      registry.gauges("runtime_cluster_suspicion", "Of the failure detector; 8 and more is worth a look.", {"peer"})
          .with({own});
  outstanding_ =
      registry.gauges("runtime_cluster_outstanding_bytes", "Bytes that were sent and are not acknowledged.", {"peer"})
          .with({own});
  const auto parcels =
      registry.counters("runtime_cluster_parcels_total", "Parcels that crossed the link.", {"peer", "direction"});
  const auto bytes = registry.counters("runtime_cluster_bytes_total", "Bytes of the parcels that crossed the link.",
                                       {"peer", "direction"});
  for (std::size_t i = 0; i < direction_names.size(); ++i) {
    parcels_[i] = parcels.with({own, {"direction", direction_names[i]}});
    bytes_[i] = bytes.with({own, {"direction", direction_names[i]}});
  }
  refused_parcels_ = refused_parcels_of(registry, peer);
}

cluster_metrics::cluster_metrics(metrics_registry& registry, std::span<const std::string_view> reasons)
    : refused_parcels_(refused_parcels_of(registry, "unknown")),
      strangers_(
          registry.counters("runtime_cluster_strangers_total", "Connections that were closed before they were links.")
              .with({})),
      certificate_expires_(registry
                               .gauges("runtime_cluster_certificate_expires_timestamp_seconds",
                                       "End of the node's certificate; 0 without TLS.")
                               .with({})) {
  const auto refused = registry.counters("runtime_cluster_refused_nodes_total",
                                         "Nodes that were refused, by this node or by the other one.", {"reason"});
  for (const auto reason : reasons) refusals_.push_back(refused.with({{"reason", reason}}));
}

void cluster_metrics::certificate_expires(instant when) const noexcept {
  certificate_expires_.set(std::chrono::duration<double>{when.time_since_epoch()}.count());
}

}  // namespace musiccorp::telemetry
