#include "inventory/inventory_service.hpp"

#include "inventory/inventory_rules.hpp"
#include "inventory/stock_metrics.hpp"

namespace musiccorp::inventory {

using namespace messages;

service_definition inventory_service(std::vector<catalog_entry> entries) {
  return service_definition{"inventory"}
      .on(check)
      .on(reserve)  // -> stock_reserved or stock_rejected
      .on(release)  // order.cancelled
      .on(ship)     // order.packaged
      .on(answer_stock)
      .on(answer_all_stock)
      .watched_by([](auto& registry) { return std::make_unique<stock_metrics>(registry); })
      .says<stock_reserved, stock_rejected, stock_level_changed>()
      .get<list_stock, stock_page>("/inventory", "All stock, sorted by sku")
      .get<show_stock, stock_summary>("/inventory/{sku}", "The stock of one item")
      .at_first_start([entries = std::move(entries)](turn& now) { receive_stock(now, entries); });
}

}  // namespace musiccorp::inventory
