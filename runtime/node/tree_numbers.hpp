#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "service/definition.hpp"
#include "supervision/supervision_board.hpp"
#include "supervision/supervisor_actions.hpp"
#include "supervision/watchdog.hpp"
#include "telemetry/runtime_metrics.hpp"

namespace musiccorp::node {

/// Numbers of the supervision tree. What happens is counted when it happens (`told`, `noticed`), what is left of the
/// budgets is read at each scrape; so supervisors know nothing of metrics. Thread-safe. What it is given outlives it.
class tree_numbers {
 public:
  tree_numbers(telemetry::metrics_registry& registry, std::span<const service_definition> services,
               std::shared_ptr<const supervision::supervision_board> board);

  /// Everything that the board shows now begins at 0.
  void declare();
  /// What a supervisor does.
  void told(const std::string& supervisor, const supervision::tell& what);
  /// What the watchdog sees.
  void noticed(const supervision::watchdog_event& seen);

 private:
  telemetry::supervisor_metrics& known_as(const std::string& path);
  void read(const supervision::supervisor_view& one);

  telemetry::metrics_registry& registry_;
  std::shared_ptr<const supervision::supervision_board> board_;
  std::mutex mutex_;
  std::map<std::string, telemetry::supervisor_metrics> supervisors_;  ///< by path; guarded by `mutex_`, never removed
  std::map<std::string, telemetry::cell_metrics, std::less<>> cells_;
  telemetry::scrape_hook hook_;
};

}  // namespace musiccorp::node
