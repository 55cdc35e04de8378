#include "shipping/shipping_service.hpp"

#include "shipping/shipping_rules.hpp"

namespace musiccorp::shipping {

using namespace messages;

service_definition shipping_service() {
  return service_definition{"shipping"}
      .by_key()
      .says_under_own_keys()
      .on(hear_paid)      // payment.received -> order.shipped, when it is packaged
      .on(hear_packaged)  // order.packaged -> order.shipped, when it is paid
      .on(answer_shipment)
      .says<order_shipped>()
      .get<show_shipment, shipment_summary>("/shipments/{order_id}", "The shipment of one order");
}

}  // namespace musiccorp::shipping
