#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "service/cell.hpp"
#include "service/ledger.hpp"
#include "service/wiring.hpp"
#include "telemetry/metrics.hpp"
#include "telemetry/node_metrics.hpp"
#include "telemetry/runtime_metrics.hpp"

namespace musiccorp::node {

/// The name under which answers of this route are counted: of the operators' pages all that begin with the same word
/// together ("/hospital"), because they are many and not what the shop promises; else the route's own.
[[nodiscard]] std::string_view counted_as(std::string_view route);

/// The numbers of one node: makes the metrics objects of its services and reads mailboxes and books at each scrape.
/// Everything that it hands out must end before it.
class observatory {
 public:
  observatory(const base::clock& clock, std::string_view version, service::ledger_board& ledgers);

  [[nodiscard]] telemetry::metrics_registry& registry() { return registry_; }
  [[nodiscard]] telemetry::http_metrics& http() { return http_; }

  [[nodiscard]] telemetry::cell_metrics cell(const std::string& service);
  [[nodiscard]] std::shared_ptr<telemetry::store_metrics> store();
  [[nodiscard]] std::map<std::string, telemetry::queue_metrics, std::less<>> queues(const std::string& subscriber,
                                                                                    const service::wiring& wires);
  /// Reads this cell at each scrape from now on. Before the first scrape only.
  void watch(std::shared_ptr<service::cell_status> status, std::shared_ptr<telemetry::store_metrics> store);
  /// The log of this service keeps so many messages at most for those who are away.
  void limit(const std::string& service, const service::wiring& wires, std::uint64_t messages);
  /// Shows at each scrape how much the disk under this folder can still take.
  void watch_disk(std::filesystem::path folder) { disk_ = std::move(folder); }
  /// Asks at each scrape how many HTTP requests have no answer yet.
  void watch_requests(std::function<std::size_t()> in_flight) { requests_in_flight_ = std::move(in_flight); }

 private:
  struct watched_cell {
    std::shared_ptr<service::cell_status> status;
    std::shared_ptr<telemetry::store_metrics> store;
    telemetry::cell_metrics numbers;
    std::uint64_t refused_seen = 0;
  };
  struct watched_queue {
    telemetry::queue_metrics numbers;
    std::uint64_t published_seen = 0;
    bool seen = false;
  };
  void read();
  void read_queues();
  void read_disk();

  telemetry::metrics_registry registry_;
  service::ledger_board& ledgers_;
  telemetry::node_metrics node_;
  telemetry::http_metrics http_;
  telemetry::hospital_metrics hospital_;
  telemetry::gauge free_bytes_;
  std::filesystem::path disk_;
  std::function<std::size_t()> requests_in_flight_;
  std::vector<watched_cell> cells_;
  std::map<std::string, watched_queue> queues_;
  telemetry::scrape_hook hook_;
};

}  // namespace musiccorp::node
