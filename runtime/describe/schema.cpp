#include "describe/schema.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/ensure.hpp"

namespace musiccorp::describe {
namespace {

using json = nlohmann::ordered_json;

/// Gathers in the order of mention; a shape that is there already ends the walk, so types may contain themselves.
void gather(const shape& type, std::vector<const shape*>& all) {
  if (type.element) gather(type.element(), all);
  if (type.what != form::object || std::ranges::find(all, &type) != all.end()) return;
  all.push_back(&type);
  for (const auto& field : type.fields) gather(field.of(), all);
}

void add_limits(json& to, const bounds& limits, const char* minimum, const char* maximum) {
  if (limits.minimum != bounds{}.minimum) to[minimum] = limits.minimum;
  if (limits.maximum != bounds{}.maximum) to[maximum] = limits.maximum;
}

bounds narrower(const bounds& a, const bounds& b) {
  return {std::max(a.minimum, b.minimum), std::min(a.maximum, b.maximum)};
}

class schema_writer {
 public:
  /// References are `path` and the component's name; those to `root` are `#` when there is one.
  schema_writer(std::string path, bool strict, const shape* root)
      : path_(std::move(path)), strict_(strict), root_(root) {}

  [[nodiscard]] json object(const shape& type) const {
    json made{{"title", type.name}, {"x-version", type.version}, {"type", "object"}};
    made["properties"] = json::object();
    auto required = json::array();
    for (const auto& field : type.fields) {
      made["properties"][std::string{field.name}] = property(field);
      if (!field.may_be_missing) required.push_back(field.name);
    }
    if (!required.empty()) made["required"] = std::move(required);
    if (strict_) made["additionalProperties"] = false;
    return made;
  }

 private:
  [[nodiscard]] json property(const field_shape& field) const {
    const auto* type = &field.of();
    while (type->what == form::optional) type = &type->element();  // A field may be missing: no null needed.
    auto made = value(*type, field.limits);
    if (!field.doc.empty()) made["description"] = field.doc;
    if (field.is_key) made["x-key"] = true;
    if (field.is_pii) made["x-pii"] = true;
    return made;
  }

  [[nodiscard]] json value(const shape& type, const bounds& limits) const {
    switch (type.what) {
      case form::boolean:
        return {{"type", "boolean"}};
      case form::integer:
        return limited("integer", narrower(limits, type.range), "minimum", "maximum");
      case form::number:
        return limited("number", limits, "minimum", "maximum");
      case form::text:
        return limited("string", limits, "minLength", "maxLength");
      case form::instant:
        return {{"type", "string"}, {"format", "date-time"}};
      case form::choice:
        return {{"type", "string"}, {"enum", type.choices}};
      case form::object:
        return {{"$ref", &type == root_ ? "#" : path_ + component_name(type)}};
      case form::list:
        return list(type, limits);
      case form::map:
        return map(type, limits);
      case form::optional:
        return {{"anyOf", {value(type.element(), limits), {{"type", "null"}}}}};
      case form::raw:
        return json::object();
    }
    return json::object();
  }

  [[nodiscard]] static json limited(const char* type, const bounds& limits, const char* minimum,
                                    const char* maximum) {
    json made{{"type", type}};
    add_limits(made, limits, minimum, maximum);
    return made;
  }

  [[nodiscard]] json list(const shape& type, const bounds& limits) const {
    json made{{"type", "array"}, {"items", value(type.element(), {})}};
    add_limits(made, limits, "minItems", "maxItems");
    return made;
  }

  [[nodiscard]] json map(const shape& type, const bounds& limits) const {
    json made{{"type", "object"}, {"additionalProperties", value(type.element(), {})}};
    add_limits(made, limits, "minProperties", "maxProperties");
    return made;
  }

  std::string path_;
  bool strict_;
  const shape* root_;
};

std::string printed(const json& document) {
  return document.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string json_schema(const shape& type, bool strict) {
  const schema_writer writer{"#/$defs/", strict, &type};
  json document{{"$schema", "https://json-schema.org/draft/2020-12/schema"}};
  document.update(writer.object(type));
  json definitions = json::object();
  for (const auto* nested : described_types(type)) {
    if (nested == &type) continue;
    const auto [place, added] = definitions.emplace(component_name(*nested), writer.object(*nested));
    ensure(added, "two described structs share the name " + place.key());
  }
  if (!definitions.empty()) document["$defs"] = std::move(definitions);
  return printed(document);
}

std::string openapi_schema(const shape& type) {
  return printed(schema_writer{"#/components/schemas/", false, nullptr}.object(type));
}

std::string component_name(const shape& type) {
  std::string name{type.name};
  std::ranges::replace_if(
      name,
      [](char c) {
        const bool is_legal = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                              c == '.' || c == '-' || c == '_';
        return !is_legal;
      },
      '_');
  return name;
}

std::vector<const shape*> described_types(const shape& type) {
  std::vector<const shape*> all;
  gather(type, all);
  return all;
}

}  // namespace musiccorp::describe
