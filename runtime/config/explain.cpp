#include "config/explain.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "describe/findings.hpp"
#include "describe/json.hpp"

namespace musiccorp::config {
namespace {

using describe::form;
using json = nlohmann::ordered_json;

struct explained {
  std::string pointer;
  std::string value;  ///< JSON
  std::string from;
  std::string_view meaning;
};

/// Settings of services are not described here, so their names must tell what nobody may read over a shoulder.
bool sounds_secret(std::string_view name) {
  return std::ranges::any_of(std::array<std::string_view, 3>{"password", "secret", "token"},
                             [&](std::string_view word) { return name.ends_with(word); });
}

class explainer {
 public:
  explicit explainer(const origins& sources) : sources_{sources} {}

  std::vector<explained> explain(const node_config& config) {
    walk_fields(describe::shape_of<node_config>(), &config, {});
    return std::move(lines_);
  }

 private:
  void walk(const describe::shape& type, const void* value, const std::string& pointer, std::string_view meaning) {
    if (type.what == form::object) return walk_fields(type, value, pointer);
    if (type.what == form::map && type.size(value) > 0) return walk_entries(type, value, pointer, meaning);
    if (type.what == form::optional && type.peek(value))
      return walk(type.element(), type.peek(value), pointer, meaning);
    if (type.what == form::raw && !type.get_text(value).empty())
      return walk_json(json::parse(type.get_text(value), nullptr, false), pointer, meaning);
    std::string text;
    describe::write_json(text, type, value);
    add(pointer, std::move(text), meaning);
  }

  void walk_fields(const describe::shape& type, const void* value, const std::string& pointer) {
    for (const auto& field : type.fields)
      if (field.name != "$schema")
        walk(field.of(), describe::at(field, value), below(pointer, field.name), field.doc);
  }

  void walk_entries(const describe::shape& type, const void* value, const std::string& pointer,
                    std::string_view meaning) {
    struct visit {
      explainer& self;
      const describe::shape& element;
      const std::string& pointer;
      std::string_view meaning;
    } context{*this, type.element(), pointer, meaning};
    type.each(value, &context, [](void* passed, std::string_view name, const void* entry) {
      auto& [self, element, at, doc] = *static_cast<visit*>(passed);
      self.walk(element, entry, below(at, name), doc);
    });
  }

  void walk_json(const json& value, const std::string& pointer, std::string_view meaning) {
    if (!value.is_object() || value.empty())
      return add(pointer, value.dump(-1, ' ', false, json::error_handler_t::replace), meaning);
    for (const auto& [name, member] : value.items()) {
      if (sounds_secret(name))
        add(below(pointer, name), "\"***\"", meaning);
      else
        walk_json(member, below(pointer, name), meaning);
    }
  }

  static std::string below(std::string pointer, std::string_view name) {
    describe::append_step(pointer, name);
    return pointer;
  }

  void add(const std::string& pointer, std::string value, std::string_view meaning) {
    const auto source = sources_.find(pointer);
    const bool is_default = source == sources_.end();
    if (is_default && pointer.starts_with("/services/") && (value == "null" || value == "{}"))
      return;  // Says nothing.
    lines_.push_back({pointer, std::move(value), is_default ? "default" : source->second, meaning});
  }

  const origins& sources_;
  std::vector<explained> lines_;
};

/// Columns as wide as their longest cell; a cell above 32 characters pushes the rest of its own line only.
std::string table_of(const std::vector<explained>& lines) {
  std::size_t pointers = 0, values = 0, origins = 0;
  for (const auto& one : lines) {
    pointers = std::max(pointers, one.pointer.size());
    values = std::max(values, std::min<std::size_t>(one.value.size(), 32));
    origins = std::max(origins, one.from.size());
  }
  const auto padded = [](std::string text, std::size_t width) {
    if (text.size() < width) text.resize(width, ' ');
    return text + "  ";
  };
  std::string out;
  for (const auto& one : lines)
    out.append(padded(one.pointer, pointers))
        .append(padded(one.value, values))
        .append(padded(one.from, origins))
        .append(one.meaning)
        .append("\n");
  return out;
}

}  // namespace

std::string explain(const loaded_config& config) {
  auto lines = explainer{config.sources}.explain(config.effective);
  lines.insert(lines.begin(), {"value of", "is", "from", "meaning"});
  return table_of(lines);
}

std::string explain_json(const loaded_config& config) {
  auto document = json::object();
  for (const auto& one : explainer{config.sources}.explain(config.effective))
    document[one.pointer] = {{"value", json::parse(one.value)}, {"from", one.from}, {"meaning", one.meaning}};
  return document.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace musiccorp::config
