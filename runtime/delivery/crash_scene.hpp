#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "delivery/oom_kills.hpp"

/// What a process left behind when it ended: plain values, read from its slots file by the next one.
namespace musiccorp::delivery {

using base::instant;

/// One return address of the dead process. `module` is empty when it belonged to none that was loaded at its start.
struct stack_frame {
  std::uint64_t address = 0;  ///< in the dead process
  std::string module{};       ///< file name of the program or library
  std::string build_id{};     ///< of that file, hex; empty when it has none
  std::uint64_t offset = 0;   ///< address relative to where the module was loaded
  friend bool operator==(const stack_frame&, const stack_frame&) = default;
};

/// What the fatal-signal handler wrote.
struct crash_mark {
  int signal = 0;
  int code = 0;    ///< siginfo's si_code
  int sender = 0;  ///< the other process that sent the signal, -1: an unknown one; 0: the thread itself or the kernel
  std::uint64_t address = 0;  ///< what could not be accessed or executed; 0 when the signal has none
  int thread = 0;
  instant at{};
  std::vector<stack_frame> frames{};  ///< innermost first
};

enum class slot_phase : std::uint8_t {
  idle,       ///< no message
  running,    ///< a rule handles the message
  committing  ///< the rules of a batch are done, nothing in particular is handled
};

/// A slot that was not idle.
struct slot_scene {
  std::string cell{};
  slot_phase phase = slot_phase::running;
  bool alone = false;          ///< nothing else ran on the node meanwhile
  std::uint64_t upstream = 0;  ///< stable_hash of the upstream's name
  std::uint64_t seq = 0;       ///< position in its log; 0: a request that did not come through a log
  std::string id{};            ///< the first 32 bytes of the message id
  std::uint32_t type = 0;      ///< as given to slot::begin
  instant started{};
  std::optional<crash_mark> mark{};  ///< when the slot's own thread got the fatal signal
};

/// (boot_id, pid, started) names the life of the process. Whoever stores it together with his conclusions can tell
/// that he has drawn them already, when he dies before he accepts the scene and meets it again.
struct crash_scene {
  std::string boot_id{};
  int pid = 0;
  instant started{};
  bool was_draining = false;          ///< it was told to stop
  oom_kill_counts oom_kills{};        ///< as last noted
  std::vector<slot_scene> slots{};    ///< those that were not idle
  std::optional<crash_mark> outside;  ///< a fatal signal on a thread that handled no message
};

}  // namespace musiccorp::delivery
