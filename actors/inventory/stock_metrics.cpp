#include "inventory/stock_metrics.hpp"

namespace musiccorp::inventory {

using messages::stock_summary;

namespace {

constexpr std::array<std::string_view, 4> account_names{"received", "on_hand", "reserved", "shipped"};

std::array<std::int64_t, 4> accounts_of(const stock_summary& one) {
  return {one.received, one.on_hand, one.reserved, one.shipped};
}

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
      [&](const std::string& sku, const stock_summary& one) { note(sku, accounts_of(one)); });
}

std::any stock_metrics::taken_off(const service::saved_entity& entity) const {
  const auto* one = entity.as<stock_summary>();
  return one != nullptr ? std::any{accounts_of(*one)} : std::any{};
}

void stock_metrics::committed(const service::turn_effects::write& write) {
  if (const auto* now = std::any_cast<accounts>(&write.counted)) note(write.key, *now);
}

void stock_metrics::note(const std::string& sku, const accounts& now) {
  auto& known = items_[sku];
  for (std::size_t i = 0; i < now.size(); ++i)
    if (now[i] != known[i]) units_[i].add(now[i] - known[i]);
  known = now;
}

}  // namespace musiccorp::inventory
