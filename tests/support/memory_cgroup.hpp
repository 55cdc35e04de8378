#pragma once

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "demo/child_process.hpp"

namespace musiccorp::testing {

/// A control group whose processes the kernel kills when they have taken more than `bytes`: real want of memory that
/// costs nobody else anything. cgroup v2, or the memory controller of v1. The group is removed at the end, when its
/// processes are gone.
class memory_cgroup {
 public:
  /// fault{unavailable}: this machine lets us make none, and says why.
  [[nodiscard]] static base::result<memory_cgroup> make(std::uint64_t bytes) {
    const std::filesystem::path v2{"/sys/fs/cgroup"};
    const bool unified = std::filesystem::exists(v2 / "cgroup.controllers");
    memory_cgroup made{(unified ? v2 : v2 / "memory") / ("musiccorp-test-" + std::to_string(::getpid()))};
    std::error_code trouble;
    std::filesystem::create_directory(made.path_, trouble);
    if (trouble) return base::failure(base::fault_kind::unavailable, "no control group here: " + trouble.message());
    if (!made.write(unified ? "memory.max" : "memory.limit_in_bytes", std::to_string(bytes)))
      return base::failure(base::fault_kind::unavailable, "no control group here limits memory");
    // Where memory is swapped out instead, nobody is killed.
    (void)made.write(unified ? "memory.swap.max" : "memory.memsw.limit_in_bytes",
                     unified ? "0" : std::to_string(bytes));
    return made;
  }
  memory_cgroup(memory_cgroup&& other) noexcept : path_{std::exchange(other.path_, {})} {}
  ~memory_cgroup() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove(path_, ignored);
  }

  /// The same program, but a member of the group before it begins.
  [[nodiscard]] demo::child_options inside(demo::child_options wanted) const {
    wanted.arguments.insert(wanted.arguments.begin(), {"-c", "echo $$ >\"$0\" && exec \"$@\"",
                                                       (path_ / "cgroup.procs").string(), wanted.program});
    wanted.program = "/bin/sh";
    return wanted;
  }

 private:
  explicit memory_cgroup(std::filesystem::path path) : path_{std::move(path)} {}
  [[nodiscard]] bool write(std::string_view file, const std::string& text) const {
    std::ofstream stream{path_ / file};
    stream << text << std::flush;
    return stream.good();
  }

  std::filesystem::path path_;
};

}  // namespace musiccorp::testing
