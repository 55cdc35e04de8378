#include "delivery/attribution.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

#include "delivery/boot.hpp"

namespace musiccorp::delivery {
namespace {

std::string signal_name(int signal) {
  const auto* name = ::sigabbrev_np(signal);
  return name != nullptr ? std::string{"SIG"} + name : "signal " + std::to_string(signal);
}

/// "SIGSEGV at address 0x10" or "SIGABRT".
std::string text_of(const crash_mark& mark) {
  if (mark.code <= 0) return signal_name(mark.signal);
  std::array<char, 40> address{};
  std::snprintf(address.data(), address.size(), " at address 0x%llx", static_cast<unsigned long long>(mark.address));
  return signal_name(mark.signal) + address.data();
}

std::string sender_of(const crash_mark& mark) {
  return mark.sender > 0 ? "process " + std::to_string(mark.sender) : std::string{"another process"};
}

/// The thread itself did it.
bool own(const std::optional<crash_mark>& mark) { return mark && mark->sender == 0; }

const crash_mark* any_mark(const crash_scene& scene, bool of_its_own) {
  if (scene.outside && own(scene.outside) == of_its_own) return &*scene.outside;
  for (const auto& one : scene.slots)
    if (one.mark && own(one.mark) == of_its_own) return &*one.mark;
  return nullptr;
}

finding named(const slot_scene& one, charge what, std::string text) {
  return {one.cell, one.upstream, one.seq, one.id, one.type, one.started, one.alone, what, std::move(text), {}};
}

/// The same for every message that was running.
attribution all_alike(const crash_scene& scene, evidence why, charge what, std::string text) {
  attribution made;
  made.why = why;
  for (const auto& one : scene.slots)
    if (one.phase == slot_phase::running) made.findings.push_back(named(one, what, text));
  made.text = "process " + std::to_string(scene.pid) + ": " + std::move(text);
  return made;
}

attribution by_signal(const crash_scene& scene, const crash_mark& mark) {
  const auto what = "died of " + text_of(mark);
  auto made = all_alike(scene, evidence::signal, charge::none, what + ", which was not this message's doing");
  made.text = "process " + std::to_string(scene.pid) + ": " + what;
  for (auto& suspect : made.findings)
    for (const auto& one : scene.slots) {
      if (one.cell != suspect.cell || !own(one.mark)) continue;
      suspect.what = charge::charged;
      suspect.text = "the process died of " + text_of(*one.mark) + " while it handled this message";
      suspect.frames = one.mark->frames;
    }
  const bool somebody =
      std::ranges::any_of(made.findings, [](const auto& one) { return one.what == charge::charged; });
  if (somebody) return made;
  made.text += " outside of any message";
  made.frames = mark.frames;
  return made;
}

attribution without_a_mark(const crash_scene& scene, const present_facts& now) {
  if (const auto* sent = any_mark(scene, false))
    return all_alike(scene, evidence::killed, charge::suspect,
                     "in flight when " + sender_of(*sent) + " sent " + signal_name(sent->signal));
  if (oom_killed_between(scene.oom_kills, now.oom_kills))
    return all_alike(scene, evidence::out_of_memory, charge::suspect,
                     "in flight when the kernel killed for want of memory");
  return all_alike(scene, evidence::killed, charge::suspect,
                   "in flight when the process ended without a trace, as by SIGKILL");
}

}  // namespace

std::string_view name_of(evidence why) {
  constexpr std::array<std::string_view, 5> names{"signal", "out_of_memory", "killed", "power_loss", "planned_stop"};
  return names.at(static_cast<std::size_t>(why));
}

std::string_view name_of(charge what) {
  constexpr std::array<std::string_view, 3> names{"none", "suspect", "charged"};
  return names.at(static_cast<std::size_t>(what));
}

present_facts present_facts_of_this_machine() { return {boot_id_now(), read_oom_kill_counts()}; }

attribution attribute(const crash_scene& scene, const present_facts& now) {
  if (scene.boot_id != now.boot_id)
    return all_alike(scene, evidence::power_loss, charge::none, "in flight when the machine went down");
  if (scene.was_draining)
    return all_alike(scene, evidence::planned_stop, charge::none, "in flight when a planned stop was cut short");
  if (const auto* mark = any_mark(scene, true)) return by_signal(scene, *mark);
  return without_a_mark(scene, now);
}

}  // namespace musiccorp::delivery
