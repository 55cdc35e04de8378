// What distance costs: the same shop on one node and on three, on the same cores.
#include <algorithm>
#include <string>
#include <utility>

#include "base/ensure.hpp"
#include "bench/measurement.hpp"
#include "bench/order_load.hpp"
#include "support/cluster_processes.hpp"
#include "support/process.hpp"

namespace musiccorp::bench {
namespace {

using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;
using shares = std::map<std::string, std::vector<std::string>>;

constexpr auto patience = 60s;

shares on_one_node() {
  shares one;
  for (const auto& [name, hosts] : testing::three_shares())
    one["north"].insert(one["north"].end(), hosts.begin(), hosts.end());
  return one;
}

void open(testing::cluster_processes& nodes, http::client& connection) {
  nodes.start_all();
  ensure(nodes.wait_until(
             [&] {
               return std::ranges::all_of(nodes.names(), [&](const auto& name) {
                 const auto page = nodes.page(connection, name);
                 return page && std::ranges::all_of(page->links, [](const auto& link) {
                          return link.state == cluster::link_state::up;
                        });
               });
             },
             patience),
         "all links are up");
}

double orders_on(const std::filesystem::path& folder, const shares& who, bool with_certificates, std::size_t count) {
  std::filesystem::create_directories(folder);
  auto connection = order_connection();
  testing::cluster_processes nodes{folder, who, {}, with_certificates};
  open(nodes, connection);
  const auto report = drive_orders(nodes.shop(connection), count);
  ensure(report.accepted == report.orders, "ordinary orders are accepted");
  return report.orders_per_second;
}

/// One request after another, in microseconds.
std::vector<double> round_trips(http::client& connection, const std::string& url, std::size_t count) {
  std::vector<double> took;
  for (std::size_t i = 0; i < count; ++i) {
    const auto start = clock::now();
    const auto answer = connection.fetch({.url = url});
    ensure(answer.has_value() && answer->status == 200, "it answers");
    took.push_back(seconds_since(start) * 1e6);
  }
  return took;
}

/// From SIGSTOP until a peer says that the link is down, in milliseconds.
double detection(testing::cluster_processes& nodes, http::client& connection) {
  const auto sees = [&](cluster::link_state state) {
    const auto link = nodes.link(connection, "north", "south");
    return link && link->state == state;
  };
  ensure(nodes.wait_until([&] { return sees(cluster::link_state::up); }, patience), "the link is up");
  const auto start = clock::now();
  nodes.freeze("south");
  ensure(nodes.wait_until([&] { return !sees(cluster::link_state::up); }, patience), "it is noticed");
  const auto took = seconds_since(start) * 1000;
  nodes.resume("south");
  return took;
}

}  // namespace

void measure_cluster(const settings& how, measurements& into) {
  const auto count = scaled(how, 3'000);
  std::vector<double> one, three, sealed, share, sealed_share;
  for (std::size_t run = 0; run < how.runs; ++run) {
    const auto folder = how.scratch / ("cluster-" + std::to_string(run));
    one.push_back(orders_on(folder / "one", on_one_node(), false, count));
    three.push_back(orders_on(folder / "three", testing::three_shares(), false, count));
    sealed.push_back(orders_on(folder / "sealed", testing::three_shares(), true, count));
    share.push_back(three.back() / one.back());
    sealed_share.push_back(sealed.back() / one.back());
  }
  into.push_back(summarize("orders on a cluster of one node", "1/s", std::move(one)));
  into.push_back(summarize("orders on three nodes, plain links", "1/s", std::move(three), {}, "on the same cores"));
  into.push_back(summarize("orders on three nodes, encrypted", "1/s", std::move(sealed), {}, "on the same cores"));
  into.push_back(summarize("three nodes / one", "ratio", std::move(share), {}, "what distance leaves"));
  into.push_back(summarize("three nodes, encrypted / one", "ratio", std::move(sealed_share)));

  const testing::temporary_folder folder{how.scratch};
  http::client connection{{.timeout = 30s}};
  testing::cluster_processes nodes{folder.path()};
  open(nodes, connection);
  const auto requests = scaled(how, 3'000);
  for (const auto* door : {"north", "south"}) {
    auto took = round_trips(connection, nodes.url(door) + "/inventory/MC-0001", requests);
    const std::string where = door == std::string{"north"} ? "on this node" : "on another node";
    into.push_back(summarize("GET of something " + where + ", p50", "us", {percentile(took, 0.5)}));
    into.push_back(summarize("GET of something " + where + ", p99", "us", {percentile(took, 0.99)}));
  }
  into.push_back(repeat(
      how, "a frozen peer is noticed", "ms", [&] { return detection(nodes, connection); }, 2'000,
      "down after 1500 ms of silence"));
}

}  // namespace musiccorp::bench
