#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace musiccorp::demo {

/// A scrape of /metrics (Prometheus text format 0.0.4), for questions to it. Lines that can't be read are left out.
class metrics_text {
 public:
  using labels = std::map<std::string, std::string, std::less<>>;
  struct sample {
    labels has;
    double value = 0;
  };

  metrics_text() = default;
  explicit metrics_text(std::string_view text);

  /// All series of this name; histograms as `_sum`, `_count` and `_bucket`.
  [[nodiscard]] const std::vector<sample>& of(std::string_view name) const;
  /// Of the series that have these labels.
  [[nodiscard]] double sum(std::string_view name, const labels& wanted = {}) const;
  [[nodiscard]] bool has(std::string_view name) const { return !of(name).empty(); }

 private:
  std::map<std::string, std::vector<sample>, std::less<>> samples_;
};

}  // namespace musiccorp::demo
