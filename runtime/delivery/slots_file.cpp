#include "delivery/slots_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "base/random.hpp"
#include "delivery/boot.hpp"
#include "delivery/loaded_modules.hpp"

namespace musiccorp::delivery::slots_file {
namespace {

/// Keeps the end of a longer text, and always a final zero.
template <std::size_t Size>
void put(std::array<char, Size>& into, std::string_view text) {
  if (text.size() >= Size) text.remove_prefix(text.size() - Size + 1);
  into.fill(0);
  std::copy(text.begin(), text.end(), into.begin());
}

template <std::size_t Size>
std::string text_in(const std::array<char, Size>& from) {
  return {from.begin(), std::find(from.begin(), from.end(), '\0')};
}

std::string id_in(const slot_row& row) {
  std::array<char, id_max> bytes{};
  for (std::size_t i = 0; i < row.id.size(); ++i) {
    const auto word = row.id[i].load(std::memory_order_acquire);
    std::memcpy(bytes.data() + i * sizeof word, &word, sizeof word);
  }
  return text_in(bytes);
}

stack_frame frame_at(std::uint64_t address, std::span<const module_row> modules) {
  for (const auto& one : modules)
    if (address >= one.begin && address < one.end)
      return {address, text_in(one.path), text_in(one.build_id), address - one.base};
  return {address, {}, {}, 0};
}

std::optional<crash_mark> mark_in(const crash_page& page, std::span<const module_row> modules) {
  if (page.state.load(std::memory_order_acquire) != page_state::marked) return std::nullopt;
  crash_mark mark{page.signal, page.code, page.sender, page.address, page.thread, instant{base::duration{page.at}},
                  {}};
  const auto count = std::min<std::size_t>(page.frames_count.load(std::memory_order_acquire), frames_max);
  for (std::size_t i = 0; i < count; ++i) mark.frames.push_back(frame_at(page.frames[i], modules));
  return mark;
}

slot_scene scene_of(const slot_row& row, const name_row& name, const crash_page& page,
                    std::span<const module_row> modules) {
  slot_scene scene;
  scene.cell = text_in(name.text);
  const auto phase = row.phase.load(std::memory_order_acquire);
  scene.phase = static_cast<slot_phase>(phase & ~alone);
  scene.alone = (phase & alone) != 0;
  scene.upstream = row.upstream.load(std::memory_order_relaxed);
  scene.seq = row.seq.load(std::memory_order_relaxed);
  scene.id = id_in(row);
  scene.type = row.type.load(std::memory_order_relaxed);
  scene.started = instant{base::duration{row.started.load(std::memory_order_relaxed)}};
  if (page.upstream == scene.upstream && page.seq == scene.seq) scene.mark = mark_in(page, modules);
  return scene;
}

}  // namespace

std::uint64_t checksum_of(const header& head) {
  const auto* begin = reinterpret_cast<const char*>(&head.layout);
  const auto* end = reinterpret_cast<const char*>(&head.checksum);
  return base::stable_hash({begin, static_cast<std::size_t>(end - begin)});
}

void format(file& into, instant now) {
  into.head.magic.store(0, std::memory_order_release);
  std::memset(static_cast<void*>(&into), 0, sizeof into);
  auto& head = into.head;
  head.layout = layout;
  head.slots = slots_max;
  put(head.boot_id, boot_id_now());
  head.started = now.time_since_epoch().count();
  head.pid = ::getpid();
  for (const auto& one : loaded_modules()) {
    if (head.modules == modules_max) break;
    auto& row = into.modules[head.modules++];
    row.base = one.base;
    row.begin = one.begin;
    row.end = one.end;
    put(row.build_id, one.build_id);
    put(row.path, one.path);
  }
  head.checksum = checksum_of(head);
  head.magic.store(magic, std::memory_order_release);
}

result<crash_scene> read(const file& from) {
  const auto& head = from.head;
  if (head.magic.load(std::memory_order_acquire) != magic) return failure(fault_kind::corrupt, "is not a slots file");
  if (head.layout != layout)
    return failure(fault_kind::unsupported,
                   "has layout " + std::to_string(head.layout) + ", this program reads " + std::to_string(layout));
  if (head.checksum != checksum_of(head) || head.slots != slots_max || head.modules > modules_max)
    return failure(fault_kind::corrupt, "its header is damaged");
  crash_scene scene;
  scene.boot_id = text_in(head.boot_id);
  scene.pid = head.pid;
  scene.started = instant{base::duration{head.started}};
  scene.was_draining = head.draining.load(std::memory_order_acquire) != 0;
  scene.oom_kills = {head.oom_machine.load(std::memory_order_relaxed),
                     head.oom_cgroup.load(std::memory_order_relaxed),
                     head.oom_cgroup_name.load(std::memory_order_relaxed)};
  const std::span modules{from.modules.data(), head.modules};
  for (std::size_t i = 0; i < slots_max; ++i) {
    const auto phase = from.slots[i].phase.load(std::memory_order_acquire);
    if ((phase & ~alone) == static_cast<std::uint32_t>(slot_phase::idle)) continue;
    if ((phase & ~alone) > static_cast<std::uint32_t>(slot_phase::committing) || from.names[i].text.front() == '\0')
      return failure(fault_kind::corrupt, "slot " + std::to_string(i) + " is damaged");
    scene.slots.push_back(scene_of(from.slots[i], from.names[i], from.pages[i], modules));
  }
  scene.outside = mark_in(from.outside, modules);
  return scene;
}

}  // namespace musiccorp::delivery::slots_file
