#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace musiccorp::telemetry {

/// A line is written when its level is at least its component's; `off` is for components only.
enum class log_level : std::uint8_t { debug, info, warning, error, off };

[[nodiscard]] std::string_view name_of(log_level level);
/// Reads `debug`, `info`, `warning`, `error` or `off`.
[[nodiscard]] std::optional<log_level> log_level_named(std::string_view name);
[[nodiscard]] log_level level_of(base::severity severity);

/// One name and value beside an event. It borrows its text: make it inside the logging call only.
struct log_field {
  using any_value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

  template <class T>
  constexpr log_field(std::string_view field_name, const T& field_value)
      : name(field_name), value(take(field_value)) {}

  std::string_view name;
  any_value value;

 private:
  template <class T>
  static constexpr any_value take(const T& value) {
    if constexpr (std::same_as<T, bool>) {
      return value;
    } else if constexpr (std::signed_integral<T>) {
      return static_cast<std::int64_t>(value);
    } else if constexpr (std::unsigned_integral<T>) {
      return static_cast<std::uint64_t>(value);
    } else if constexpr (std::floating_point<T>) {
      return static_cast<double>(value);
    } else {
      static_assert(std::convertible_to<const T&, std::string_view>, "a field is a text, a number or a bool");
      return std::string_view{value};
    }
  }
};

struct log_line {
  instant time;
  log_level level;
  std::string_view component;
  std::string_view event;
  std::span<const log_field> fields;
  std::uint64_t repeated = 0;  ///< lines of this event that were left out before this one
};

/// `{"time":...,"level":...,"component":...,"event":...,<fields>,"repeated":n}`, without a line end, always valid
/// JSON: invalid UTF-8 becomes U+FFFD, numbers that are not finite become null. A field can't replace one of the
/// first four.
[[nodiscard]] std::string json_line(const log_line& line);

/// `2026-01-31T08:09:10.000001Z warning delivery message-retried type=order.placed attempt=2`, without a line end.
/// Text that is not plain is in JSON quotes, so a line is always one line.
[[nodiscard]] std::string human_line(const log_line& line, bool with_colour);

}  // namespace musiccorp::telemetry
