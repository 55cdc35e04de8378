#pragma once

#include <string_view>

#include "telemetry/metrics.hpp"

namespace musiccorp::telemetry {

/// What runs here; each becomes a label of `runtime_node_info`.
struct node_facts {
  std::string_view version;
  std::string_view commit;
  std::string_view caf_version;
};

/// The node's identity and what the operating system says about its process (Linux, from /proc), read at each scrape.
/// Must end before the registry.
class node_metrics {
 public:
  node_metrics(metrics_registry& registry, const node_facts& facts);

 private:
  scrape_hook hook_;
};

}  // namespace musiccorp::telemetry
