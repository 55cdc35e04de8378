#include "node/cluster_routes.hpp"

#include <algorithm>

#include "describe/json.hpp"
#include "http/exchange.hpp"
#include "http/problem.hpp"

namespace musiccorp::node {
namespace {

placed_partition here(const std::string& name, const node_options& options, const cell_statuses& cells,
                      const neighbours* others) {
  placed_partition one{name, options.name, {}, "stopped", 0};
  if (others) one.epoch = others->epoch_of(name);
  const auto cell = std::ranges::find_if(cells, [&](const auto& it) { return it->service == name; });
  if (cell == cells.end()) return one;
  one.state = service::name_of((*cell)->state.load());
  one.requests_pending = (*cell)->mailbox->depth();
  return one;
}

placed_partition there(const neighbours::remote_view& remote, std::span<const cluster::link_view> links) {
  placed_partition one{remote.partition, remote.node, {}, "unreachable", remote.requests_pending};
  const auto link = std::ranges::find(links, remote.node, &cluster::link_view::node);
  if (link == links.end()) return one;
  if (link->state == cluster::link_state::up)
    one.state = link->condition.empty() || link->condition == "serving" ? "reachable" : link->condition;
  if (const auto epoch = link->partitions.find(remote.partition); epoch != link->partitions.end())
    one.epoch = epoch->second;
  return one;
}

}  // namespace

cluster_page look_at_cluster(const node_options& options, std::span<const service_definition> services,
                             const std::map<std::string, service::wiring>& wires, const cell_statuses& cells,
                             const service::ledger_board& ledgers, const neighbours* others) {
  cluster_page page;
  page.node = options.name;
  page.version = options.version;
  if (others) {
    page.cluster = options.cluster->links.cluster;
    page.incarnation = others->incarnation();
    page.links = others->links();
    for (const auto& remote : others->remotes()) page.partitions.push_back(there(remote, page.links));
  }
  const auto is_here = [&](std::string_view name) { return !options.cluster || options.cluster->hosts(name); };
  for (const auto& one : services)
    if (is_here(one.name())) page.partitions.push_back(here(one.name(), options, cells, others));
  std::ranges::sort(page.partitions, {}, &placed_partition::partition);
  std::map<std::string, service::queue_books> books;
  for (const auto& [name, ledger] : ledgers.all()) books.emplace(name, ledger->read());
  for (const auto& [publisher, wire] : wires) {
    if (!is_here(publisher)) continue;
    for (const auto& subscriber : wire.subscribers) {
      if (is_here(subscriber.service)) continue;
      const auto queue = service::queue_name(publisher, subscriber.service);
      const auto& book = books[queue];
      crossing_stream one{
          queue, options.cluster->links.owners.at(subscriber.service), book.ready, book.in_flight, {}};
      if (book.oldest_ready != 0) one.oldest_ready = instant{base::duration{book.oldest_ready}};
      page.streams.push_back(std::move(one));
    }
  }
  return page;
}

http::route drain_route(std::string node, std::function<node_condition(const operator_command&)> drain) {
  return {"POST", "/cluster/drain",
          [node = std::move(node), drain = std::move(drain)](const http::request& request,
                                                             const std::shared_ptr<http::exchange>& exchange) {
            const auto order = describe::from_json<operator_command>(request.body);
            if (!order) return exchange->respond(http::problem_reply(order.error()));
            http::reply reply;
            reply.status = 202;
            reply.body = describe::to_json(drain_answer{node, drain(*order)});
            exchange->respond(std::move(reply));
          }};
}

http::route cluster_route(std::function<cluster_page()> look) {
  return {"GET", "/cluster",
          [look = std::move(look)](const http::request&, const std::shared_ptr<http::exchange>& exchange) {
            http::reply reply;
            reply.body = describe::to_json(look());
            exchange->respond(std::move(reply));
          }};
}

}  // namespace musiccorp::node
