#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "telemetry/log.hpp"

namespace musiccorp::testing {

/// All log lines of this process while it lives. One at a time.
class log_lines {
 public:
  explicit log_lines(telemetry::log_level level = telemetry::log_level::info) {
    telemetry::log_config config;
    config.format = telemetry::log_format::json;
    config.level = level;
    config.lines_max = 0;
    config.lines = [kept = kept_](std::string_view line) {
      const std::lock_guard hold{kept->mutex};
      (kept->text += line) += '\n';
    };
    (void)telemetry::start_logs(std::move(config));
  }
  ~log_lines() { (void)telemetry::start_logs({}); }
  log_lines(const log_lines&) = delete;
  log_lines& operator=(const log_lines&) = delete;

  [[nodiscard]] std::string text() const {
    const std::lock_guard hold{kept_->mutex};
    return kept_->text;
  }

 private:
  struct kept_lines {
    std::mutex mutex;
    std::string text;
  };
  std::shared_ptr<kept_lines> kept_ = std::make_shared<kept_lines>();
};

}  // namespace musiccorp::testing
