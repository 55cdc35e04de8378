#include "demo/metrics_text.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

namespace musiccorp::demo {
namespace {

/// Reads `name="value",...}` and leaves the rest in `text`; nothing when it is not that.
std::optional<metrics_text::labels> take_labels(std::string_view& text) {
  metrics_text::labels found;
  while (!text.empty() && text.front() != '}') {
    const auto equals = text.find("=\"");
    if (equals == std::string_view::npos) return std::nullopt;
    std::string name{text.substr(0, equals)};
    text.remove_prefix(equals + 2);
    std::string value;
    while (!text.empty() && text.front() != '"') {
      if (text.front() == '\\') text.remove_prefix(1);
      if (text.empty()) return std::nullopt;
      value.push_back(text.front());
      text.remove_prefix(1);
    }
    if (text.empty()) return std::nullopt;
    text.remove_prefix(1);
    if (!text.empty() && text.front() == ',') text.remove_prefix(1);
    found.emplace(std::move(name), std::move(value));
  }
  if (text.empty()) return std::nullopt;
  text.remove_prefix(1);
  return found;
}

}  // namespace

metrics_text::metrics_text(std::string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    const auto name_end = line.find_first_of("{ ");
    if (name_end == std::string_view::npos) continue;
    const auto name = line.substr(0, name_end);
    const bool labelled = line[name_end] == '{';
    line.remove_prefix(name_end + 1);
    auto found = labelled ? take_labels(line) : labels{};
    if (found)
      samples_[std::string{name}].push_back({std::move(*found), std::strtod(std::string{line}.c_str(), nullptr)});
  }
}

const std::vector<metrics_text::sample>& metrics_text::of(std::string_view name) const {
  static const std::vector<sample> none;
  const auto found = samples_.find(name);
  return found == samples_.end() ? none : found->second;
}

double metrics_text::sum(std::string_view name, const labels& wanted) const {
  double total = 0;
  for (const auto& [has, value] : of(name))
    if (std::ranges::includes(has, wanted)) total += value;
  return total;
}

}  // namespace musiccorp::demo
