#pragma once

#include <atomic>
#include <caf/actor.hpp>
#include <caf/fwd.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "delivery/isolation.hpp"
#include "service/managed_actor.hpp"
#include "service/partition.hpp"
#include "supervision/supervisor_actor.hpp"

namespace musiccorp::service {

/// Where every service is. A cell that takes another one's place takes its name as well. Thread-safe.
class directory {
 public:
  void add(const std::string& service, caf::actor cell);
  /// An invalid handle when there is no such service.
  [[nodiscard]] caf::actor find(std::string_view service) const;
  void clear();

 private:
  mutable std::mutex mutex_;
  std::map<std::string, caf::actor, std::less<>> cells_;
};

enum class cell_state : std::uint8_t { starting, running, draining, drained, closed, stopped };
[[nodiscard]] std::string_view name_of(cell_state state);

/// What the outside may know of a cell. Outlives it; any thread.
struct cell_status {
  std::string service;
  std::atomic<cell_state> state{cell_state::starting};
  std::atomic<std::uint64_t> requests_pending{0};  ///< of the mailbox's depth: taken, not yet answered
  std::shared_ptr<mailbox_state> mailbox = std::make_shared<mailbox_state>();
  std::atomic<std::uint64_t> requests_refused{0};

  [[nodiscard]] storage::store_statistics statistics() const {
    const std::lock_guard hold{mutex};
    return store;
  }
  mutable std::mutex mutex;
  storage::store_statistics store;  ///< guarded by `mutex`
};

struct cell_options {
  std::unique_ptr<partition> core;  ///< one that is not open is opened by the cell, at its start
  outgoing first;                   ///< what opening it wanted to say; sent at the start
  std::shared_ptr<directory> places;
  std::shared_ptr<const base::clock> clock;
  std::shared_ptr<cell_status> status;
  delivery::isolation* gate = nullptr;  ///< of the node; outlives the cell; null: nothing ever runs alone
  /// Hears that the cell is up, and each crash that it survives. Empty: nobody does.
  supervision::child_link supervisor{};
  std::shared_ptr<supervision::watched_handler> watch{};  ///< says what it does since when; null: to nobody
};

/// The actor that hosts one partition under one address for its whole life: it owns mailbox and timers and decides
/// nothing. A request counts against the mailbox's limits until its reply leaves, together with the answers that were
/// gathered for it; above them the next one is answered fault{overloaded}. Nothing vanishes on CAF's own ways:
/// requests that find the mailbox full or closed, or are left in it at the end, are answered; frames that are lost
/// are sent again from the publisher's log, since a subscriber that is there again says how far it has committed;
/// what is no message of ours becomes a dead letter (`strayed`).
///
/// It waits for its first `start_atom`; a store that can't be opened then is its end, `start_failed`. An exit message
/// ends it after the batch that runs. From `drain_atom` on it takes nothing from streams, finishes what it had taken,
/// closes its store, and its state is `drained`. At `rebuild_atom` it begins anew from its store. A store that failed
/// later is opened again, later and later, up to 30 s. `stray_atom` tells of something that was meant for it and
/// can't be read.
[[nodiscard]] caf::actor spawn_cell(caf::actor_system& system, cell_options options);

}  // namespace musiccorp::service
