#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "delivery/attribution.hpp"
#include "delivery/in_flight_slots.hpp"
#include "delivery/isolation.hpp"
#include "node/admin.hpp"
#include "node/node.hpp"
#include "node/observatory.hpp"
#include "service/cell.hpp"
#include "supervision/supervisor_actor.hpp"
#include "supervision/watchdog.hpp"

namespace musiccorp::node {

/// Makes the cells of one node: the first of each from what prepare() has opened, and another one, from its store,
/// whenever its supervisor asks for it. Everything that it is given must outlive it; it must outlive the cells.
///
/// claim() and prepare() first; then start() from supervisors' threads, for one service at a time.
class cell_factory {
 public:
  /// `services` are those that run here, `wires` those of all.
  cell_factory(const node_options& options, std::span<const service_definition> services,
               const std::map<std::string, service::wiring>& wires, std::shared_ptr<const base::clock> clock,
               service::ledger_board& ledgers, observatory& numbers, std::shared_ptr<service::directory> places,
               std::shared_ptr<supervision::watchdog> watchdog, service::dependency_board& asked,
               std::shared_ptr<telemetry::span_store> spans);

  /// Makes sure that this process is the only one in its data folder, and looks at what an earlier one left there and
  /// who is to blame for its end. Opens no store. The error names what is in the way.
  [[nodiscard]] result<void> claim();
  /// Opens every store, so that each knows of it before anything runs. The error names what could not be opened.
  [[nodiscard]] result<void> prepare();
  /// A start function's work: a cell for this service, in the directory and started.
  [[nodiscard]] result<supervision::started_child> start(const service_definition& definition,
                                                         const supervision::start_context& how);

  [[nodiscard]] const cell_statuses& statuses() const { return statuses_; }
  /// What the kernel says about memory, for the next process's judgement.
  void note_memory();
  /// The cells are about to drain: whoever waits for something outside is interrupted, and that costs no attempt.
  void interrupt();
  /// The process is about to end as planned: nobody is to blame, and nothing that fails for it costs an attempt.
  void draining();

 private:
  struct place {
    service::wiring wires;
    service_options options;
    std::shared_ptr<service::cell_status> status;
    std::shared_ptr<telemetry::store_metrics> store_numbers;
    std::map<std::string, telemetry::queue_metrics, std::less<>> queues;
    std::unique_ptr<service::partition> prepared{};  ///< opened, for the first run
    service::outgoing first{};
  };

  [[nodiscard]] result<void> refuse_strange_stores() const;
  [[nodiscard]] result<void> open_slots();
  [[nodiscard]] result<void> open(const service_definition& definition, place& where);
  [[nodiscard]] std::unique_ptr<service::partition> make(const service_definition& definition, place& where,
                                                         std::uint64_t run);

  const node_options& options_;
  std::span<const service_definition> services_;
  const std::map<std::string, service::wiring>& wires_;
  std::shared_ptr<const base::clock> clock_;
  service::ledger_board& ledgers_;
  observatory& numbers_;
  std::shared_ptr<service::directory> directory_;
  std::shared_ptr<supervision::watchdog> watchdog_;
  service::dependency_board& asked_;
  std::shared_ptr<telemetry::span_store> spans_;
  std::unique_ptr<storage::store_factory> stores_;
  std::unique_ptr<delivery::in_flight_slots> slots_;
  bool slots_accepted_ = false;
  std::atomic<bool> stopping_{false};
  std::optional<delivery::attribution> death_;  ///< of the process before this one
  std::string death_scene_;
  delivery::isolation gate_;
  std::map<std::string, place, std::less<>> places_;
  cell_statuses statuses_;
};

}  // namespace musiccorp::node
