#pragma once

#include <string>
#include <vector>

#include "messages/payment_messages.hpp"
#include "messages/shipping_messages.hpp"
#include "messages/warehouse_messages.hpp"
#include "service/outcome.hpp"
#include "service/turn.hpp"

/// Hands parcels to the carrier when an order is both paid and packaged, whichever is heard first.
namespace musiccorp::shipping {

struct shipment {
  std::string order_id;
  bool paid = false;
  bool packaged = false;
  std::string tracking;  ///< empty until shipped
  instant at{};          ///< of the last change

  static constexpr auto describe() {
    return describe_as("shipment", 1, key("order_id", &shipment::order_id), field("paid", &shipment::paid),
                       field("packaged", &shipment::packaged), field("tracking", &shipment::tracking),
                       field("at", &shipment::at));
  }
};

outcome hear_paid(turn& now, const messages::payment_received& event);
outcome hear_packaged(turn& now, const messages::order_packaged& event);
outcome answer_shipment(turn& now, const messages::show_shipment& query);

}  // namespace musiccorp::shipping
