#include "supervision/throw_trace.hpp"

#include <cxxabi.h>
#include <dlfcn.h>
#include <pthread.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string_view>
#include <typeinfo>
#include <unordered_map>

namespace musiccorp::supervision {
namespace {

thread_local stack_trace thrown_here;
thread_local std::uintptr_t stack_end = 0;

std::uintptr_t find_stack_end() {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return 1;
  void* lowest = nullptr;
  std::size_t size = 0;
  pthread_attr_getstack(&attributes, &lowest, &size);
  pthread_attr_destroy(&attributes);
  return reinterpret_cast<std::uintptr_t>(lowest) + size;
}

/// A frame begins with the address of the caller's frame and the address to return to. A library that uses the frame
/// pointer's register for something else ends the walk: each frame must lie above the last one, within the stack.
__attribute__((no_sanitize("address", "thread", "undefined"))) void note_callers(const void* frame) {
  if (stack_end == 0) stack_end = find_stack_end();
  auto& trace = thrown_here;
  trace.depth = 0;
  auto at = reinterpret_cast<std::uintptr_t>(frame);
  auto lowest = at;
  while (trace.depth < stack_trace::depth_max && at >= lowest && at % sizeof(void*) == 0 &&
         at + 2 * sizeof(void*) <= stack_end) {
    const auto* words = reinterpret_cast<void* const*>(at);
    if (words[1] == nullptr) break;
    trace.frames[trace.depth++] = words[1];
    lowest = at + 1;
    at = reinterpret_cast<std::uintptr_t>(words[0]);
  }
}

/// Template arguments and parameters of a long name are left out: a trace is read by people, and kept for each
/// attempt.
std::string readable(std::string name) {
  constexpr std::size_t long_name = 100;
  constexpr std::size_t longest = 200;
  if (name.size() <= long_name) return name;
  std::string kept;
  int depth = 0;
  for (const char c : name) {
    const bool opens = c == '<' || c == '(';
    if (depth == 0 && opens) kept += c;
    if (opens) ++depth;
    if ((c == '>' || c == ')') && depth > 0 && --depth == 0) {
      kept += "..";
      kept += c;
      continue;
    }
    if (depth == 0) kept += c;
  }
  if (kept.size() > longest) kept.resize(longest);
  return kept;
}

std::string name_of(void* address) {
  Dl_info found{};
  std::string text;
  char digits[20];
  const auto in_hex = [&](std::uintptr_t value) {
    const auto end = std::to_chars(digits, digits + sizeof digits, value, 16);
    return "0x" + std::string{digits, end.ptr};
  };
  // The call is before the address to return to.
  const auto call = reinterpret_cast<std::uintptr_t>(address) - 1;
  if (dladdr(reinterpret_cast<void*>(call), &found) == 0 || found.dli_fname == nullptr) return in_hex(call);
  const std::string_view file{found.dli_fname};
  text = std::string{file.substr(file.rfind('/') + 1)} + "+" +
         in_hex(call - reinterpret_cast<std::uintptr_t>(found.dli_fbase));
  if (found.dli_sname == nullptr) return text;
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name{abi::__cxa_demangle(found.dli_sname, nullptr, nullptr, &status),
                                                    std::free};
  return text + " " + (status == 0 ? readable(name.get()) : found.dli_sname);
}

/// Names of addresses, a line each; few places throw, so it stays small. Cleared when it does not.
class name_cache {
 public:
  std::string lines_of(const stack_trace& trace) {
    std::string text;
    text.reserve(trace.depth * usual_line);
    const std::lock_guard hold{mutex_};
    if (names_.size() > 10'000) names_.clear();
    for (std::size_t i = 0; i < trace.depth; ++i) {
      auto [at, is_new] = names_.try_emplace(trace.frames[i]);
      if (is_new) at->second = name_of(trace.frames[i]) + '\n';
      text += at->second;
    }
    return text;
  }

 private:
  static constexpr std::size_t usual_line = 80;

  std::mutex mutex_;
  std::unordered_map<void*, std::string> names_;
};

}  // namespace

stack_trace last_throw() noexcept { return thrown_here; }

stack_trace inside(stack_trace trace, const void* caller) noexcept {
  const auto end = trace.frames.begin() + static_cast<std::ptrdiff_t>(trace.depth);
  const auto at = std::find(trace.frames.begin(), end, caller);
  trace.depth = static_cast<std::size_t>(at - trace.frames.begin());
  return trace;
}

std::string to_text(const stack_trace& trace) {
  static name_cache names;
  return names.lines_of(trace);
}

/// For the hook below, which is in no namespace.
void note_throw(const void* frame) noexcept;
void note_throw(const void* frame) noexcept { note_callers(frame); }

}  // namespace musiccorp::supervision

// The compiler knows this function with a plain pointer for the type.
extern "C" [[noreturn]] __attribute__((visibility("default"))) void __cxa_throw(void* object, void* type,
                                                                                void (*destroy)(void*)) {
  using throw_function = void (*)(void*, void*, void (*)(void*));
  static const auto next = reinterpret_cast<throw_function>(dlsym(RTLD_NEXT, "__cxa_throw"));
  musiccorp::supervision::note_throw(__builtin_frame_address(0));
  next(object, type, destroy);
  std::abort();
}
