#include "describe/findings.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "describe/json.hpp"
#include "describe/suggest.hpp"

namespace musiccorp::describe {
namespace {

constexpr std::size_t shown_max = 40;
constexpr std::size_t step_max = 128;
constexpr std::size_t choices_listed_max = 20;

/// At most `length` bytes, never half a character.
std::string cut(std::string_view text, std::size_t length) {
  if (text.size() <= length) return std::string{text};
  while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) --length;
  return std::string{text.substr(0, length)} + "...";
}

std::string listed(std::span<const std::string_view> names) {
  std::string all = "one of ";
  for (std::size_t i = 0; i < names.size() && i < choices_listed_max; ++i) {
    if (i > 0) all += ", ";
    all += names[i];
  }
  return names.size() > choices_listed_max ? all + ", ..." : all;
}

std::string_view unit_of(const shape& type, std::int64_t count) {
  switch (type.what) {
    case form::text:
      return count == 1 ? " byte" : " bytes";
    case form::list:
      return count == 1 ? " item" : " items";
    case form::map:
      return count == 1 ? " entry" : " entries";
    default:
      return "";
  }
}

}  // namespace

std::string wanted(const shape& type) {
  switch (type.what) {
    case form::boolean:
      return "true or false";
    case form::integer:
      return "an integer";
    case form::number:
      return "a number";
    case form::text:
      return "a text";
    case form::instant:
      return "a time such as 2026-01-31T08:09:10Z";
    case form::choice:
      return listed(type.choices);
    case form::object:
    case form::map:
      return "an object";
    case form::list:
      return "a list";
    case form::optional:
      return wanted(type.element());
    case form::raw:
      return "JSON";
  }
  return "a value";
}

std::string wanted(const shape& type, const bounds& limits) {
  const bool has_minimum = limits.minimum != bounds{}.minimum;
  const bool has_maximum = limits.maximum != bounds{}.maximum;
  const auto minimum = std::to_string(limits.minimum);
  const auto maximum = std::to_string(limits.maximum) + std::string{unit_of(type, limits.maximum)};
  if (has_minimum && has_maximum && limits.minimum == limits.maximum) return "exactly " + maximum;
  if (has_minimum && has_maximum) return "between " + minimum + " and " + maximum;
  if (has_minimum) return "at least " + minimum + std::string{unit_of(type, limits.minimum)};
  return "at most " + maximum;
}

void append_step(std::string& pointer, std::string_view name) {
  pointer += '/';
  for (const char c : cut(name, step_max)) {
    if (c == '~')
      pointer += "~0";
    else if (c == '/')
      pointer += "~1";
    else
      pointer += c;
  }
}

std::string shown(std::string_view text) {
  std::string json;
  write_json_text(json, cut(text, shown_max));
  return json;
}

std::string shown_at(std::string_view json, const std::string& pointer) {
  const auto document = nlohmann::ordered_json::parse(json, nullptr, false);
  try {
    const nlohmann::ordered_json::json_pointer place{pointer};
    if (document.is_discarded() || !document.contains(place)) return {};
    return cut(document.at(place).dump(), shown_max);
  } catch (const nlohmann::ordered_json::exception&) {
    return {};  // No pointer.
  }
}

std::string wanted_field(const shape& object, std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& field : object.fields) names.push_back(field.name);
  const auto meant = closest(name, names);
  std::string text = "one of the known fields";
  if (!meant.empty()) text.append("; did you mean ").append(meant).append("?");
  return text;
}

fault refusal(std::vector<problem> problems) {
  const auto& first = problems.front();
  std::string text = first.pointer.empty() ? std::string{} : first.pointer + ": ";
  text += "expected " + first.wanted + ", found " + first.found;
  if (problems.size() > 1) text += " (and " + std::to_string(problems.size() - 1) + " more)";
  return {fault_kind::invalid, std::move(text), std::move(problems), {}};
}

}  // namespace musiccorp::describe
