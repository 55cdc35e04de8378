#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "cluster/links.hpp"

/// Makes the certificates of a cluster: a CA of its own, and one certificate for each node.
namespace musiccorp::cluster {

struct certified_node {
  std::string name;
  std::vector<std::string> hosts;  ///< names or addresses where it listens
};

struct certificate_plan {
  std::filesystem::path folder;
  std::string cluster;
  std::vector<certified_node> nodes;
  std::chrono::days authority_valid{3650};
  std::chrono::days node_valid{825};
  std::chrono::days renew_before{30};  ///< a certificate that ends sooner is made anew
};

struct certificate_file {
  std::filesystem::path file;
  bool is_new = false;  ///< false: it was there, and still serves
};

/// Writes `ca.pem`, `ca.key`, and `<node>.pem`, `<node>.key` for each node into the folder (made when missing); keys
/// with mode 0600. EC P-256. The CA's name is the cluster's; a node's certificate is for its name and its hosts, for
/// both ends of a connection. What is there and still serves is left alone, so that the call may be repeated for
/// more nodes, or for renewal; a CA that has expired or belongs to another cluster is an error, because every node
/// must then get the new one. New files replace old ones at once (rename), the certificate last.
///
/// fault{invalid}: a name that can't be in a certificate, or files that are there and not in order; fault{storage}.
[[nodiscard]] result<std::vector<certificate_file>> make_certificates(const certificate_plan& plan,
                                                                      base::instant now);

/// Where make_certificates puts the files of a node.
[[nodiscard]] tls_files files_of(const std::filesystem::path& folder, const std::string& node);

}  // namespace musiccorp::cluster
