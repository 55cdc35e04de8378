#include "node/tree_numbers.hpp"

#include <algorithm>

namespace musiccorp::node {
namespace {

telemetry::restart_cause cause_of(supervision::end_kind kind) {
  using telemetry::restart_cause;
  switch (kind) {
    case supervision::end_kind::normal:
      return restart_cause::ended;
    case supervision::end_kind::shutdown:
      return restart_cause::sibling;
    case supervision::end_kind::crash:
      return restart_cause::crash;
    case supervision::end_kind::killed:
      return restart_cause::killed;
    case supervision::end_kind::exhausted:
      return restart_cause::exhausted;
    case supervision::end_kind::start_failed:
      return restart_cause::start_failed;
    case supervision::end_kind::wedged:
      return restart_cause::wedged;
  }
  return restart_cause::ended;
}

}  // namespace

tree_numbers::tree_numbers(telemetry::metrics_registry& registry, std::span<const service_definition> services,
                           std::shared_ptr<const supervision::supervision_board> board)
    : registry_{registry}, board_{std::move(board)} {
  for (const auto& one : services) cells_.try_emplace(one.name(), registry, one.name());
  hook_ = registry.on_scrape([this] { declare(); });
}

void tree_numbers::declare() {
  for (const auto& root : board_->tree()) read(root);
}

void tree_numbers::read(const supervision::supervisor_view& one) {
  auto& numbers = known_as(one.path);
  numbers.budget_remaining(static_cast<std::uint64_t>(std::max<std::int64_t>(one.budget_left, 0)));
  for (const auto& child : one.children) {
    numbers.declare(child.id);
    for (const auto& inside : child.supervises) read(inside);
  }
}

void tree_numbers::told(const std::string& supervisor, const supervision::tell& what) {
  if (what.restarts) known_as(supervisor).restarted(what.child, cause_of(*what.restarts));
  if (what.event == supervision::budget_exhausted) known_as(supervisor).escalated();
}

void tree_numbers::noticed(const supervision::watchdog_event& seen) {
  const auto cell = cells_.find(seen.name);
  if (cell != cells_.end()) cell->second.wedged(seen.what == supervision::watchdog_event::kind::wedged);
}

telemetry::supervisor_metrics& tree_numbers::known_as(const std::string& path) {
  const std::lock_guard hold{mutex_};
  return supervisors_.try_emplace(path, registry_, path).first->second;
}

}  // namespace musiccorp::node
