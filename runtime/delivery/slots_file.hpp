#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "delivery/crash_scene.hpp"

/// The bytes of a slots file, as they are mapped. Private to in_flight_slots, the fatal-signal handler and their
/// tests.
///
/// Whoever reads is the handler on the same thread or a process that comes later, so plain release stores are enough:
/// what is visible is always a beginning of what was written, in order. A change here is a new `layout`.
namespace musiccorp::delivery::slots_file {

constexpr std::uint64_t magic = 0x31544f4c53434d2eULL;
constexpr std::uint32_t layout = 1;
constexpr std::size_t slots_max = 256;  ///< cells of one node
constexpr std::size_t modules_max = 128;
constexpr std::size_t frames_max = 64;
constexpr std::size_t id_max = 32;
constexpr std::uint32_t alone = 1U << 8U;  ///< added to a slot's phase

struct header {
  std::atomic<std::uint64_t> magic;  ///< written last; 0: holds nothing
  std::uint32_t layout;
  std::uint32_t slots;
  std::array<char, 40> boot_id;
  std::int64_t started;
  std::int32_t pid;
  std::uint32_t modules;
  std::uint64_t checksum;  ///< of the fields above
  std::atomic<std::uint32_t> draining;
  std::atomic<std::uint64_t> oom_machine;
  std::atomic<std::uint64_t> oom_cgroup;
  std::atomic<std::uint64_t> oom_cgroup_name;
};

struct name_row {
  std::array<char, 64> text;
};

struct alignas(64) slot_row {
  std::atomic<std::uint32_t> phase;  ///< slot_phase, perhaps with `alone`; running is written last and cleared first
  std::atomic<std::uint32_t> type;
  std::atomic<std::uint64_t> upstream;
  std::atomic<std::uint64_t> seq;
  std::atomic<std::int64_t> started;
  std::array<std::atomic<std::uint64_t>, id_max / 8> id;
};
static_assert(sizeof(slot_row) == 64 && std::atomic<std::uint64_t>::is_always_lock_free);

struct module_row {
  std::uint64_t base;
  std::uint64_t begin;
  std::uint64_t end;
  std::array<char, 48> build_id;
  std::array<char, 184> path;  ///< the end of a longer one
};

enum class page_state : std::uint32_t { empty, claimed, marked };

/// Written only by the fatal-signal handler.
struct crash_page {
  std::atomic<page_state> state;
  std::atomic<std::uint32_t> frames_count;  ///< grows while frames are found
  std::int32_t signal;
  std::int32_t code;
  std::int32_t sender;
  std::int32_t thread;
  std::uint64_t address;
  std::int64_t at;
  std::uint64_t upstream;  ///< the slot's message, in case that the process lives on after all
  std::uint64_t seq;
  std::array<std::uint64_t, frames_max> frames;
};

struct file {
  header head;
  std::array<name_row, slots_max> names;
  std::array<slot_row, slots_max> slots;
  std::array<module_row, modules_max> modules;
  std::array<crash_page, slots_max> pages;
  crash_page outside;  ///< of threads that handle no message
};

/// What one slot's owner and the handler need.
struct place {
  slot_row* row = nullptr;
  crash_page* page = nullptr;
  file* home = nullptr;
};

/// The slot of the message that this thread handles; null: none. Never of a type that needs code to be reached,
/// because the handler reads it.
inline constinit thread_local const place* current = nullptr;

/// Mapped files of this process, so that the handler can tell each of them of a crash that was not theirs. More than
/// these (nodes of one process) are not told.
inline constinit std::array<std::atomic<file*>, 16> live{};

/// Of the fields in front of it.
[[nodiscard]] std::uint64_t checksum_of(const header& head);
/// Makes `into` the empty file of this process. What it held is gone from the first store on; the magic is the last.
void format(file& into, instant now);
/// fault{corrupt} or fault{unsupported} says why nothing can be known.
[[nodiscard]] result<crash_scene> read(const file& from);

}  // namespace musiccorp::delivery::slots_file
