#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "service/definition.hpp"
#include "service/wiring.hpp"

/// Gives a service another number of partitions, while nothing runs.
namespace musiccorp::service {

/// Where the journal of a service is, beside the folders of the nodes.
[[nodiscard]] std::filesystem::path repartition_journal(const std::filesystem::path& data, std::string_view service);
[[nodiscard]] bool is_repartition_journal(const std::filesystem::path& file);

struct repartition_order {
  std::string service;
  partition_counts before;
  partition_counts after;
  std::map<std::string, std::filesystem::path> stores;      ///< of every partition of the shop, as it was
  std::map<std::string, std::filesystem::path> new_stores;  ///< of the service's partitions, as they shall be
  /// What is to be moved is written down here before it is moved: a file beside the data.
  std::filesystem::path journal;
};

struct repartition_report {
  struct part {
    std::string partition;
    std::uint64_t entities = 0;
  };
  std::vector<part> before;
  std::vector<part> after;
  std::uint64_t messages = 0;  ///< that the service has received, ever; the ledger holds before and after
  std::vector<std::filesystem::path> kept;  ///< where the old files are now
};

/// Writes new stores beside the old ones, looks them over, and only then moves old ones aside and new ones into their
/// places. Refused, with nothing changed: a store that is open (busy), a store that is missing (not_found), a service
/// that is not by key or listens to itself (invalid), and, with a problem for each (conflict), messages that the
/// service has not handled, that others have not taken from it, and dead letters of either side.
///
/// When the process dies, the next call begins anew, or finishes with finish_repartition what was being moved.
[[nodiscard]] result<repartition_report> repartition(std::span<const service_definition> services,
                                                     const repartition_order& order);

/// Moves the rest of what an interrupted repartition was moving. False: there was none.
[[nodiscard]] result<bool> finish_repartition(const std::filesystem::path& journal);

}  // namespace musiccorp::service
