#include "repartition_verb.hpp"

#include <iostream>

#include "commands.hpp"
#include "roster/roster.hpp"
#include "running_shop.hpp"
#include "service/repartition.hpp"

namespace musiccorp::program {
namespace {

namespace fs = std::filesystem;

service::partition_counts counts_of(const config::cluster_plan& plan) {
  service::partition_counts counts;
  for (const auto& [service, count] : plan.partitions) counts.set(service, count);
  return counts;
}

fs::path store_of(const fs::path& data, const config::cluster_plan& plan, const service_definition& partition) {
  return data / plan.owners.at(partition.name()) / (partition.store_name() + ".db");
}

/// What else differs; empty when it is only this service.
std::string other_difference(const config::cluster_plan& before, const config::cluster_plan& after,
                             const std::string& service) {
  if (before.name != after.name)
    return "the cluster is called " + before.name + " in one file and " + after.name + " in the other";
  for (const auto& [name, count] : before.partitions)
    if (name != service && after.partitions.at(name) != count)
      return name + " has another number of partitions, too: one service at a time";
  for (const auto& [partition, node] : before.owners)
    if (partition.substr(0, partition.find('/')) != service && after.owners.at(partition) != node)
      return partition + " is on " + node + " in one file and on " + after.owners.at(partition) + " in the other";
  return {};
}

int refuse(const base::fault& why) {
  std::cerr << why.text;
  for (const auto& one : why.problems)
    std::cerr << "\n  " << one.pointer.substr(1) << ": " << one.found << ", wanted " << one.wanted;
  if (why.kind == fault_kind::conflict)
    std::cerr << "\nNothing was changed. Start the shop, let it come to rest (`status`), see to its dead letters "
              << "(`hospital`), and stop it.";
  std::cerr << std::endl;
  const bool files = why.kind == fault_kind::storage || why.kind == fault_kind::corrupt;
  return files ? exit_cannot_open : exit_refused;
}

}  // namespace

int repartition_service(const repartition_wish& wish) {
  const auto former = load_cluster(wish.former_file), wanted = load_cluster(wish.cluster_file);
  for (const auto* one : {&former, &wanted})
    if (const auto* code = std::get_if<int>(one)) return *code;
  const auto& before = std::get<config::cluster_plan>(former);
  const auto& after = std::get<config::cluster_plan>(wanted);
  if (const auto other = other_difference(before, after, wish.service); !other.empty()) {
    std::cerr << wish.cluster_file << ": " << other << std::endl;
    return exit_bad_config;
  }
  const auto data = wish.data.empty() ? project_root() / ".data" / before.name : fs::absolute(wish.data);
  const auto journal = service::repartition_journal(data, wish.service);
  const auto finished = service::finish_repartition(journal);
  if (!finished) return refuse(finished.error());
  if (*finished) {
    std::cout << "An interrupted call is finished: the new stores are in their places." << std::endl;
    return 0;
  }
  const auto services = roster::empty_shop();
  service::repartition_order order{wish.service, counts_of(before), counts_of(after), {}, {}, journal};
  for (const auto& one : service::partitions_of(services, order.before))
    order.stores.emplace(one.name(), store_of(data, before, one));
  for (const auto& one : service::partitions_of(services, order.after))
    if (one.service() == wish.service) order.new_stores.emplace(one.name(), store_of(data, after, one));
  const auto done = service::repartition(services, order);
  if (!done) return refuse(done.error());
  const auto list = [](const auto& parts) {
    for (const auto& one : parts) std::cout << "  " << one.partition << "  " << one.entities << " entities\n";
  };
  std::cout << "before\n";
  list(done->before);
  std::cout << "after\n";
  list(done->after);
  std::cout << "The ledger holds: all of " << done->messages << " messages that " << wish.service
            << " was told are done. The old stores are kept:\n";
  for (const auto& one : done->kept) std::cout << "  " << one.native() << "\n";
  std::cout << std::flush;
  return 0;
}

}  // namespace musiccorp::program
