#include "warehouse/warehouse_service.hpp"

namespace musiccorp::warehouse {

using namespace messages;

service_definition warehouse_service(warehouse_settings settings) {
  return service_definition{"warehouse"}
      .by_key()
      .says_under_own_keys()
      .on([settings](turn& now, const payment_received& event) { return pack(now, event, settings); })
      .on(answer_package)
      .says<order_packaged, order_unfulfillable>()
      .get<show_package, package_summary>("/packages/{order_id}", "The package of one order");
}

}  // namespace musiccorp::warehouse
