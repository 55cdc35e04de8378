#pragma once

#include <memory>

#include "telemetry/metrics.hpp"
#include "telemetry/span_store.hpp"

namespace musiccorp::telemetry {

/// What became of the spans of a store, read off it at each scrape. Without a store everything stays 0.
class span_metrics {
 public:
  span_metrics(metrics_registry& registry, std::shared_ptr<const span_store> store);

 private:
  scrape_hook hook_;
};

}  // namespace musiccorp::telemetry
