#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>

#include "service/definition.hpp"
#include "supervision/supervision_board.hpp"
#include "supervision/watchdog.hpp"
#include "telemetry/runtime_metrics.hpp"

namespace musiccorp::node {

/// Numbers of the supervision tree: at each scrape it reads the board and the watchdog, so supervisors know nothing
/// of metrics. What it is given outlives it.
class tree_numbers {
 public:
  tree_numbers(telemetry::metrics_registry& registry, std::span<const service_definition> services,
               std::shared_ptr<const supervision::supervision_board> board,
               std::shared_ptr<const supervision::watchdog> watchdog);

 private:
  struct known_child {
    std::int64_t restarts = 0;
  };
  struct known_supervisor {
    std::unique_ptr<telemetry::supervisor_metrics> numbers;
    std::map<std::string, known_child> children{};
  };
  struct watched_cell {
    telemetry::cell_metrics numbers;
    bool wedged = false;
  };
  known_supervisor& known_as(const std::string& path);
  void read();
  void read(const supervision::supervisor_view& one);

  telemetry::metrics_registry& registry_;
  std::shared_ptr<const supervision::supervision_board> board_;
  std::shared_ptr<const supervision::watchdog> watchdog_;
  std::map<std::string, known_supervisor> supervisors_;
  std::map<std::string, watched_cell> cells_;
  telemetry::scrape_hook hook_;
};

}  // namespace musiccorp::node
