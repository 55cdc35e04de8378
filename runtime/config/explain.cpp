#include "config/explain.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "describe/json.hpp"

namespace musiccorp::config {
namespace {

struct explained {
  std::string pointer;
  std::string value;
  std::string_view from;
  std::string_view meaning;
};

std::string_view origin_of(const std::string& pointer, const origins& sources) {
  const auto within = [&](const std::set<std::string>& pointers) {
    return std::any_of(pointers.begin(), pointers.end(),
                       [&](const auto& one) { return one == pointer || one.starts_with(pointer + "/"); });
  };
  return within(sources.from_flags) ? "flag" : within(sources.from_file) ? "file" : "default";
}

void walk(const describe::shape& type, const void* value, const std::string& pointer, std::string_view meaning,
          const origins& sources, std::vector<explained>& lines) {
  using describe::form;
  if (type.what == form::object) {
    for (const auto& field : type.fields)
      walk(field.of(), describe::at(field, value), pointer + "/" + std::string{field.name}, field.doc, sources,
           lines);
    return;
  }
  if (type.what == form::optional && type.peek(value) && type.element().what == form::object)
    return walk(type.element(), type.peek(value), pointer, meaning, sources, lines);
  if (type.what == form::map && type.element().what == form::object && type.size(value) > 0) {
    struct visit {
      const describe::shape& element;
      const std::string& pointer;
      const origins& sources;
      std::vector<explained>& lines;
    } context{type.element(), pointer, sources, lines};
    type.each(value, &context, [](void* raw, std::string_view name, const void* member) {
      auto& one = *static_cast<visit*>(raw);
      walk(one.element, member, one.pointer + "/" + std::string{name}, {}, one.sources, one.lines);
    });
    return;
  }
  std::string text;
  describe::write_json(text, type, value);
  lines.push_back({pointer, std::move(text), origin_of(pointer, sources), meaning});
}

std::vector<explained> all_lines(const loaded_config& config) {
  std::vector<explained> lines;
  walk(describe::shape_of<node_config>(), &config.effective, {}, {}, config.sources, lines);
  return lines;
}

}  // namespace

std::string explain(const loaded_config& config) {
  const auto lines = all_lines(config);
  std::size_t pointers = 0, values = 0;
  for (const auto& one : lines) {
    pointers = std::max(pointers, one.pointer.size());
    values = std::max(values, std::min<std::size_t>(one.value.size(), 32));
  }
  const auto padded = [](std::string text, std::size_t width) {
    if (text.size() < width) text.resize(width, ' ');
    return text;
  };
  std::string out;
  for (const auto& one : lines)
    out += padded(one.pointer, pointers) + "  " + padded(one.value, values) + "  " +
           padded(std::string{one.from}, 7) + "  " + std::string{one.meaning} + "\n";
  return out;
}

std::string explain_json(const loaded_config& config) {
  nlohmann::ordered_json document = nlohmann::ordered_json::object();
  for (const auto& one : all_lines(config))
    document[one.pointer] = {
        {"value", nlohmann::ordered_json::parse(one.value)}, {"from", one.from}, {"meaning", one.meaning}};
  return document.dump(2) + "\n";
}

}  // namespace musiccorp::config
