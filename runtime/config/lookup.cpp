#include "config/lookup.hpp"

#include <algorithm>

namespace musiccorp::config {
namespace {

using describe::form;

std::string unescaped(std::string_view step) {
  std::string text;
  for (std::size_t i = 0; i < step.size(); ++i) {
    const bool is_escape = step[i] == '~' && i + 1 < step.size() && (step[i + 1] == '0' || step[i + 1] == '1');
    text += is_escape ? (step[++i] == '0' ? '~' : '/') : step[i];
  }
  return text;
}

const describe::shape* held(const describe::shape* type) {
  while (type->what == form::optional) type = &type->element();
  return type;
}

place step_into(const place& from, std::string_view step) {
  if (from.type->what == form::map) return {held(&from.type->element()), {}, nullptr};
  if (from.type->what != form::object) return {};
  const auto field = std::ranges::find(from.type->fields, step, &describe::field_shape::name);
  if (field == from.type->fields.end()) return {nullptr, {}, from.type};
  return {held(&field->of()), field->limits, from.type};
}

}  // namespace

std::vector<std::string> steps_of(std::string_view pointer) {
  std::vector<std::string> steps;
  while (pointer.starts_with('/')) {
    pointer.remove_prefix(1);
    const auto end = std::min(pointer.find('/'), pointer.size());
    steps.push_back(unescaped(pointer.substr(0, end)));
    pointer.remove_prefix(end);
  }
  return steps;
}

place place_of(const describe::shape& root, std::string_view pointer) {
  place at{&root, {}, nullptr};
  for (const auto& step : steps_of(pointer)) {
    if (!at.type) return {};
    at = step_into(at, step);
  }
  return at;
}

bool is_same_branch(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  return b.starts_with(a) && (a.size() == b.size() || b[a.size()] == '/');
}

}  // namespace musiccorp::config
