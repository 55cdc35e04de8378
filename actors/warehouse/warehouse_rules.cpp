#include "warehouse/warehouse_rules.hpp"

namespace musiccorp::warehouse {

using namespace messages;

namespace {

package_summary package_for(const payment_received& event, instant at) {
  package_summary box;
  box.order_id = event.order_id;
  box.at = at;
  for (const auto& one : event.lines) {
    box.units += one.quantity;
    box.lines.push_back({one.sku, one.quantity});
  }
  return box;
}

}  // namespace

outcome pack(turn& now, const payment_received& event, const warehouse_settings& settings) {
  if (now.find<package_summary>(event.order_id)) return done{};
  auto box = package_for(event, now.now());
  if (box.units > settings.package_units_max) {
    box.status = package_status::unfulfillable;
    now.publish(order_unfulfillable{
        event.order_id, event.customer_id,
        std::to_string(box.units) + " pieces, the largest box holds " + std::to_string(settings.package_units_max)});
  } else {
    now.publish(
        order_packaged{event.order_id, event.customer_id, event.name, event.email, event.address, event.lines});
  }
  now.save(box);
  return done{};
}

outcome answer_package(turn& now, const show_package& query) {
  const auto box = now.find<package_summary>(query.order_id);
  if (!box) return no_such("package for order", query.order_id);
  return *box;
}

}  // namespace musiccorp::warehouse
