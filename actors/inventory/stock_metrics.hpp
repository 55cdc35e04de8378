#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "messages/inventory_messages.hpp"
#include "service/entity_watcher.hpp"
#include "telemetry/metrics.hpp"

namespace musiccorp::inventory {

/// `shop_stock_units`: all pieces of all items by account. received = on_hand + reserved + shipped, always.
class stock_metrics final : public service::entity_watcher {
 public:
  explicit stock_metrics(telemetry::metrics_registry& registry);

  [[nodiscard]] result<void> load(storage::store& state) override;
  [[nodiscard]] std::any taken_off(const service::saved_entity& entity) const override;
  void committed(const service::turn_effects::write& write) override;

 private:
  using accounts = std::array<std::int64_t, 4>;
  void note(const std::string& sku, const accounts& now);

  std::array<telemetry::gauge, 4> units_;
  std::map<std::string, accounts, std::less<>> items_;
};

}  // namespace musiccorp::inventory
