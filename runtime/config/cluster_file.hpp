#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/address.hpp"
#include "config/cluster_config.hpp"

namespace musiccorp::config {

struct cluster_member {
  std::string name;
  address link;
  address http;
  std::vector<std::string> hosts;  ///< partitions, sorted
};

struct cluster_tls {
  std::filesystem::path authority;
  std::filesystem::path certificate;
  std::filesystem::path key;
};

/// A cluster file, checked as a whole.
struct cluster_plan {
  std::string name;
  std::filesystem::path settings;  ///< the node file for what is the same everywhere; empty: none
  cluster_links_config links;
  std::map<std::string, std::uint32_t> partitions;  ///< of each service
  std::vector<cluster_member> members;
  std::map<std::string, std::string> owners;  ///< partition to member
  std::optional<cluster_tls_config> tls;      ///< paths resolved, {node} still in them

  /// Null: there is none of this name.
  [[nodiscard]] const cluster_member* find(std::string_view member) const;
  /// The files of one member; nothing without TLS.
  [[nodiscard]] std::optional<cluster_tls> tls_of(std::string_view member) const;
};

/// A partition's name: the service's own when it is the only one, else "order/2".
[[nodiscard]] std::string partition_name(std::string_view service, std::uint32_t index, std::uint32_t count);

/// Reads a cluster file. fault{invalid} with a problem for each: not JSON, unknown keys, wrong types; two nodes with
/// one name or one address; a partition that nobody hosts, or two do, or that does not exist; several partitions of a
/// service that is not in `partitionable`; links without TLS beyond loopback that nobody has allowed. Other faults
/// when it cannot be read. Show them with `report`.
[[nodiscard]] result<cluster_plan> load_cluster_file(const std::filesystem::path& file,
                                                     std::span<const std::string> services,
                                                     std::span<const std::string> partitionable);
/// The same from text, as if it stood in `folder`.
[[nodiscard]] result<cluster_plan> read_cluster_file(std::string_view text, const std::filesystem::path& folder,
                                                     std::span<const std::string> services,
                                                     std::span<const std::string> partitionable);

/// A problem for each file of this member that cannot be read: "/tls/key".
[[nodiscard]] std::vector<base::problem> unreadable_files(const cluster_plan& plan, std::string_view member);

}  // namespace musiccorp::config
