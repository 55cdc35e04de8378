#pragma once

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "cluster/links.hpp"
#include "support/free_port.hpp"

/// Nodes of a cluster in one process, over real sockets on loopback.
namespace musiccorp::cluster {

/// As many as that. Under ThreadSanitizer far fewer: each message that CAF's own event loop writes is a report that
/// is suppressed, and that takes milliseconds.
constexpr std::uint64_t many(std::uint64_t count) {
#ifdef __SANITIZE_THREAD__
  return count / 50;
#else
  return count;
#endif
}

using namespace std::chrono_literals;

inline constexpr auto deadline = 20s;

struct prepared_config : caf::actor_system_config {
  prepared_config() {
    links::prepare(*this);
    set("scheduler.max-threads", std::size_t{1});
    set("scheduler.policy", caf::atom("sharing"));
  }
};

using testing::free_port;

/// One node, and what it was told.
class little_node {
 public:
  explicit little_node(link_options options) {
    options.on_parcel = [this](const std::string& from, parcel come) {
      keep([&] { parcels.emplace_back(from, std::move(come)); });
    };
    options.on_link = [this](const link_change& now) { keep([&] { changes.push_back(now); }); };
    options.on_undecodable = [this](const std::string& from, const std::string& text) {
      keep([&] { undecodable.emplace_back(from, text); });
    };
    all = std::make_unique<links>(system, std::move(options));
  }
  ~little_node() { all.reset(); }
  little_node(const little_node&) = delete;
  little_node& operator=(const little_node&) = delete;

  /// Waits until it is so; asks again at each thing that this node is told, and every few milliseconds.
  [[nodiscard]] bool until(const std::function<bool()>& is_so) {
    std::unique_lock hold{mutex};
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!is_so()) {
      if (std::chrono::steady_clock::now() > end) return false;
      told.wait_for(hold, 5ms);
    }
    return true;
  }
  [[nodiscard]] bool until_up(const std::string& node) {
    return until([&] { return all->is_up(node); });
  }
  [[nodiscard]] bool until_parcels(std::size_t count) {
    return until([&] { return parcels.size() >= count; });
  }
  /// The first change of this kind; asks only what it was told.
  [[nodiscard]] bool until_state(const std::string& node, link_state state) {
    return until([&] {
      for (const auto& one : changes)
        if (one.node == node && one.state == state) return true;
      return false;
    });
  }
  [[nodiscard]] link_view view_of(const std::string& node) const {
    for (auto& one : all->view())
      if (one.node == node) return one;
    return {};
  }

  prepared_config config;
  caf::actor_system system{config};
  std::mutex mutex;
  std::condition_variable told;
  std::vector<std::pair<std::string, parcel>> parcels;
  std::vector<link_change> changes;
  std::vector<std::pair<std::string, std::string>> undecodable;
  std::unique_ptr<links> all;

 private:
  template <class Change>
  void keep(Change change) {
    const std::lock_guard hold{mutex};
    change();
    told.notify_all();
  }
};

/// Options of nodes that know each other; each owns the partition of its own name, in capitals or not.
class little_cluster {
 public:
  explicit little_cluster(const std::vector<std::string>& names) {
    for (const auto& name : names) nodes_.push_back({name, "127.0.0.1", free_port()});
  }
  [[nodiscard]] link_options options(const std::string& self, std::uint64_t epoch = 1) const {
    link_options made;
    made.cluster = "test";
    made.self = self;
    made.version = "1.2.3";
    made.beat = 50ms;
    made.down_after = 600ms;
    made.reconnect_first = 20ms;
    made.reconnect_longest = 200ms;
    made.seed = 7;
    made.owned = {{"order-" + self, epoch}};
    for (const auto& one : nodes_) {
      made.owners["order-" + one.name] = one.name;
      if (one.name == self)
        made.port = one.port;
      else
        made.peers.push_back(one);
    }
    return made;
  }
  [[nodiscard]] std::uint16_t port_of(const std::string& name) const {
    for (const auto& one : nodes_)
      if (one.name == name) return one.port;
    return 0;
  }

 private:
  std::vector<peer> nodes_;
};

}  // namespace musiccorp::cluster
