#include "delivery/symbolise.hpp"

#include <cxxabi.h>
#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <vector>

#include "delivery/loaded_modules.hpp"
#include "delivery/symbol_table.hpp"

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

/// Where this frame's code is in this process; nothing when the same file is not loaded here.
const loaded_module* same_module(const stack_frame& frame, const std::vector<loaded_module>& modules) {
  if (frame.module.empty()) return nullptr;
  const auto same = std::ranges::find_if(modules, [&](const auto& one) {
    return frame.build_id.empty() ? one.build_id.empty() && one.path == frame.module : one.build_id == frame.build_id;
  });
  return same == modules.end() ? nullptr : &*same;
}

std::string exported_function(std::uint64_t address, std::uint64_t looked_up) {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<const void*>(looked_up), &info) == 0 || info.dli_sname == nullptr) return {};
  return demangled(info.dli_sname) + " + " + hex(address - reinterpret_cast<std::uint64_t>(info.dli_saddr));
}

/// Most rules are known to their own file only.
std::string internal_function(const symbol_table& symbols, std::uint64_t offset, std::uint64_t looked_up) {
  const auto found = symbols.at(looked_up);
  return found.name.empty() ? std::string{} : demangled(found.name.c_str()) + " + " + hex(offset - found.begin);
}

/// Reads each module's symbols once, and only when they are wanted.
class name_finder {
 public:
  /// `inner`: the address is where the program was; otherwise where it would have returned to, which may already be
  /// the next function when the called one never returns.
  std::string text_of(const stack_frame& frame, bool inner) {
    const std::uint64_t back = inner ? 0 : 1;
    if (const auto* here = same_module(frame, modules_)) {
      const auto address = here->base + frame.offset;
      if (auto text = exported_function(address, address - back); !text.empty()) return text;
      if (auto text = internal_function(symbols_of(*here), frame.offset, frame.offset - back); !text.empty())
        return text;
    }
    if (frame.module.empty()) return hex(frame.address);
    return frame.module.substr(frame.module.rfind('/') + 1) + " + " + hex(frame.offset);
  }

 private:
  const symbol_table& symbols_of(const loaded_module& module) {
    const bool is_program = &module == &modules_.front();  // Its file may have been replaced since the start.
    return symbols_.try_emplace(module.path, is_program ? "/proc/self/exe" : module.path).first->second;
  }

  std::vector<loaded_module> modules_ = loaded_modules();
  std::map<std::string, symbol_table> symbols_;
};

}  // namespace

std::string symbolise(std::span<const stack_frame> frames) {
  name_finder names;
  std::string text;
  for (std::size_t i = 0; i < frames.size(); ++i)
    text += "#" + std::to_string(i) + " " + names.text_of(frames[i], i == 0) + "\n";
  return text;
}

}  // namespace musiccorp::delivery
