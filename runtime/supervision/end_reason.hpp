#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace musiccorp::supervision {

/// Why a child, or a supervisor, ended.
enum class end_kind : std::uint8_t {
  normal,        ///< its work was done
  shutdown,      ///< it was asked to
  crash,         ///< it failed
  killed,        ///< it was ended without being asked
  exhausted,     ///< a supervisor whose restart budget is used up
  start_failed,  ///< a supervisor whose children could not be started, or a child that did not come up
  wedged         ///< it did not end when it was killed; nobody waits for it
};
constexpr auto describe_choice(end_kind) {
  return std::array<std::string_view, 7>{"normal",    "shutdown",     "crash", "killed",
                                         "exhausted", "start_failed", "wedged"};
}

struct end_reason {
  end_kind kind = end_kind::normal;
  std::string text{};
  std::string backtrace{};
  friend bool operator==(const end_reason&, const end_reason&) = default;
};

/// A transient child that ends so is not restarted. An exhausted supervisor is not among them: OTP lets it end with
/// `shutdown`, and a transient one is then silently gone for good; here its parent restarts it.
[[nodiscard]] constexpr bool is_ordinary(end_kind kind) {
  return kind == end_kind::normal || kind == end_kind::shutdown;
}

}  // namespace musiccorp::supervision
