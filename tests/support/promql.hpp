#pragma once

#include <cctype>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// As much of PromQL, of the table of metrics and of our own rule files as tests need.
namespace musiccorp::testing {

inline std::string read_file(const std::string& path) {
  std::ifstream stream{path, std::ios::binary};
  if (!stream) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>{stream}, {}};
}

/// A metric of monitoring/metrics.md.
struct catalogued_metric {
  std::string type;
  std::set<std::string> labels;
};
using metric_catalogue = std::map<std::string, catalogued_metric>;

/// The rows "| `name` | type | `label`, `label` | meaning |".
inline metric_catalogue read_catalogue(const std::string& path) {
  metric_catalogue found;
  std::istringstream lines{read_file(path)};
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> cells;
    std::istringstream row{line};
    for (std::string cell; std::getline(row, cell, '|');) {
      const auto first = cell.find_first_not_of(" `");
      cells.push_back(first == std::string::npos ? "" : cell.substr(first, cell.find_last_not_of(" `") - first + 1));
    }
    if (cells.size() < 5 || (cells[2] != "counter" && cells[2] != "gauge" && cells[2] != "histogram")) continue;
    catalogued_metric metric{cells[2], {}};
    std::string label;
    for (const char letter : cells[3] + ",") {
      if (std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_') label += letter;
      if (letter == ',' && !label.empty()) metric.labels.insert(std::exchange(label, {}));
    }
    found.emplace(cells[1], std::move(metric));
  }
  return found;
}

/// The names of metrics in an expression: what is a word, and no function, keyword, label or text.
inline std::set<std::string> metrics_in(std::string_view expression) {
  static const std::set<std::string, std::less<>> keywords{"and", "or", "unless", "offset", "bool", "inf", "nan"};
  static const std::set<std::string, std::less<>> label_lists{"by",       "without",    "on",
                                                              "ignoring", "group_left", "group_right"};
  const auto is_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == ':';
  };
  std::set<std::string> found;
  const auto skip_to = [&](std::size_t at, char end) {
    const auto close = expression.find(end, at);
    return close == std::string_view::npos ? expression.size() : close + 1;
  };
  for (std::size_t at = 0; at < expression.size();) {
    const char letter = expression[at];
    if (letter == '"') {
      at = skip_to(at + 1, '"');
    } else if (letter == '{') {
      for (++at; at < expression.size() && expression[at] != '}';)
        at = expression[at] == '"' ? skip_to(at + 1, '"') : at + 1;
    } else if (letter == '[') {
      at = skip_to(at, ']');
    } else if (is_word(letter)) {
      const auto start = at;
      while (at < expression.size() && is_word(expression[at])) ++at;
      const std::string word{expression.substr(start, at - start)};
      auto next = at;
      while (next < expression.size() && std::isspace(static_cast<unsigned char>(expression[next])) != 0) ++next;
      const auto rest = expression.substr(next);
      const bool called = rest.starts_with('(') || rest.starts_with("by ") || rest.starts_with("without ");
      if (label_lists.contains(word)) {
        if (called) at = skip_to(next, ')');
      } else if (!called && !keywords.contains(word) && std::isdigit(static_cast<unsigned char>(word[0])) == 0) {
        found.insert(word);
      }
    } else {
      ++at;
    }
  }
  return found;
}

/// The metric that a series belongs to: `x_bucket` of a histogram is of `x`.
inline std::string family_of(const std::string& series, const metric_catalogue& catalogue) {
  for (const std::string_view end : {"_bucket", "_sum", "_count"}) {
    if (!series.ends_with(end)) continue;
    auto name = series.substr(0, series.size() - end.size());
    const auto known = catalogue.find(name);
    if (known != catalogue.end() && known->second.type == "histogram") return name;
  }
  return series;
}

/// One rule of our files, which write one key a line and longer expressions as a block.
struct rule_text {
  std::string name;
  bool is_alert = false;
  std::string expression;
  std::map<std::string, std::string> values;  ///< for, severity, summary, dashboard, runbook, console
};

inline std::vector<rule_text> read_rules(const std::string& path) {
  std::vector<rule_text> rules;
  std::istringstream lines{read_file(path)};
  bool in_block = false;
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find_first_not_of(" -");
    if (first == std::string::npos || line[first] == '#') continue;
    const auto colon = line.find(": ", first);
    if (in_block && first >= 10) {
      rules.back().expression += line.substr(first) + "\n";
      continue;
    }
    in_block = false;
    if (colon == std::string::npos) continue;
    const auto key = line.substr(first, colon - first);
    auto value = line.substr(colon + 2);
    if (value.size() > 1 && value.front() == '\'') value = value.substr(1, value.size() - 2);
    if (key == "alert" || key == "record") rules.push_back({value, key == "alert", {}, {}});
    if (rules.empty()) continue;
    if (key != "expr") {
      rules.back().values[key] = value;
    } else if (value == "|") {
      in_block = true;
    } else {
      rules.back().expression = value;
    }
  }
  return rules;
}

}  // namespace musiccorp::testing
