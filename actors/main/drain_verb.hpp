#pragma once

#include <cstdint>
#include <string>

namespace musiccorp::program {

struct drain_order {
  std::string node;
  std::string cluster_file;
  std::string by = "somebody";
  std::string reason = "maintenance";
  std::int64_t within_s = 60;
};

/// `musiccorp drain NODE --cluster FILE`: tells a node of a running cluster to finish what it has taken and to close
/// its stores, and waits for it. Its process goes on, and its door leads to the other nodes. 0 when it is drained, 1
/// when it refuses or is not done in time, 69 when it can't be reached, 78 for a wrong cluster file or a node that is
/// not in it.
int drain_node(const drain_order& order);

}  // namespace musiccorp::program
