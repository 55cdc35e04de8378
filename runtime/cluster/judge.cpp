#include "cluster/judge.hpp"

#include <algorithm>

namespace musiccorp::cluster {

namespace {

refusal refuse(refusal_reason why, std::string text) { return {why, std::move(text), {}}; }

std::string quoted(const std::string& name) { return "\"" + name + "\""; }

std::string spelled(const std::set<std::string>& names) {
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ", ") + quoted(name);
  return all.empty() ? "nobody" : all;
}

std::string spelled(const protocol_range& range) {
  return range.min == range.max ? std::to_string(range.min)
                                : std::to_string(range.min) + " to " + std::to_string(range.max);
}

std::optional<refusal> judge_name(const hello& said, const evidence& proof, const standpoint& here) {
  if (said.cluster != here.cluster)
    return refuse(refusal_reason::other_cluster,
                  "wanted the cluster " + quoted(here.cluster) + ", found " + quoted(said.cluster));
  if (said.node == here.self && said.incarnation == here.incarnation)
    return refuse(refusal_reason::itself, "node " + quoted(said.node) + " has called itself");
  if (said.node == here.self)
    return refuse(refusal_reason::name_taken, "this node is called " + quoted(said.node) + ", too");
  if (!here.peers.contains(said.node))
    return refuse(refusal_reason::unknown_node,
                  "the cluster file of node " + quoted(here.self) + " has no node " + quoted(said.node));
  if (said.to != here.self)
    return refuse(refusal_reason::unknown_node, "wanted node " + quoted(said.to) + ", found " + quoted(here.self));
  if (proof.is_encrypted && !proof.names.contains(said.node))
    return refuse(refusal_reason::certificate,
                  "wanted a certificate for " + quoted(said.node) + ", found one for " + spelled(proof.names));
  return {};
}

std::optional<refusal> judge_claim(const std::string& partition, std::uint64_t epoch, const hello& said,
                                   const standpoint& here) {
  const auto owner = here.owners.find(partition);
  if (owner == here.owners.end() || owner->second != said.node) {
    auto no = refuse(refusal_reason::foreign_partition,
                     "node " + quoted(said.node) + " claims partition " + quoted(partition) +
                         "; by the cluster file of node " + quoted(here.self) + " it belongs to " +
                         (owner == here.owners.end() ? "nobody" : quoted(owner->second)));
    if (owner != here.owners.end() && owner->second == here.self) no.owner_serves_ms = here.serves_ms;
    return no;
  }
  const ownership claimed{epoch, said.node, said.incarnation};
  const auto verdict = here.epochs.weigh(partition, claimed);
  if (verdict != claim::stale && verdict != claim::clash) return {};
  const auto known = *here.epochs.owner_of(partition);
  const auto found = "epoch " + std::to_string(epoch) + " of partition " + quoted(partition);
  if (verdict == claim::stale)
    return refuse(refusal_reason::replaced, found + " is over: epoch " + std::to_string(known.epoch) +
                                                " was seen from node " + quoted(known.node));
  return refuse(refusal_reason::epoch_clash, found + " belongs to another process of node " + quoted(known.node));
}

}  // namespace

judgement judge(const hello& said, const evidence& proof, const standpoint& here) {
  if (auto no = judge_name(said, proof, here)) return *no;
  const auto common = std::min(said.protocol_max, here.protocols.max);
  if (common < std::max(said.protocol_min, here.protocols.min))
    return refuse(refusal_reason::protocol, "node " + quoted(here.self) + " speaks protocol " +
                                                spelled(here.protocols) + ", node " + quoted(said.node) + " speaks " +
                                                spelled(protocol_range{said.protocol_min, said.protocol_max}));
  if (!said.caf_node.empty() && said.caf_node == here.caf_node)
    return refuse(refusal_reason::same_caf_node,
                  "nodes " + quoted(said.node) + " and " + quoted(here.self) +
                      " have the same CAF node id (it is made of MAC addresses, /etc/fstab and the process id): give "
                      "one of the containers an /etc/fstab with a UUID of its own");
  for (const auto& [partition, epoch] : said.partitions)
    if (auto no = judge_claim(partition, epoch, said, here)) return *no;
  // Last: whoever has been replaced, and not only come too early, shall hear that.
  if (!here.living_incarnation.empty() && here.living_incarnation != said.incarnation)
    return refuse(refusal_reason::name_taken,
                  "another process called " + quoted(said.node) + " has a link with node " + quoted(here.self));
  return common;
}

bool note_claims(epoch_book& book, const hello& accepted) {
  bool changed = false;
  for (const auto& [partition, epoch] : accepted.partitions)
    changed |= book.note(partition, {epoch, accepted.node, accepted.incarnation});
  return changed;
}

std::optional<refusal> judge_own(const hello& own, const epoch_book& book) {
  for (const auto& [partition, epoch] : own.partitions) {
    const auto verdict = book.weigh(partition, {epoch, own.node, own.incarnation});
    if (verdict == claim::new_owner || verdict == claim::known) continue;
    const auto known = *book.owner_of(partition);
    const auto found = "this node starts with epoch " + std::to_string(epoch) + " of partition " + quoted(partition);
    if (verdict == claim::stale)
      return refuse(refusal_reason::replaced,
                    found + ", but has seen epoch " + std::to_string(known.epoch) + " of node " + quoted(known.node));
    return refuse(refusal_reason::epoch_clash, found + ", which was not raised since another start");
  }
  return {};
}

}  // namespace musiccorp::cluster
