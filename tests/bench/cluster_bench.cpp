// What distance costs: the same shop on one node and on three, on the same cores.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "base/ensure.hpp"
#include "bench/measurement.hpp"
#include "bench/open_cluster.hpp"
#include "bench/order_load.hpp"
#include "demo/books.hpp"
#include "support/process.hpp"

namespace musiccorp::bench {
namespace {

using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;
using shares = std::map<std::string, std::vector<std::string>>;

shares on_one_node() {
  shares one;
  for (const auto& [name, hosts] : testing::three_shares())
    one["north"].insert(one["north"].end(), hosts.begin(), hosts.end());
  return one;
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

struct pace {
  double per_second = 0;  ///< orders that were accepted and charged
  double memory_mb = 0;   ///< by which the node grew that publishes what the frozen one would hear
};

/// So many orders, from the first request until payment, on another node, has charged all of them.
pace take_orders(testing::cluster_processes& nodes, http::client& connection, std::size_t count,
                 std::string_view name) {
  const demo::shop_client door{connection, nodes.url("north")}, payment{connection, nodes.url("east")};
  const auto charged = [&] {
    return payment.metrics().value().sum("runtime_messages_handled_total",
                                         {{"service", "payment"}, {"message", "card_charged"}});
  };
  const auto memory = [&] { return door.metrics().value().sum("process_resident_memory_bytes") / (1 << 20); };
  const auto plan = ordinary_orders(door, count, name);
  const auto charged_before = charged();
  const auto memory_before = memory();
  const auto start = clock::now();
  const auto accepted = demo::accepted_of(place_orders(door, plan)).size();
  ensure(accepted == plan.orders.size(), "ordinary orders are accepted");
  ensure(nodes.wait_until([&] { return charged() - charged_before >= static_cast<double>(accepted); }, patience),
         "each is charged");
  return {static_cast<double>(accepted) / seconds_since(start), memory() - memory_before};
}

/// A frozen subscriber costs its publisher its log and nothing else.
void measure_backpressure(const settings& how, testing::cluster_processes& nodes, http::client& connection,
                          measurements& into) {
  const auto count = scaled(how, 1'000);  // In all runs, and still nothing is sold out.
  std::vector<double> all, without, share, memory;
  for (std::size_t run = 0; run < how.runs; ++run) {
    const auto name = std::to_string(run);
    const auto before = take_orders(nodes, connection, count, "all-" + name);
    nodes.freeze("south");
    const auto during = take_orders(nodes, connection, count, "frozen-" + name);
    nodes.resume("south");
    ensure(demo::wait_for_rest(nodes.shop(connection), patience).has_value(),
           "what waited for the frozen one is done");  // And its silence is over.
    all.push_back(before.per_second);
    without.push_back(during.per_second);
    share.push_back(during.per_second / before.per_second);
    memory.push_back(during.memory_mb);
  }
  into.push_back(summarize("orders charged, all nodes there", "1/s", std::move(all)));
  into.push_back(summarize("orders charged, a subscriber's node is frozen", "1/s", std::move(without), {},
                           "it would ship and mail them"));
  into.push_back(summarize("frozen / all there", "ratio", std::move(share), 0.95));
  into.push_back(summarize("the publisher's memory meanwhile", "MB", std::move(memory), 32,
                           "grown by, while it published for the frozen node; a link holds 32 MB at most"));
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
  measure_backpressure(how, nodes, connection, into);
  into.push_back(repeat(
      how, "a frozen peer is noticed", "ms", [&] { return detection(nodes, connection); }, 2'000,
      "down after 1500 ms of silence"));
}

}  // namespace musiccorp::bench
