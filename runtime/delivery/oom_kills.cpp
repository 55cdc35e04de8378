#include "delivery/oom_kills.hpp"

#include <fstream>
#include <optional>
#include <string>

#include "base/random.hpp"

namespace musiccorp::delivery {
namespace {

/// The number behind `name` in a file of "name number" lines.
std::optional<std::uint64_t> number_in(const std::filesystem::path& file, std::string_view name) {
  std::ifstream stream{file};
  std::string word;
  std::uint64_t number = 0;
  while (stream >> word >> number)
    if (word == name) return number;
  return std::nullopt;
}

/// The own path in the unified hierarchy: the line "0::/system.slice/shop.service".
std::string cgroup_path(const std::filesystem::path& root) {
  std::ifstream stream{root / "proc/self/cgroup"};
  for (std::string line; std::getline(stream, line);)
    if (line.starts_with("0::/")) return line.substr(4);
  return {};
}

}  // namespace

oom_kill_counts read_oom_kill_counts(const std::filesystem::path& root) {
  oom_kill_counts counts;
  counts.machine = number_in(root / "proc/vmstat", "oom_kill").value_or(0);
  const auto path = cgroup_path(root);
  if (const auto kills = number_in(root / "sys/fs/cgroup" / path / "memory.events", "oom_kill")) {
    counts.cgroup = *kills;
    counts.cgroup_name = base::stable_hash("/" + path);
  }
  return counts;
}

bool oom_killed_between(const oom_kill_counts& then, const oom_kill_counts& now) {
  const bool same_cgroup = then.cgroup_name != 0 && then.cgroup_name == now.cgroup_name && now.cgroup >= then.cgroup;
  return same_cgroup ? now.cgroup > then.cgroup : now.machine > then.machine;
}

}  // namespace musiccorp::delivery
