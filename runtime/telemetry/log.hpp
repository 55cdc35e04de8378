#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "telemetry/log_line.hpp"

/// Structured logs: a short stable event name and fields, one event per line.
///
///     static const logger log{"delivery"};
///     log.warn("message-retried", {{"type", type}, {"attempt", n}, {"trace_id", trace}});
///
/// The component is the room. The trace is always the field `trace_id`, left out when it is empty. Nothing personal
/// goes into a line: no names, addresses, mail, cards or payloads; that is the caller's duty, nothing here can tell.
///
/// Until `start_logs`, warnings and errors go to stderr in the form for people.
namespace musiccorp::telemetry {

struct log_component;

/// Cheap to copy, thread-safe, valid for ever. A line below the level costs a load and a compare.
class logger {
 public:
  using fields = std::initializer_list<log_field>;

  /// All loggers of one component share its level and its limit of repeats.
  explicit logger(std::string_view component);

  /// For fields that cost something to make: `if (log.on(log_level::debug)) ...`.
  [[nodiscard]] bool on(log_level level) const noexcept { return level >= level_->load(std::memory_order_relaxed); }

  void debug(std::string_view event, fields values = {}) const noexcept { write(log_level::debug, event, values); }
  void info(std::string_view event, fields values = {}) const noexcept { write(log_level::info, event, values); }
  void warn(std::string_view event, fields values = {}) const noexcept { write(log_level::warning, event, values); }
  void error(std::string_view event, fields values = {}) const noexcept { write(log_level::error, event, values); }
  /// For levels that come from a table: `log.write(level_of(facts_of(kind).level), ...)`.
  void write(log_level level, std::string_view event, fields values = {}) const noexcept {
    if (on(level)) [[unlikely]]
      pass_on(level, event, values);
  }

 private:
  void pass_on(log_level level, std::string_view event, fields values) const noexcept;
  log_component* component_;
  const std::atomic<log_level>* level_;
};

enum class log_format : std::uint8_t {
  human,  ///< for people, coloured on a terminal
  json,   ///< one JSON object per line
  none    ///< nothing is written
};

struct log_config {
  log_format format = log_format::human;
  std::filesystem::path file{};  ///< empty: stderr
  log_level level = log_level::warning;
  std::map<std::string, log_level, std::less<>> levels{};  ///< for components that differ
  std::uint32_t lines_max = 20;  ///< per second, component and event; 0 = no limit. The rest is counted
  std::uint64_t file_bytes_max =
      64U << 20U;             ///< then the file is renamed to `<name>.1.<ending>` and a new one begins
  std::size_t files_max = 4;  ///< renamed files that are kept; at least 1
  std::function<void(std::string_view)> lines{};  ///< takes each line instead of `file` and stderr
};

/// Chooses where lines go, for the whole process, at its start. A file that can't be opened is a fault{storage}; then
/// nothing changes. Without `time`, the machine's clock. Every line is handed to the operating system at once.
[[nodiscard]] result<void> start_logs(log_config config, std::shared_ptr<const base::clock> time = nullptr);

/// At run time: for one component, known or not yet; or for all of them.
void set_log_level(std::string_view component, log_level level);
void set_log_level(log_level level);
/// Of every component that has a logger.
[[nodiscard]] std::map<std::string, log_level> log_levels();

/// Writes how many repeats were left out and not told yet. For the end of the process.
void flush_logs();
/// Lines that the disk or the terminal did not take since the start.
[[nodiscard]] std::uint64_t log_lines_lost();

/// For tests: takes the lines of the process and gives the former state back at its end. One at a time.
class captured_logs {
 public:
  explicit captured_logs(std::shared_ptr<const base::clock> time = nullptr,
                         log_config config = {.format = log_format::json, .level = log_level::debug, .lines_max = 0});
  ~captured_logs();
  captured_logs(const captured_logs&) = delete;
  captured_logs& operator=(const captured_logs&) = delete;
  [[nodiscard]] std::vector<std::string> lines() const;

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace musiccorp::telemetry
