#include "shipping/shipping_rules.hpp"

namespace musiccorp::shipping {

using namespace messages;

namespace {

shipment shipment_of(turn& now, const std::string& order_id) {
  return now.find<shipment>(order_id).value_or(shipment{order_id, false, false, {}, {}});
}

/// Both messages carry the whole parcel, so the second one is enough to ship from.
template <class Event>
outcome hear(turn& now, const Event& event, bool shipment::*fact) {
  auto one = shipment_of(now, event.order_id);
  if (one.*fact) return done{};
  one.*fact = true;
  one.at = now.now();
  if (one.paid && one.packaged) {
    one.tracking = "MC-" + one.order_id;
    now.publish(order_shipped{event.order_id, event.customer_id, event.name, event.email, event.address, event.lines,
                              one.tracking});
  }
  now.save(one);
  return done{};
}

}  // namespace

outcome hear_paid(turn& now, const payment_received& event) { return hear(now, event, &shipment::paid); }

outcome hear_packaged(turn& now, const order_packaged& event) { return hear(now, event, &shipment::packaged); }

outcome answer_shipment(turn& now, const show_shipment& query) {
  const auto one = now.find<shipment>(query.order_id);
  if (!one) return no_such("shipment for order", query.order_id);
  const auto status = one->tracking.empty() ? shipment_status::waiting : shipment_status::shipped;
  return shipment_summary{one->order_id, status, one->paid, one->packaged, one->tracking, one->at};
}

}  // namespace musiccorp::shipping
