#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/crash_scene.hpp"

/// Who killed the process? Facts in, conclusions out; nothing here reads a file or a clock.
namespace musiccorp::delivery {

/// What a process's death looks like from the next process.
enum class evidence : std::uint8_t {
  signal,         ///< a thread of its own did something fatal, and the handler marked which
  out_of_memory,  ///< no mark, and the kernel has killed somebody for want of memory
  killed,         ///< no mark and no reason: SIGKILL by an operator, or a signal that somebody else sent
  power_loss,     ///< the machine has been started again since
  planned_stop    ///< it was told to stop, and something ended it before it was done
};
[[nodiscard]] std::string_view name_of(evidence why);

enum class charge : std::uint8_t {
  none,     ///< innocent; handled again as if nothing had happened
  suspect,  ///< may have done it: goes alone from now on
  charged   ///< did it: one process death is on its account
};
[[nodiscard]] std::string_view name_of(charge what);

/// One message that was being handled when the process died.
struct finding {
  std::string cell{};
  std::uint64_t upstream = 0;  ///< stable_hash of the upstream's name
  std::uint64_t seq = 0;
  std::string id{};  ///< its first 32 bytes
  std::uint32_t type = 0;
  instant started{};
  bool alone = false;
  charge what = charge::none;
  std::string text{};                 ///< for a person
  std::vector<stack_frame> frames{};  ///< of a charged message, where there are any

  /// A request that did not come through a log can be named but not handled again; whoever sent it may.
  [[nodiscard]] bool came_through_a_log() const { return seq != 0; }
};

struct attribution {
  evidence why = evidence::killed;
  std::string text{};                 ///< for a person
  std::vector<finding> findings{};    ///< every message that was being handled
  std::vector<stack_frame> frames{};  ///< of a crash outside of any message
};

/// How things are now, to be compared with the scene.
struct present_facts {
  std::string boot_id{};
  oom_kill_counts oom_kills{};
};
[[nodiscard]] present_facts present_facts_of_this_machine();

/// In this order:
/// 1. Another boot: power loss. Nobody is charged or suspected, whatever the file says; its pages may be of any age.
/// 2. A planned stop had begun: nobody.
/// 3. A mark by the thread itself in a slot that was running: charged, all others are innocent. A mark during a
/// commit
///    or outside of any message: nobody.
/// 4. No mark, or a mark of a signal that another process sent: every running message is a suspect, never charged at
///    once, because the one that was asked to die may be any of them.
[[nodiscard]] attribution attribute(const crash_scene& scene, const present_facts& now);

}  // namespace musiccorp::delivery
