#include "config/overrides.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/address.hpp"
#include "config/lookup.hpp"
#include "config/node_config.hpp"
#include "describe/findings.hpp"
#include "describe/json.hpp"

namespace musiccorp::config {
namespace {

using json = nlohmann::ordered_json;
using describe::form;

/// Longer than any place that there is; what follows walks it step by step.
constexpr std::size_t pointer_bytes_max = 512;

fault refused(problem one) { return describe::refusal({std::move(one)}); }

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// The reader's own limit, before anything recursive sees the value. What is no JSON is a text.
bool is_too_deep(std::string_view value) {
  describe::raw_json read;
  const auto done = describe::read_json(value, describe::shape_of<describe::raw_json>(), &read);
  return !done && done.error().problems.front().found == "deeper nesting";
}

/// What a person typed without quotes is a text where a text is wanted, also when it looks like a number.
json value_of(const override_value& one) {
  const auto at = place_of(describe::shape_of<node_config>(), one.pointer);
  const bool is_text = at.type && (at.type->what == form::text || at.type->what == form::choice);
  auto read = json::parse(one.value, nullptr, false);
  if (read.is_discarded() || (is_text && !read.is_string())) return one.value;
  return read;
}

/// Null when the pointer leads through something that has no members. Missing objects are made on the way.
json* reach(json& document, std::string_view pointer) {
  auto* at = &document;
  for (const auto& step : steps_of(pointer)) {
    if (at->is_null()) *at = json::object();
    if (!at->is_object()) return nullptr;
    at = &(*at)[step];
  }
  return at;
}

void gather(const json& value, const std::string& pointer, std::vector<std::string>& all) {
  if (value.is_null()) return;  // The reader takes it for missing.
  if (!value.is_object() || value.empty()) return all.push_back(pointer);
  for (const auto& [name, member] : value.items()) {
    auto below = pointer;
    describe::append_step(below, name);
    gather(member, below, all);
  }
}

}  // namespace

result<override_value> parse_override(std::string_view text) {
  const auto equals = text.find('=');
  if (text.starts_with('/') && equals != std::string_view::npos && equals > pointer_bytes_max)
    return failure(
        refused({{}, describe::shown(text), "a pointer of at most " + std::to_string(pointer_bytes_max) + " bytes"}));
  if (text.starts_with('/') && equals != std::string_view::npos)
    return override_value{std::string{text.substr(0, equals)}, std::string{text.substr(equals + 1)}};
  std::string wanted = "/POINTER=VALUE such as /http/port=8080";
  if (equals != std::string_view::npos && equals > 0) {
    auto meant = "/" + std::string{text.substr(0, equals)};
    std::ranges::replace(meant, '.', '/');
    if (place_of(describe::shape_of<node_config>(), meant).type)
      wanted += "; did you mean " + meant + std::string{text.substr(equals)} + "?";
  }
  return failure(refused({{}, describe::shown(text), std::move(wanted)}));
}

result<std::vector<override_value>> http_overrides(std::string_view text) {
  const auto parts = split(text);
  if (!parts) {
    std::string wanted = "HOST:PORT such as 127.0.0.1:8080 or [::1]:8080";
    if (is_number(text)) wanted += "; did you mean 127.0.0.1:" + std::string{text} + "?";
    return failure(refused({{}, describe::shown(text), std::move(wanted)}));
  }
  return std::vector<override_value>{{"/http/host", std::string{parts->host}, "--http"},
                                     {"/http/port", std::string{parts->port}, "--http"}};
}

result<std::string> with_overrides(std::string_view document, std::span<const override_value> overrides) {
  auto whole = json::parse(document, nullptr, false);
  for (const auto& one : overrides) {
    auto* at = reach(whole, one.pointer);
    if (!at)
      return failure(refused({one.pointer, "a place inside a single value", "a place that the configuration has"}));
    if (is_too_deep(one.value)) return failure(refused({one.pointer, "deeper nesting", "at most 32 levels"}));
    auto value = value_of(one);
    if (at->is_object() && value.is_object())
      at->update(value, true);
    else
      *at = std::move(value);
  }
  return whole.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::vector<std::string> given_in(std::string_view document) {
  std::vector<std::string> all;
  if (const auto whole = json::parse(document, nullptr, false); whole.is_object() && !whole.empty())
    gather(whole, {}, all);
  return all;
}

}  // namespace musiccorp::config
