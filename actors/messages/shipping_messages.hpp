#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "messages/address.hpp"
#include "messages/line.hpp"

/// What shipping answers and says.
namespace musiccorp::messages {

enum class shipment_status { waiting, shipped };
constexpr std::array<std::string_view, 2> describe_choice(shipment_status) { return {"waiting", "shipped"}; }

/// Query: the shipment of one order.
struct show_shipment {
  std::string order_id{};

  static constexpr auto describe() {
    return describe_as("show_shipment", 1, key("order_id", &show_shipment::order_id, id_length));
  }
};

struct shipment_summary {
  std::string order_id{};
  shipment_status status = shipment_status::waiting;
  bool paid = false;
  bool packaged = false;
  std::string tracking{};  ///< empty until shipped
  instant at{};          ///< of the last change

  static constexpr auto describe() {
    return describe_as("shipment_summary", 1, key("order_id", &shipment_summary::order_id),
                       field("status", &shipment_summary::status), field("paid", &shipment_summary::paid),
                       field("packaged", &shipment_summary::packaged),
                       field("tracking", &shipment_summary::tracking, "empty until shipped"),
                       field("at", &shipment_summary::at, "of the last change"));
  }
};

/// Event: the carrier has the parcel.
struct order_shipped {
  std::string order_id{};
  std::string customer_id{};
  std::string name{};
  std::string email{};
  messages::address address{};
  std::vector<priced_line> lines{};
  std::string tracking{};

  static constexpr auto describe() {
    return describe_as("order.shipped", 1, key("order_id", &order_shipped::order_id),
                       field("customer_id", &order_shipped::customer_id), field("name", &order_shipped::name, pii),
                       field("email", &order_shipped::email, pii), field("address", &order_shipped::address),
                       field("lines", &order_shipped::lines), field("tracking", &order_shipped::tracking));
  }
};

}  // namespace musiccorp::messages
