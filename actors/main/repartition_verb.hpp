#pragma once

#include <string>

namespace musiccorp::program {

struct repartition_wish {
  std::string service;
  std::string cluster_file;  ///< as it shall be
  std::string former_file;   ///< as it was
  std::string data;          ///< empty: .data/<cluster> of the project
};

/// `musiccorp repartition`. 0 when it is done, 1 when it is refused and nothing was changed, 74 when a file could not
/// be read or written, 78 for cluster files that are wrong, or differ in more than this service's partitions.
int repartition_service(const repartition_wish& wish);

}  // namespace musiccorp::program
