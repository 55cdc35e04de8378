#include "telemetry/span_metrics.hpp"

namespace musiccorp::telemetry {
namespace {

struct series {
  counter recorded, exported, trace_full, queue_full, refused;
};

}  // namespace

span_metrics::span_metrics(metrics_registry& registry, std::shared_ptr<const span_store> store) {
  const auto lost =
      registry.counters("runtime_spans_lost_total", "Spans that were not kept, or not exported.", {"reason"});
  const series all{
      registry.counters("runtime_spans_recorded_total", "Spans of traces that this node has recorded.").with({}),
      registry.counters("runtime_spans_exported_total", "Spans that the collector has accepted.").with({}),
      lost.with({{"reason", "trace_full"}}), lost.with({{"reason", "queue_full"}}),
      lost.with({{"reason", "refused"}})};
  if (!store) return;
  hook_ = registry.on_scrape([all, store = std::move(store)] {
    const auto now = store->counted();
    all.recorded.raise_to(static_cast<double>(now.recorded));
    all.exported.raise_to(static_cast<double>(now.exported));
    all.trace_full.raise_to(static_cast<double>(now.not_kept));
    all.queue_full.raise_to(static_cast<double>(now.not_exported));
    all.refused.raise_to(static_cast<double>(now.refused));
  });
}

}  // namespace musiccorp::telemetry
