#pragma once

#include <cstdint>
#include <filesystem>

namespace musiccorp::delivery {

/// How many processes the kernel has killed for want of memory.
struct oom_kill_counts {
  std::uint64_t machine = 0;      ///< `oom_kill` of /proc/vmstat: since the boot, anybody
  std::uint64_t cgroup = 0;       ///< `oom_kill` of the own cgroup's memory.events (cgroup v2)
  std::uint64_t cgroup_name = 0;  ///< stable_hash of the cgroup's path; 0: `cgroup` is not known
  friend bool operator==(const oom_kill_counts&, const oom_kill_counts&) = default;
};

/// What cannot be read counts 0. `root` is another place for /proc and /sys in tests.
[[nodiscard]] oom_kill_counts read_oom_kill_counts(const std::filesystem::path& root = "/");

/// The kernel killed somebody between the two readings, and it may have been us. The count of the own cgroup is exact
/// about who and decides alone when both readings have it (Linux, admin-guide/cgroup-v2: "processes belonging to this
/// cgroup killed by any kind of OOM killer"); otherwise the machine's does, which also counts strangers.
[[nodiscard]] bool oom_killed_between(const oom_kill_counts& then, const oom_kill_counts& now);

}  // namespace musiccorp::delivery
