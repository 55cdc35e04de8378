#pragma once

#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>

namespace musiccorp::base {

/// A promise of our own code was broken. The core that throws it is rebuilt and its supervisor told; the process lives.
struct broken_promise : std::logic_error {
  using std::logic_error::logic_error;
};

/// Throws `broken_promise` with the place when `holds` is false. Never used for input from outside.
inline void ensure(bool holds, std::string_view promise, std::source_location at = std::source_location::current()) {
  if (holds) [[likely]]
    return;
  throw broken_promise(std::string{promise} + " (" + at.file_name() + ":" + std::to_string(at.line()) + ")");
}

}  // namespace musiccorp::base

namespace musiccorp {
using base::ensure;
}  // namespace musiccorp
