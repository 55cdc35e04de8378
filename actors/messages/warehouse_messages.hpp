#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "messages/address.hpp"
#include "messages/line.hpp"

/// What warehouse answers and says.
namespace musiccorp::messages {

enum class package_status { packaged, unfulfillable };
constexpr std::array<std::string_view, 2> describe_choice(package_status) { return {"packaged", "unfulfillable"}; }

/// Query: the package of one order.
struct show_package {
  std::string order_id{};

  static constexpr auto describe() {
    return describe_as("show_package", 1, key("order_id", &show_package::order_id, id_length));
  }
};

struct package_summary {
  std::string order_id{};
  package_status status = package_status::packaged;
  std::int64_t units = 0;
  std::vector<line> lines{};
  instant at{};

  static constexpr auto describe() {
    return describe_as("package_summary", 1, key("order_id", &package_summary::order_id),
                       field("status", &package_summary::status),
                       field("units", &package_summary::units, "pieces in the box"),
                       field("lines", &package_summary::lines), field("at", &package_summary::at));
  }
};

/// Event: the box is closed and waits for the carrier.
struct order_packaged {
  std::string order_id{};
  std::string customer_id{};
  std::string name{};
  std::string email{};
  messages::address address{};
  std::vector<priced_line> lines{};

  static constexpr auto describe() {
    return describe_as("order.packaged", 1, key("order_id", &order_packaged::order_id),
                       field("customer_id", &order_packaged::customer_id), field("name", &order_packaged::name, pii),
                       field("email", &order_packaged::email, pii), field("address", &order_packaged::address),
                       field("lines", &order_packaged::lines));
  }
};

/// Event: this can't be packed, now or later.
struct order_unfulfillable {
  std::string order_id{};
  std::string customer_id{};
  std::string reason{};

  static constexpr auto describe() {
    return describe_as("order.unfulfillable", 1, key("order_id", &order_unfulfillable::order_id),
                       field("customer_id", &order_unfulfillable::customer_id),
                       field("reason", &order_unfulfillable::reason));
  }
};

}  // namespace musiccorp::messages
