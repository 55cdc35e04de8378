#include "bench/order_load.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "base/ensure.hpp"
#include "demo/load.hpp"
#include "messages/customer_messages.hpp"

namespace musiccorp::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t customers_count = 64;
constexpr std::int64_t pieces_enough = 200;  // No order of a run finds an item sold out.

}  // namespace

demo::order_plan ordinary_orders(const demo::shop_client& shop, std::size_t count, std::string_view name) {
  std::vector<std::string> customers;
  for (std::size_t i = 0; i < customers_count; ++i)
    customers.push_back(
        shop.post<messages::customer_summary>("/customers", demo::customer_body(i), 201).value().customer_id);
  auto stock = shop.list("/inventory", &messages::stock_page::items).value();
  std::erase_if(stock, [](const auto& one) { return one.on_hand < pieces_enough; });
  auto plan = demo::make_plan(1, 2 * count, customers, stock, name);
  std::erase_if(plan.orders, [](const auto& one) { return one.kind != demo::order_kind::ordinary; });
  plan.orders.resize(std::min(count, plan.orders.size()));
  return plan;
}

demo::load_result place_orders(const demo::shop_client& shop, const demo::order_plan& plan) {
  return demo::run_load(shop, plan, {.clients = 8, .window = open_orders / 8}, {});
}

http::client order_connection() {
  return http::client{{.connections_per_host = open_orders, .response_limit = 64U << 20U, .timeout = 30s}};
}

demo::report drive_orders(const demo::shop_client& shop, std::size_t count) {
  const auto plan = ordinary_orders(shop, count, "bench");
  const auto before = shop.metrics().value();
  const auto load = place_orders(shop, plan);
  const auto rest = demo::wait_for_rest(shop, 120s);
  ensure(rest.has_value(), "every message is settled");

  demo::report report;
  demo::add_load(report, load);
  demo::add_metrics(report, before, shop.metrics().value());
  demo::books orders;
  auto list = shop.list("/orders", &messages::order_page::orders).value();
  for (auto& one : list) orders.orders.emplace(one.order_id, std::move(one));
  demo::add_books(report, orders);
  return report;
}

}  // namespace musiccorp::bench
