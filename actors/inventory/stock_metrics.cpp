#include "inventory/stock_metrics.hpp"

namespace musiccorp::inventory {

using messages::stock_summary;

namespace {

constexpr std::array<std::string_view, 4> account_names{"received", "on_hand", "reserved", "shipped"};

}  // namespace

stock_metrics::stock_metrics(telemetry::metrics_registry& registry) {
  const auto units = registry.gauges("shop_stock_units", "Pieces of all items by account.", {"account"});
  for (std::size_t i = 0; i < units_.size(); ++i) units_[i] = units.with({{"account", account_names[i]}});
}

result<void> stock_metrics::load(storage::store& state) {
  items_.clear();
  for (const auto& gauge : units_) gauge.set(0);
  return service::for_each_entity<stock_summary>(
      state, describe::name_of<stock_summary>(), {},
      [&](const std::string& sku, const stock_summary& one) { note(sku, one); });
}

void stock_metrics::committed(const service::turn_effects::write& write) {
  if (write.type != describe::name_of<stock_summary>() || !write.body) return;
  if (const auto now = describe::from_json<stock_summary>(*write.body)) note(write.key, *now);
}

void stock_metrics::note(const std::string& sku, const stock_summary& now) {
  const accounts next{now.received, now.on_hand, now.reserved, now.shipped};
  auto& known = items_[sku];
  for (std::size_t i = 0; i < next.size(); ++i)
    if (next[i] != known[i]) units_[i].add(next[i] - known[i]);
  known = next;
}

}  // namespace musiccorp::inventory
