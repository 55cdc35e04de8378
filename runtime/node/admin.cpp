#include "node/admin.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "http/exchange.hpp"
#include "http/gzip.hpp"
#include "http/problem.hpp"
#include "node/openapi.hpp"

namespace musiccorp::node {
namespace {

using json = nlohmann::ordered_json;

http::reply plain(std::string text, std::string media_type = "application/json") {
  http::reply reply;
  reply.content_type = std::move(media_type);
  reply.body = std::move(text);
  return reply;
}

/// 200 when every cell serves, 503 with the ones that do not. A cell that is wedged runs, and serves nobody.
http::reply readiness(const cell_statuses& cells, const std::vector<std::string>& reasons) {
  json list = json::array();
  std::string missing;
  for (const auto& one : reasons) missing += (missing.empty() ? "" : ", ") + one;
  for (const auto& one : cells) {
    const auto state = one->state.load();
    list.push_back({{"service", one->service}, {"state", service::name_of(state)}});
    if (state == service::cell_state::running) continue;
    if (!missing.empty()) missing += ", ";
    missing += one->service + " is " + std::string{service::name_of(state)};
  }
  if (!missing.empty()) return http::problem_reply(base::fault{fault_kind::unavailable, missing, {}, {}});
  return plain(json{{"status", "ready"}, {"services", list}}.dump());
}

/// 200 while the process is worth keeping.
http::reply health(const std::vector<std::string>& ailments) {
  if (ailments.empty()) return plain(R"({"status":"alive"})");
  std::string all;
  for (const auto& one : ailments) all += (all.empty() ? "" : "; ") + one;
  return http::problem_reply(base::fault{fault_kind::unavailable, all, {}, {}});
}

std::string front_page(std::span<const service_definition> services, const std::string& name,
                       const std::string& version) {
  json routes = json::array();
  for (const auto& one : services)
    for (const auto& route : one.routes())
      routes.push_back(
          {{"service", one.name()}, {"method", route.method}, {"path", route.path}, {"summary", route.summary}});
  return json{{"node", name},
              {"version", version},
              {"about",
               {{"console", "/console/"},
                {"openapi", "/openapi.json"},
                {"metrics", "/metrics"},
                {"mailboxes", "/mailboxes"},
                {"health", "/healthz"},
                {"ready", "/readyz"},
                {"supervision", "/supervision"},
                {"trace", "/trace/{trace_id}"},
                {"cluster", "/cluster"},
                {"logs", "/logs"}}},
              {"routes", routes}}
      .dump(2);
}

}  // namespace

bool all_running(const cell_statuses& cells) {
  return std::all_of(cells.begin(), cells.end(),
                     [](const auto& one) { return one->state == service::cell_state::running; });
}

std::vector<http::route> admin_routes(observatory& numbers, const cell_statuses& cells,
                                      std::span<const service_definition> services, const std::string& name,
                                      const std::string& version, std::function<std::vector<std::string>()> ailments,
                                      std::function<std::vector<std::string>()> hindrances) {
  const auto fixed = [](std::string text) {
    auto shared = std::make_shared<const std::string>(std::move(text));
    return [shared](const http::request&, const std::shared_ptr<http::exchange>& exchange) {
      http::reply reply;
      reply.body = shared;
      exchange->respond(std::move(reply));
    };
  };
  std::vector<http::route> table;
  table.push_back({"GET", "/", fixed(front_page(services, name, version))});
  table.push_back({"GET", "/openapi.json", fixed(openapi_document(services, version))});
  table.push_back(
      {"GET", "/healthz", [ailments](const http::request&, const std::shared_ptr<http::exchange>& exchange) {
         exchange->respond(health(ailments()));
       }});
  table.push_back(
      {"GET", "/readyz",
       [&cells, ailments, hindrances](const http::request&, const std::shared_ptr<http::exchange>& exchange) {
         auto reasons = ailments();
         for (auto& one : hindrances()) reasons.push_back(std::move(one));
         exchange->respond(readiness(cells, reasons));
       }});
  table.push_back(
      {"GET", "/metrics", [&numbers](const http::request& request, const std::shared_ptr<http::exchange>& exchange) {
         exchange->respond(http::compressed(
             request, plain(numbers.registry().render(), "text/plain; version=0.0.4; charset=utf-8")));
       }});
  return table;
}

}  // namespace musiccorp::node
