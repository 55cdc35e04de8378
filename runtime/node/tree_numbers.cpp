#include "node/tree_numbers.hpp"

#include <algorithm>

namespace musiccorp::node {
namespace {

telemetry::restart_cause cause_of(const supervision::child_view& child) {
  using telemetry::restart_cause;
  if (child.causes.empty()) return restart_cause::sibling;
  switch (child.causes.back().kind) {
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
                           std::shared_ptr<const supervision::supervision_board> board,
                           std::shared_ptr<const supervision::watchdog> watchdog)
    : registry_{registry}, board_{std::move(board)}, watchdog_{std::move(watchdog)} {
  for (const auto& one : services)
    cells_.emplace(one.name(), watched_cell{telemetry::cell_metrics{registry, one.name()}, false});
  for (const auto& root : board_->tree()) read(root);  // So that everything begins at 0.
  hook_ = registry.on_scrape([this] { read(); });
}

void tree_numbers::read() {
  for (const auto& root : board_->tree()) read(root);
  const auto overdue = watchdog_->overdue();
  for (auto& [name, cell] : cells_) {
    const bool wedged = std::ranges::any_of(overdue, [&](const auto& one) { return one.name == name; });
    if (wedged != std::exchange(cell.wedged, wedged)) cell.numbers.wedged(wedged);
  }
}

tree_numbers::known_supervisor& tree_numbers::known_as(const std::string& path) {
  auto& known = supervisors_[path];
  if (!known.numbers) known.numbers = std::make_unique<telemetry::supervisor_metrics>(registry_, path);
  return known;
}

void tree_numbers::read(const supervision::supervisor_view& one) {
  auto& known = known_as(one.path);
  known.numbers->budget_remaining(static_cast<std::uint64_t>(std::max<std::int64_t>(one.budget_left, 0)));
  for (const auto& child : one.children) {
    const auto [at, is_new] = known.children.try_emplace(child.id);
    if (is_new) known.numbers->declare(child.id);
    // A supervisor that was itself started anew begins at 0 again.
    const auto since = child.restarts < at->second.restarts ? 0 : at->second.restarts;
    for (auto n = since; n < child.restarts; ++n) {
      const auto cause = cause_of(child);
      known.numbers->restarted(child.id, cause);
      if (cause == telemetry::restart_cause::exhausted)
        known_as(one.path + "/" + child.id).numbers->escalated(telemetry::escalation::escalate);
    }
    at->second.restarts = child.restarts;
    for (const auto& inside : child.supervises) read(inside);
  }
}

}  // namespace musiccorp::node
