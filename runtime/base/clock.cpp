#include "base/clock.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

namespace musiccorp::base {
namespace {

constexpr instant first_written{std::chrono::sys_days{std::chrono::year{0} / 1 / 1}};
constexpr instant first_unwritten{std::chrono::sys_days{std::chrono::year{10'000} / 1 / 1}};

/// Reads exactly `digits` decimal digits and moves past them.
bool take_number(std::string_view& text, std::size_t digits, int& value) {
  if (text.size() < digits) return false;
  value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const char digit = text[i];
    if (digit < '0' || digit > '9') return false;
    value = value * 10 + (digit - '0');
  }
  text.remove_prefix(digits);
  return true;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

bool take_fraction(std::string_view& text, int& microseconds) {
  microseconds = 0;
  if (!take(text, '.')) return true;
  int digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (digits < 6) microseconds = microseconds * 10 + (text.front() - '0');
    ++digits;
    text.remove_prefix(1);
  }
  for (int i = digits; i < 6; ++i) microseconds *= 10;
  return digits >= 1 && digits <= 9;
}

bool take_offset(std::string_view& text, std::chrono::minutes& offset) {
  if (take(text, 'Z') || take(text, 'z')) return true;
  const bool west = !text.empty() && text.front() == '-';
  if (!take(text, '+') && !take(text, '-')) return false;
  int hours = 0;
  int minutes = 0;
  if (!take_number(text, 2, hours) || !take(text, ':') || !take_number(text, 2, minutes)) return false;
  if (hours > 23 || minutes > 59) return false;
  offset = std::chrono::hours{hours} + std::chrono::minutes{minutes};
  if (west) offset = -offset;
  return true;
}

}  // namespace

instant forward_time::at(instant wall, duration steady) {
  const auto read = (wall.time_since_epoch() - steady).count();
  auto lead = lead_.load(std::memory_order_relaxed);
  while (read > lead && !lead_.compare_exchange_weak(lead, read, std::memory_order_relaxed)) {
  }
  return instant{steady + duration{std::max(read, lead)}};
}

instant system_clock::now() const {
  using std::chrono::steady_clock, std::chrono::duration_cast;
  // In this order: a thread that is stopped in between sees too small a lead, which counts for nothing.
  const auto wall = std::chrono::time_point_cast<duration>(std::chrono::system_clock::now());
  const auto steady = duration_cast<duration>(steady_clock::now().time_since_epoch());
  return forward_.at(wall, steady);
}

std::string to_text(instant time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock_time{time - day};
  std::array<char, 64> text{};
  const int length = std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", int{date.year()},
                                   unsigned{date.month()}, unsigned{date.day()},
                                   static_cast<int>(clock_time.hours().count()),
                                   static_cast<int>(clock_time.minutes().count()),
                                   static_cast<int>(clock_time.seconds().count()),
                                   static_cast<int>(clock_time.subseconds().count()));
  return {text.data(), static_cast<std::size_t>(length)};
}

std::optional<instant> parse_instant(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, microsecond = 0;
  std::chrono::minutes offset{0};
  if (!take_number(text, 4, year) || !take(text, '-') || !take_number(text, 2, month) || !take(text, '-') ||
      !take_number(text, 2, day) || !(take(text, 'T') || take(text, 't') || take(text, ' ')) ||
      !take_number(text, 2, hour) || !take(text, ':') || !take_number(text, 2, minute) || !take(text, ':') ||
      !take_number(text, 2, second) || !take_fraction(text, microsecond) || !take_offset(text, offset) ||
      !text.empty())
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const auto read = instant{std::chrono::sys_days{date}} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
                    std::chrono::seconds{second} + std::chrono::microseconds{microsecond} - offset;
  const bool has_four_digits = read >= first_written && read < first_unwritten;  // Else `to_text` could not say it.
  return has_four_digits ? std::optional{read} : std::nullopt;
}

}  // namespace musiccorp::base
