#include "telemetry/log.hpp"

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>

#include "telemetry/repeat_limit.hpp"

namespace musiccorp::telemetry {

struct log_component {
  explicit log_component(std::string_view own_name) : name(own_name) {}
  const std::string name;
  std::atomic<log_level> level{log_level::warning};
  std::mutex mutex;
  repeat_limit limit;
};

namespace {

/// Lines arrive ready; the sink only adds the line end.
class ready_lines final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& line, spdlog::memory_buf_t& out) override {
    out.append(line.payload.begin(), line.payload.end());
    out.push_back('\n');
  }
  [[nodiscard]] std::unique_ptr<formatter> clone() const override { return std::make_unique<ready_lines>(); }
};

/// Where lines go, fixed once made.
struct log_output {
  log_config config;
  std::shared_ptr<const base::clock> time;
  std::shared_ptr<spdlog::sinks::sink> sink;  // Empty when `config.lines` takes them.
  bool with_colour = false;

  void take(const log_line& line) const {
    const auto text = config.format == log_format::json ? json_line(line) : human_line(line, with_colour);
    if (config.lines) return config.lines(text);
    sink->log({"", spdlog::level::info, text});
    sink->flush();
  }
};

result<std::shared_ptr<const log_output>> open_output(log_config config, std::shared_ptr<const base::clock> time) {
  auto output = std::make_shared<log_output>();
  output->config = std::move(config);
  output->time = time ? std::move(time) : std::make_shared<base::system_clock>();
  const auto& wanted = output->config;
  if (wanted.lines) return output;
  try {
    if (wanted.file.empty()) {
      output->sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
      output->with_colour = isatty(STDERR_FILENO) == 1;
    } else {
      output->sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
          wanted.file.string(), std::max<std::uint64_t>(wanted.file_bytes_max, 1),
          std::max<std::size_t>(wanted.files_max, 1));
    }
  } catch (const std::exception& trouble) {
    return failure(fault_kind::storage,
                   "the log file " + wanted.file.string() + " cannot be opened: " + trouble.what());
  }
  output->sink->set_formatter(std::make_unique<ready_lines>());
  return output;
}

/// The process's logs. Never destroyed, so that lines of late destructors find it.
struct log_state {
  std::mutex mutex;
  std::shared_ptr<const log_output> output = open_output({}, nullptr).value();
  std::map<std::string, std::unique_ptr<log_component>, std::less<>> components;
  std::map<std::string, log_level, std::less<>> levels;
  log_level level = log_level::warning;
  std::atomic<std::uint64_t> lost{0};

  [[nodiscard]] std::shared_ptr<const log_output> current() {
    const std::scoped_lock lock{mutex};
    return output;
  }
  void apply_levels() {
    const bool silent = output->config.format == log_format::none;
    for (const auto& [name, component] : components) {
      const auto own = levels.find(name);
      component->level = silent ? log_level::off : own == levels.end() ? level : own->second;
    }
  }
  /// The levels and limits of the former output end with it.
  void use(std::shared_ptr<const log_output> next, log_level next_level, decltype(levels) next_levels) {
    const std::scoped_lock lock{mutex};
    output = std::move(next);
    level = next_level;
    levels = std::move(next_levels);
    apply_levels();
    for (const auto& [name, component] : components) {
      const std::scoped_lock own{component->mutex};
      component->limit = {};
    }
  }
};

log_state& logs() {
  static auto* const state = new log_state;
  return *state;
}

log_component* component_named(std::string_view name) {
  auto& all = logs();
  const std::scoped_lock lock{all.mutex};
  auto known = all.components.find(name);
  if (known == all.components.end()) {
    known = all.components.emplace(name, std::make_unique<log_component>(name)).first;
    all.apply_levels();
  }
  return known->second.get();
}

}  // namespace

logger::logger(std::string_view component) : component_(component_named(component)), level_(&component_->level) {}

void logger::pass_on(log_level level, std::string_view event, fields values) const noexcept {
  try {
    const auto output = logs().current();
    const auto now = output->time->now();
    const auto verdict = [&] {
      const std::scoped_lock lock{component_->mutex};
      return component_->limit.admit(event, now, output->config.lines_max);
    }();
    if (!verdict.write) return;
    output->take({now, level, component_->name, event, {values.begin(), values.size()}, verdict.repeated});
  } catch (...) {
    logs().lost.fetch_add(1, std::memory_order_relaxed);  // A log must never be the reason for a failure.
  }
}

result<void> start_logs(log_config config, std::shared_ptr<const base::clock> time) {
  auto output = open_output(std::move(config), std::move(time));
  if (!output) return failure(std::move(output.error()));
  const auto& wanted = (*output)->config;
  logs().use(*output, wanted.level, wanted.levels);
  return {};
}

void set_log_level(std::string_view component, log_level level) {
  auto& all = logs();
  const std::scoped_lock lock{all.mutex};
  all.levels.insert_or_assign(std::string{component}, level);
  all.apply_levels();
}

void set_log_level(log_level level) {
  auto& all = logs();
  const std::scoped_lock lock{all.mutex};
  all.levels.clear();
  all.level = level;
  all.apply_levels();
}

std::map<std::string, log_level> log_levels() {
  auto& all = logs();
  const std::scoped_lock lock{all.mutex};
  std::map<std::string, log_level> found;
  for (const auto& [name, component] : all.components) found.emplace(name, component->level.load());
  return found;
}

void flush_logs() {
  auto& all = logs();
  const std::scoped_lock lock{all.mutex};
  if (all.output->config.format == log_format::none) return;
  for (const auto& [name, component] : all.components) {
    const std::scoped_lock own{component->mutex};
    for (const auto& [event, count] : component->limit.take_untold()) {
      try {
        all.output->take({all.output->time->now(), log_level::warning, name, event, {}, count});
      } catch (...) {
        all.lost.fetch_add(1, std::memory_order_relaxed);
      }
    }
  }
}

std::uint64_t log_lines_lost() { return logs().lost.load(std::memory_order_relaxed); }

struct captured_logs::state {
  std::shared_ptr<const log_output> former;
  log_level level;
  std::map<std::string, log_level, std::less<>> levels;
  std::mutex mutex;
  std::vector<std::string> lines;
};

captured_logs::captured_logs(std::shared_ptr<const base::clock> time, log_config config)
    : state_(std::make_shared<state>()) {
  auto& all = logs();
  {
    const std::scoped_lock lock{all.mutex};
    state_->former = all.output;
    state_->level = all.level;
    state_->levels = all.levels;
  }
  config.lines = [taken = state_](std::string_view line) {
    const std::scoped_lock lock{taken->mutex};
    taken->lines.emplace_back(line);
  };
  auto output = open_output(std::move(config), std::move(time)).value();
  const auto& wanted = output->config;
  all.use(output, wanted.level, wanted.levels);
}

captured_logs::~captured_logs() { logs().use(state_->former, state_->level, state_->levels); }

std::vector<std::string> captured_logs::lines() const {
  const std::scoped_lock lock{state_->mutex};
  return state_->lines;
}

}  // namespace musiccorp::telemetry
