#pragma once

#include <algorithm>
#include <chrono>

#include "base/ensure.hpp"
#include "support/cluster_processes.hpp"

namespace musiccorp::bench {

inline constexpr std::chrono::seconds patience{60};

/// Starts all nodes, and waits until each has a link with each.
inline void open(testing::cluster_processes& nodes, http::client& connection) {
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

}  // namespace musiccorp::bench
