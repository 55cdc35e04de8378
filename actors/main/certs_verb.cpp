#include "certs_verb.hpp"

#include <iostream>

#include "base/clock.hpp"
#include "cluster/certificates.hpp"
#include "commands.hpp"

namespace musiccorp::program {
namespace {

/// Where all files of the plan belong; empty when they are not where one call puts them.
std::filesystem::path common_folder(const config::cluster_plan& plan) {
  const auto folder = plan.tls_of(plan.members.front().name)->authority.parent_path();
  for (const auto& one : plan.members) {
    const auto wanted = plan.tls_of(one.name);
    const auto made = cluster::files_of(folder, one.name);
    if (wanted->authority != made.authority || wanted->certificate != made.certificate || wanted->key != made.key)
      return {};
  }
  return folder;
}

}  // namespace

int make_certs(const std::string& cluster_file) {
  const auto read = load_cluster(cluster_file);
  if (const auto* code = std::get_if<int>(&read)) return *code;
  const auto& plan = std::get<config::cluster_plan>(read);
  if (!plan.tls) {
    std::cerr
        << cluster_file << ": /tls: there is none, so no certificates are used; wanted "
        << R"("tls": {"authority": "certs/ca.pem", "certificate": "certs/{node}.pem", "key": "certs/{node}.key"})"
        << std::endl;
    return exit_bad_config;
  }
  const auto folder = common_folder(plan);
  if (folder.empty()) {
    std::cerr << cluster_file << ": /tls: wanted one folder with ca.pem, {node}.pem and {node}.key, found "
              << plan.tls->authority << ", " << plan.tls->certificate << " and " << plan.tls->key << std::endl;
    return exit_bad_config;
  }
  cluster::certificate_plan wanted{.folder = folder, .cluster = plan.name, .nodes = {}};
  for (const auto& one : plan.members) wanted.nodes.push_back({one.name, {one.link.host}});
  const auto made = cluster::make_certificates(wanted, base::system_clock{}.now());
  if (!made) {
    std::cerr << made.error().text << std::endl;
    return exit_cannot_open;
  }
  for (const auto& one : *made) std::cout << (one.is_new ? "made  " : "kept  ") << one.file.string() << "\n";
  std::cout << "\nEach node needs " << (folder / "ca.pem").string() << ", its own certificate and its own key. "
            << "Keep ca.key away from them: whoever has it can make a node.\n"
            << std::flush;
  return 0;
}

}  // namespace musiccorp::program
