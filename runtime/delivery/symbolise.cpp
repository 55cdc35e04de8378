#include "delivery/symbolise.hpp"

#include <cxxabi.h>
#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "delivery/loaded_modules.hpp"

namespace musiccorp::delivery {
namespace {

constexpr std::size_t name_longest = 200;  // Names of templates can fill pages.

std::string hex(std::uint64_t number) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "0x%llx", static_cast<unsigned long long>(number));
  return text.data();
}

std::string demangled(const char* name) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text{abi::__cxa_demangle(name, nullptr, nullptr, &status),
                                                         std::free};
  std::string plain = status == 0 ? text.get() : name;
  if (plain.size() > name_longest) plain = plain.substr(0, name_longest) + "...";
  return plain;
}

/// Where this frame's code is in this process; 0 when the same file is not loaded here.
std::uint64_t address_here(const stack_frame& frame, const std::vector<loaded_module>& modules) {
  if (frame.module.empty()) return 0;
  const auto same = std::ranges::find_if(modules, [&](const auto& one) {
    return frame.build_id.empty() ? one.build_id.empty() && one.path == frame.module : one.build_id == frame.build_id;
  });
  return same == modules.end() ? 0 : same->base + frame.offset;
}

/// `inner`: the address is where the program was; otherwise where it would have returned to, which may already be the
/// next function when the called one never returns.
std::string function_at(std::uint64_t address, bool inner) {
  Dl_info info{};
  const auto looked_up = address - (inner ? 0 : 1);
  if (::dladdr(reinterpret_cast<const void*>(looked_up), &info) == 0 || info.dli_sname == nullptr) return {};
  return demangled(info.dli_sname) + " + " + hex(address - reinterpret_cast<std::uint64_t>(info.dli_saddr));
}

std::string text_of(const stack_frame& frame, bool inner, const std::vector<loaded_module>& modules) {
  if (const auto here = address_here(frame, modules); here != 0)
    if (auto function = function_at(here, inner); !function.empty()) return function;
  if (frame.module.empty()) return hex(frame.address);
  return frame.module.substr(frame.module.rfind('/') + 1) + " + " + hex(frame.offset);
}

}  // namespace

std::string symbolise(std::span<const stack_frame> frames) {
  const auto modules = loaded_modules();
  std::string text;
  for (std::size_t i = 0; i < frames.size(); ++i)
    text += "#" + std::to_string(i) + " " + text_of(frames[i], i == 0, modules) + "\n";
  return text;
}

}  // namespace musiccorp::delivery
