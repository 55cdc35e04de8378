#include <ctime>
#include <filesystem>
#include <string>

#include "base/ensure.hpp"
#include "bench/measurement.hpp"
#include "messages/customer_messages.hpp"
#include "messages/order_messages.hpp"
#include "roster/roster.hpp"
#include "storage/sqlite_store.hpp"
#include "support/little_world.hpp"
#include "telemetry/span_store.hpp"
#include "telemetry/traceparent.hpp"

namespace musiccorp::bench {
namespace {

using testing::little_world;

enum class recorded { nothing, numbers, numbers_and_spans };

/// What each partition has of a node that records so much.
little_world::equipment recorded_in(telemetry::metrics_registry& registry, telemetry::span_store& spans,
                                    recorded what) {
  if (what == recorded::nothing) return {};
  return [&registry, &spans, what](const std::string& service, const service::wiring& wires,
                                   service::partition_environment& environment) {
    if (what == recorded::numbers_and_spans) environment.spans = &spans;
    environment.cell = telemetry::cell_metrics{registry, service};
    environment.store_numbers = std::make_shared<telemetry::store_metrics>(registry);
    for (const auto& upstream : wires.upstreams)
      environment.queues.emplace(upstream.service,
                                 telemetry::queue_metrics{registry, service::queue_name(upstream.service, service)});
  };
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// Processor time of one order through all services, in microseconds. One thread; the stores wait for no disk.
double order_costs(const std::filesystem::path& data, std::size_t orders, recorded what) {
  constexpr std::size_t at_once = 20;  // So many share a commit in a shop at work.
  std::filesystem::create_directories(data);
  const base::system_clock time;
  telemetry::metrics_registry registry{time};
  telemetry::span_store spans;
  auto services = roster::roster({}, data, std::filesystem::path{MUSICCORP_SOURCE_DIR} / "config/catalog.json");
  ensure(services.has_value(), "the shop's services are there");
  double took = 0;
  {
    little_world world{std::move(*services),
                       1,
                       {},
                       storage::sqlite_stores(data, storage::durability::process),
                       recorded_in(registry, spans, what)};
    world.settle();
    const auto asked = world.ask(
        "customer", messages::register_customer{"Ada", "ada@example.org", {"Main Street 1", "Turin", "10121", "IT"}});
    world.settle();
    const auto said = world.reply(asked).value();
    const auto customer =
        describe::from_json<messages::customer_summary>(std::get<request::answer>(said).payload).value().customer_id;
    const auto start = cpu_seconds();
    for (std::size_t i = 0; i < orders; ++i) {
      auto number = std::to_string(1 + i % 600);
      number.insert(0, 4 - number.size(), '0');
      if (what == recorded::numbers_and_spans)
        world.traceparent = telemetry::traceparent_text{{{1, i + 1}, i + 1}}.view();
      (void)world.ask("order", messages::place_order{customer, {{"MC-" + number, 1}}, {"4000-0000-0000-0001"}});
      if (i % at_once == at_once - 1) world.pass(std::chrono::milliseconds{150});
    }
    world.pass(std::chrono::seconds{1});
    took = cpu_seconds() - start;
  }
  std::filesystem::remove_all(data);
  return took * 1e6 / static_cast<double>(orders);
}

}  // namespace

/// Processor time tells more than a rate here: two percent are less than what two runs beside each other differ by.
void measure_telemetry(const settings& how, measurements& into) {
  const auto orders = scaled(how, 2'000);
  std::vector<double> without, with, traced, ratios, traced_ratios;
  for (std::size_t run = 0; run < how.runs; ++run) {
    const auto costs = [&](recorded what) { return order_costs(how.scratch / "telemetry", orders, what); };
    const auto before = costs(recorded::nothing);
    with.push_back(costs(recorded::numbers));
    const auto after = costs(recorded::nothing);
    traced.push_back(costs(recorded::numbers_and_spans));
    without.push_back((before + after) / 2);
    ratios.push_back(without.back() / with.back());
    traced_ratios.push_back((with.back() + costs(recorded::numbers)) / 2 / traced.back());
  }
  into.push_back(summarize("one order, nothing is counted", "us", std::move(without), {},
                           "processor time of all services, stores that wait for no disk"));
  into.push_back(summarize("one order, everything is counted", "us", std::move(with)));
  into.push_back(summarize("work without metrics / with metrics", "ratio", std::move(ratios), 0.98));
  into.push_back(summarize("one order, counted and traced", "us", std::move(traced)));
  into.push_back(summarize("work with metrics / with metrics and traces", "ratio", std::move(traced_ratios), {},
                           "each order is traced"));
}

}  // namespace musiccorp::bench
