#pragma once

#include <cstdint>

#include "messages/payment_messages.hpp"
#include "messages/warehouse_messages.hpp"
#include "service/outcome.hpp"
#include "service/turn.hpp"

/// Packs what is paid. A package is kept as messages::package_summary.
namespace musiccorp::warehouse {

struct warehouse_settings {
  std::int64_t package_units_max = 30;

  static constexpr auto describe() {
    return describe_as("warehouse_settings", 1,
                       field("package_units_max", &warehouse_settings::package_units_max, defaulted,
                             between(1, 1'000'000), "pieces that fit into the largest box"));
  }
};

/// payment.received: order.packaged, or order.unfulfillable when it is more than the largest box holds.
outcome pack(turn& now, const messages::payment_received& event, const warehouse_settings& settings);
outcome answer_package(turn& now, const messages::show_package& query);

}  // namespace musiccorp::warehouse
