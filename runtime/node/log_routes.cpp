#include "node/log_routes.hpp"

#include "describe/json.hpp"
#include "describe/suggest.hpp"
#include "http/exchange.hpp"
#include "http/problem.hpp"
#include "telemetry/log.hpp"

namespace musiccorp::node {
namespace {

const telemetry::logger log{"node"};
constexpr std::string_view everything = "all";

log_page look() {
  log_page page;
  for (const auto& [component, level] : telemetry::log_levels())
    page.levels.emplace(component, telemetry::name_of(level));
  page.lines_lost = telemetry::log_lines_lost();
  return page;
}

void answer(const std::shared_ptr<http::exchange>& exchange) {
  http::reply reply;
  reply.body = describe::to_json(look());
  exchange->respond(std::move(reply));
}

base::fault no_such(const std::string& component, const std::map<std::string, telemetry::log_level>& known) {
  std::vector<std::string_view> names;
  for (const auto& [name, level] : known) names.push_back(name);
  const auto close = describe::closest(component, names);
  return {base::fault_kind::not_found,
          "no component is called " + component + (close.empty() ? "" : "; did you mean " + std::string{close} + "?"),
          {},
          {}};
}

void change(const http::request& request, const std::shared_ptr<http::exchange>& exchange) {
  const auto order = describe::from_json<log_order>(request.body);
  if (!order) return exchange->respond(http::problem_reply(order.error()));
  const std::string component{request.parameter("component")};
  const auto known = telemetry::log_levels();
  if (component != everything && !known.contains(component))
    return exchange->respond(http::problem_reply(no_such(component, known)));
  // Before it is done, as it may be the last line.
  log.warn(
      "log-level-changed",
      {{"of", component}, {"to", describe::name_of(order->level)}, {"by", order->by}, {"reason", order->reason}});
  const auto level = telemetry::log_level_named(describe::name_of(order->level)).value();
  if (component == everything)
    telemetry::set_log_level(level);
  else
    telemetry::set_log_level(component, level);
  answer(exchange);
}

}  // namespace

std::vector<http::route> log_routes() {
  return {{"GET", "/logs",
           [](const http::request&, const std::shared_ptr<http::exchange>& exchange) { answer(exchange); }},
          {"POST", "/logs/{component}", change}};
}

}  // namespace musiccorp::node
