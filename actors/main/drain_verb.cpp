#include "drain_verb.hpp"

#include <algorithm>
#include <iostream>
#include <thread>

#include "commands.hpp"
#include "config/address.hpp"
#include "node/cluster_routes.hpp"
#include "running_shop.hpp"

namespace musiccorp::program {
namespace {

using namespace std::chrono_literals;
using node::node_condition;

std::string names_of(const config::cluster_plan& plan) {
  std::string all;
  for (const auto& one : plan.members) all += (all.empty() ? "" : ", ") + one.name;
  return all;
}

/// What is not closed yet.
std::string rest_of(const node::cluster_page& page) {
  std::string all;
  for (const auto& one : page.partitions)
    if (one.node == page.node && one.state != "drained" && one.state != "stopped")
      all += (all.empty() ? "" : ", ") + one.partition + " is " + one.state;
  return all;
}

/// Asks again and again: what is waited for takes milliseconds, mostly.
int wait_for(running_shop& there, const drain_order& order) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{order.within_s};
  for (auto pause = 10ms;; pause = std::min(pause * 2, 500ms)) {
    const auto page = there.read<node::cluster_page>("/cluster");
    if (page.condition == node_condition::drained) {
      std::cout << order.node
                << " is drained: its stores are closed. SIGTERM ends its process; the next start serves again."
                << std::endl;
      return 0;
    }
    if (std::chrono::steady_clock::now() >= deadline)
      throw ending_early{exit_refused, order.node + " is not drained after " + std::to_string(order.within_s) +
                                           " s: " + rest_of(page)};
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace

int drain_node(const drain_order& order) {
  const auto read = load_cluster(order.cluster_file);
  if (const auto* code = std::get_if<int>(&read)) return *code;
  const auto& plan = std::get<config::cluster_plan>(read);
  const auto* member = plan.find(order.node);
  if (member == nullptr) {
    std::cerr << order.cluster_file << ": there is no node \"" << order.node << "\"; there are " << names_of(plan)
              << std::endl;
    return exit_bad_config;
  }
  try {
    running_shop there{"http://" + config::text_of(member->http)};
    // Before anything is done: a wrong address must not take another node out.
    if (const auto page = there.read<node::cluster_page>("/cluster"); page.node != order.node)
      throw ending_early{exit_refused, "at " + config::text_of(member->http) + " is node " + page.node};
    (void)there.send<node::drain_answer>("/cluster/drain",
                                         describe::to_json(node::operator_command{order.reason, order.by}));
    return wait_for(there, order);
  } catch (const ending_early& early) {
    std::cerr << early.text << std::endl;
    return early.code;
  }
}

}  // namespace musiccorp::program
