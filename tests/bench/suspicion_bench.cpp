// Whether a machine that has no processor time to give makes nodes take each other for dead.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <utility>

#include "bench/measurement.hpp"
#include "bench/open_cluster.hpp"
#include "demo/child_process.hpp"
#include "support/temporary_folder.hpp"

namespace musiccorp::bench {
namespace {

using namespace std::chrono_literals;

/// Processes that do nothing but burn, two for each core, at normal priority, while this lives.
class fire {
 public:
  fire() {
    for (unsigned i = 0; i < 2 * std::max(1U, std::thread::hardware_concurrency()); ++i) {
      auto begun = demo::child_process::start({"/bin/sh", {"-c", "while :; do :; done"}, {}});
      ensure(begun.has_value(), "a process can be started");
      burning_.push_back(std::move(*begun));
    }
  }

 private:
  std::vector<demo::child_process> burning_;
};

/// Asks doors for what other nodes have, one question after another, while it lives: beats are not alone on a link.
class traffic {
 public:
  explicit traffic(const testing::cluster_processes& nodes) {
    for (const auto* route : {"/orders/nobody", "/payments/nobody", "/shipments/nobody"})
      for (const auto& name : nodes.names())
        threads_.emplace_back([this, url = nodes.url(name) + route] {
          http::client connection{{.timeout = 30s}};
          while (!is_over_) (void)connection.fetch({.url = url});
        });
  }
  ~traffic() { is_over_ = true; }
  traffic(const traffic&) = delete;
  traffic& operator=(const traffic&) = delete;

 private:
  std::atomic<bool> is_over_{false};
  std::vector<std::jthread> threads_;
};

/// Since the machine's start, of all cores.
struct core_time {
  double all = 0, idle = 0;
};
core_time core_time_so_far() {
  std::ifstream stat{"/proc/stat"};
  std::string word;
  stat >> word;
  core_time seen;
  double ticks = 0;
  for (int column = 0; column < 8 && stat >> ticks; ++column) {  // user nice system idle iowait irq softirq steal
    seen.all += ticks;
    if (column == 3 || column == 4) seen.idle += ticks;
  }
  return seen;
}

/// By the metrics of all nodes.
struct link_numbers {
  double ups = 0;        ///< that have come up, ever
  double up = 0;         ///< now
  double suspicion = 0;  ///< the highest
};
link_numbers read_links(const testing::cluster_processes& nodes, http::client& connection) {
  link_numbers seen;
  for (const auto& name : nodes.names()) {
    const auto page = demo::shop_client{connection, nodes.url(name)}.metrics();
    ensure(page.has_value(), "a node tells its metrics");
    seen.ups += page->sum("runtime_cluster_link_ups_total");
    seen.up += page->sum("runtime_cluster_link_up");
    for (const auto& other : nodes.names())
      seen.suspicion = std::max(seen.suspicion, page->sum("runtime_cluster_suspicion", {{"peer", other}}));
  }
  return seen;
}

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * share);
  return text;
}

}  // namespace

void measure_suspicions(const settings& how, measurements& into) {
  const testing::temporary_folder folder{how.scratch};
  http::client connection{{.timeout = 30s}};
  testing::cluster_processes nodes{folder.path(), testing::three_shares(), {}, true};
  open(nodes, connection);
  const auto before = read_links(nodes, connection);
  ensure(before.up == 6, "each node has a link with each");
  auto suspicion = before.suspicion;
  double down = 0;
  const auto cores_before = core_time_so_far();
  {
    const fire burning;
    const traffic asking{nodes};
    (void)nodes.wait_until(
        [&] {
          const auto now = read_links(nodes, connection);
          suspicion = std::max(suspicion, now.suspicion);
          down = std::max(down, before.up - now.up);
          return false;  // It is the time that is waited for.
        },
        how.loaded_for);
  }
  const auto cores = core_time_so_far();
  const auto after = read_links(nodes, connection);
  const auto busy = 1 - (cores.idle - cores_before.idle) / std::max(1.0, cores.all - cores_before.all);
  const auto lost = std::max(down, after.ups - before.ups + before.up - after.up);
  into.push_back(summarize("links lost while every core burns", "links", {lost}, 0,
                           "of 6 between three nodes, in " + std::to_string(how.loaded_for.count()) +
                               " s; the cores were busy for " + percent(busy)));
  into.push_back(summarize("the highest suspicion meanwhile", "phi", {suspicion}, {}, "8 and more is worth a look"));
}

}  // namespace musiccorp::bench
