#include "telemetry/log_line.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "telemetry/text.hpp"

namespace musiccorp::telemetry {
namespace {

using nlohmann::ordered_json;

constexpr std::array<std::string_view, 5> level_names{"debug", "info", "warning", "error", "off"};

std::string dump(const ordered_json& json) {
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

ordered_json json_of(const log_field& field) {
  return std::visit([](auto value) { return ordered_json(value); }, field.value);
}

/// Not each message belongs to a trace.
bool is_left_out(const log_field& field) {
  const auto* text = std::get_if<std::string_view>(&field.value);
  return field.name == "trace_id" && text && text->empty();
}

bool is_plain(std::string_view text) {
  return !text.empty() && text.find_first_of(" \"=\\") == std::string_view::npos &&
         clean_text(text, text.size()) == text;
}

/// DEL and the controls U+0080 to U+009F, which a terminal may obey and JSON leaves as they are.
bool has_high_controls(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
    if (text[i] == '\x7F' || (text[i] == '\xC2' && next >= 0x80 && next < 0xA0)) return true;
  }
  return false;
}

std::string human_text(std::string_view text) {
  if (is_plain(text)) return std::string{text};
  return ordered_json(text).dump(-1, ' ', has_high_controls(text), ordered_json::error_handler_t::replace);
}

std::string human_value(const log_field& field) {
  if (const auto* text = std::get_if<std::string_view>(&field.value)) return human_text(*text);
  return dump(json_of(field));
}

std::string_view colour_of(log_level level) {
  switch (level) {
    case log_level::debug:
      return "\x1b[2m";
    case log_level::info:
      return "\x1b[32m";
    case log_level::warning:
      return "\x1b[33m";
    default:
      return "\x1b[31m";
  }
}

}  // namespace

std::string_view name_of(log_level level) { return level_names[static_cast<std::size_t>(level)]; }

std::optional<log_level> log_level_named(std::string_view name) {
  const auto* found = std::ranges::find(level_names, name);
  if (found == level_names.end()) return std::nullopt;
  return static_cast<log_level>(found - level_names.begin());
}

log_level level_of(base::severity severity) { return static_cast<log_level>(severity); }

std::string json_line(const log_line& line) {
  ordered_json json{{"time", base::to_text(line.time)},
                    {"level", name_of(line.level)},
                    {"component", line.component},
                    {"event", line.event}};
  for (const auto& field : line.fields)
    if (!is_left_out(field)) json.emplace(std::string{field.name}, json_of(field));
  if (line.repeated > 0) json["repeated"] = line.repeated;
  return dump(json);
}

std::string human_line(const log_line& line, bool with_colour) {
  std::string text = base::to_text(line.time) + ' ';
  const auto level = name_of(line.level);
  text += with_colour ? std::string{colour_of(line.level)} + std::string{level} + "\x1b[0m" : std::string{level};
  text.append(std::string_view{"warning"}.size() + 1 - level.size(), ' ');
  text += human_text(line.component) + ' ' + human_text(line.event);
  for (const auto& field : line.fields)
    if (!is_left_out(field)) text += ' ' + human_text(field.name) + '=' + human_value(field);
  if (line.repeated > 0) text += " repeated=" + std::to_string(line.repeated);
  return text;
}

}  // namespace musiccorp::telemetry
