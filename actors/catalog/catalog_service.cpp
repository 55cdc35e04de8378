#include "catalog/catalog_service.hpp"

#include "catalog/catalog_rules.hpp"

namespace musiccorp::catalog {

using namespace messages;

service_definition catalog_service(std::vector<catalog_entry> entries) {
  return service_definition{"catalog"}
      .on(quote_lines)
      .on(quote_item)
      .on(change_price)
      .on(answer_item)
      .on(answer_catalog)
      .says<item_added>()
      .get<list_catalog, catalog_page>("/catalog", "What the shop sells, sorted by sku")
      .get<show_item, item_summary>("/catalog/{sku}", "One item")
      .at_first_start([entries = std::move(entries)](turn& now) { import_items(now, entries); });
}

}  // namespace musiccorp::catalog
