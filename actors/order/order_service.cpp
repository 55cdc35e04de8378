#include "order/order_service.hpp"

#include "order/order_metrics.hpp"
#include "order/order_rules.hpp"

namespace musiccorp::order {

using namespace messages;

service_definition order_service() {
  return service_definition{"order"}
      .by_key()
      .says_under_own_keys()
      .keeps_per_store<open_orders_listed>()
      .on(place, ask("catalog", prices_of), ask("inventory", stock_for), ask("customer", customer_of))
      .on(take_reservation)      // stock_reserved -> order.placed
      .on(reject_without_stock)  // stock_rejected -> order.rejected
      .on(mark_paid)             // payment.received
      .on(cancel_unpaid)         // payment.declined -> order.cancelled
      .on(mark_packaged)         // order.packaged
      .on(cancel_unfulfillable)  // order.unfulfillable -> order.cancelled
      .on(mark_shipped)          // order.shipped
      .on(note_refund)           // payment.refunded
      .on(cancel)                // -> order.cancelled, or void_payment
      .on(cancel_voided)         // payment_voided -> order.cancelled
      .on(keep_paid)             // payment_kept
      .on(answer_order)
      .on(answer_orders)
      .watched_by([all = std::make_shared<oldest_orders>()](auto& registry) {
        return std::make_unique<order_metrics>(registry, all);
      })
      .says<reserve_stock, void_payment, order_placed, order_rejected, order_cancelled>()
      .post<place_order, order_summary>("/orders", "Place an order", 201, "/orders/{order_id}")
      .refuses({409})
      .post<cancel_order, order_summary>("/orders/{order_id}/cancel",
                                         "Cancel an order; once it is placed, payment decides (cancel_requested)")
      .refuses({409})
      .get<list_orders, order_page>("/orders", "Orders, oldest first")
      .get<show_order, order_summary>("/orders/{order_id}", "One order");
}

}  // namespace musiccorp::order
