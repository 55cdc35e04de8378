#include "node/tree.hpp"

#include <set>

#include "node/ticker.hpp"

namespace musiccorp::node {
namespace {

using namespace std::chrono_literals;
using supervision::child_spec;
using supervision::restart_strategy;
using supervision::start_context;
using supervision::started_child;
using supervision::stop_limit;
using supervision::supervised_child;
using supervision::supervisor_options;

constexpr auto partition_stops_within = 2s;
constexpr auto partition_is_up_within = 30s;

supervised_child worker(std::string id, std::chrono::milliseconds interval, std::function<void()> work) {
  return {{.id = std::move(id), .stop = stop_limit::within(1s)},
          [interval, work = std::move(work)](const start_context& how) -> result<started_child> {
            return started_child{spawn_ticker(how.system, interval, work), {}, {}};
          }};
}

supervised_child partition_leaf(const service_definition& definition, cell_factory& cells) {
  return {{.id = std::to_string(definition.share().index),
           .stop = stop_limit::within(partition_stops_within),
           .rebuilds = true,
           .ready_within = partition_is_up_within},
          [&definition, &cells](const start_context& how) { return cells.start(definition, how); }};
}

/// One service: its partitions that run here, below a supervisor of their own.
supervised_child service_branch(const supervision_options& wanted, const std::string& service,
                                std::span<const service_definition> all, cell_factory& cells) {
  std::vector<supervised_child> partitions;
  for (const auto& one : all)
    if (one.service() == service) partitions.push_back(partition_leaf(one, cells));
  const supervisor_options options{.strategy = restart_strategy::one_for_one,
                                   .intensity = wanted.restarts_max,
                                   .period = wanted.restarts_period,
                                   .backoff = {.delay_first = wanted.delay_first, .delay_max = wanted.delay_longest},
                                   .kill_grace = 500ms,
                                   .differing_in_row = wanted.differing_crashes};
  return supervision::supervisor_child({.id = service, .kind = supervision::child_kind::supervisor},
                                       {.options = options, .children = std::move(partitions)});
}

}  // namespace

supervision::supervisor_setup tree_of(const node_options& options, std::span<const service_definition> services,
                                      cell_factory& cells, housekeeping work) {
  const auto& wanted = options.supervision;
  std::vector<supervised_child> branches;
  std::vector<supervised_child> hospital;
  std::set<std::string_view> seen;
  for (const auto& one : services) {
    if (!seen.insert(one.service()).second) continue;
    auto& where = one.service() == "hospital" ? hospital : branches;
    where.push_back(service_branch(wanted, one.service(), services, cells));
  }
  // One service that always fails restarts at most so often within a minute that it never spends this alone.
  const supervisor_options several{.strategy = restart_strategy::one_for_one,
                                   .intensity = wanted.services_restarts_max,
                                   .period = 60s,
                                   .backoff = {.delay_first = wanted.delay_first, .delay_max = wanted.delay_longest}};
  supervision::supervisor_setup root;
  root.path = "node";
  root.options = {.strategy = restart_strategy::rest_for_one,
                  .intensity = 3,
                  .period = 60s,
                  .backoff = {.delay_first = wanted.delay_first, .delay_max = wanted.delay_longest}};
  root.seed = options.seed;
  root.children.push_back(worker("telemetry", 1s, std::move(work.observe)));
  if (work.relay) root.children.push_back(worker("cluster", 50ms, std::move(work.relay)));
  root.children.push_back(
      supervision::supervisor_child({.id = "services", .kind = supervision::child_kind::supervisor},
                                    {.options = several, .children = std::move(branches)}));
  for (auto& one : hospital) root.children.push_back(std::move(one));
  root.children.push_back(worker("gateway", 50ms, std::move(work.sweep)));
  return root;
}

}  // namespace musiccorp::node
