#pragma once

#include <any>
#include <functional>
#include <memory>

#include "service/turn.hpp"
#include "storage/store.hpp"
#include "telemetry/metrics.hpp"

namespace musiccorp::service {

/// Counts what a service's own state says, so that rules need not know of metrics. Lives with its partition, which
/// calls it from its own thread only.
class entity_watcher {
 public:
  virtual ~entity_watcher() = default;
  /// The store was opened, for the first time or again: count what it holds. An error keeps the partition closed.
  [[nodiscard]] virtual result<void> load(storage::store& state) = 0;
  /// What it needs of an entity to count it, a small copy; empty: nothing. Called for each that a rule saves, on the
  /// way of every message, so it must be quick. It changes nothing: the turn may come to nothing.
  [[nodiscard]] virtual std::any taken_off(const saved_entity& entity) const = 0;
  /// One write that is on disk now, in the order of writing, with what was taken off its entity. Called for every
  /// entity of the service: it must be quick.
  virtual void committed(const turn_effects::write& write) = 0;
};

/// The registry outlives what is made.
using entity_watcher_maker = std::function<std::unique_ptr<entity_watcher>(telemetry::metrics_registry&)>;

/// Every stored entity of type E; those that cannot be read are left out.
template <describe::described E, class Visit>
[[nodiscard]] result<void> for_each_entity(storage::store& state, std::string_view type, std::string prefix,
                                           Visit visit) {
  storage::entity_range range{.prefix = std::move(prefix), .after = {}, .limit = 1'000};
  for (;;) {
    const auto rows = state.list(type, range);
    if (!rows) return failure(rows.error());
    for (const auto& row : *rows)
      if (const auto entity = describe::from_json<E>(row.body)) visit(row.key, *entity);
    if (rows->size() < range.limit) return {};
    range.after = rows->back().key;
  }
}

}  // namespace musiccorp::service
