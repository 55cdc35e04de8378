#pragma once

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>

/// The structure that OpenAPI 3.1.0 asks of a document, as far as ours goes: the objects of its chapter 4.8 with
/// their required and known fields, path templates, references, and JSON Schema 2020-12 for the schemas. Strict: a
/// field that it does not know is a finding.
namespace musiccorp::testing {

class openapi_check {
 public:
  using json = nlohmann::json;
  using findings = std::vector<std::string>;

  /// What is wrong, each with its JSON pointer; nothing: it is fine.
  [[nodiscard]] static findings of(const json& document) {
    openapi_check all{document};
    all.root();
    return std::move(all.found_);
  }

 private:
  using names = std::set<std::string, std::less<>>;
  explicit openapi_check(const json& document) : document_{document} {}

  void note(const std::string& at, const std::string& what) { found_.push_back(at + ": " + what); }

  /// An object with these fields; `x-` fields are welcome everywhere.
  bool object(const json& one, const std::string& at, const names& required, const names& known) {
    if (!one.is_object()) return note(at, "wanted an object"), false;
    for (const auto& name : required)
      if (!one.contains(name)) note(at, "has no " + name);
    for (const auto& [name, value] : one.items())
      if (!required.contains(name) && !known.contains(name) && !name.starts_with("x-")) note(at, "unknown " + name);
    return true;
  }
  void text(const json& one, const std::string& at, const char* name) {
    if (one.contains(name) && (!one.at(name).is_string() || one.at(name).get_ref<const std::string&>().empty()))
      note(at + "/" + name, "wanted a text");
  }
  void flag(const json& one, const std::string& at, const char* name) {
    if (one.contains(name) && !one.at(name).is_boolean()) note(at + "/" + name, "wanted true or false");
  }
  template <class Check>
  void each(const json& from, const std::string& at, const char* name, const Check& check) {
    if (!from.contains(name)) return;
    const auto place = at + "/" + name;
    if (!from.at(name).is_structured()) return note(place, "wanted an object or a list");
    for (const auto& [key, value] : from.at(name).items()) check(key, value, place + "/" + escaped(key));
  }
  static std::string escaped(std::string key) {
    key = std::regex_replace(key, std::regex{"~"}, "~0");
    return std::regex_replace(key, std::regex{"/"}, "~1");
  }

  void root() {
    if (!object(document_, "", {"openapi", "info", "paths"},
                {"jsonSchemaDialect", "servers", "webhooks", "components", "security", "tags", "externalDocs"}))
      return;
    if (!std::regex_match(document_.value("openapi", ""), std::regex{R"(3\.1\.\d+)"}))
      note("/openapi", "wanted 3.1.x");
    info(document_.value("info", json{}));
    each(document_, "", "tags", [&](const auto&, const json& one, const std::string& at) {
      if (object(one, at, {"name"}, {"description", "externalDocs"}) && !tags_.insert(one.value("name", "")).second)
        note(at, "a tag twice");
    });
    each(document_, "", "paths", [&](const auto& path, const json& item, const std::string& at) {
      if (!path.starts_with('/')) note(at, "a path starts with /");
      if (!shapes_.insert(std::regex_replace(path, std::regex{"\\{[^}]*\\}"}, "{}")).second) note(at, "a path twice");
      path_item(path, item, at);
    });
    if (!document_.contains("components")) return;
    object(document_["components"], "/components", {},
           {"schemas", "responses", "parameters", "examples", "requestBodies", "headers", "securitySchemes", "links",
            "callbacks", "pathItems"});
    each(document_["components"], "/components", "schemas",
         [&](const auto& name, const json& one, const std::string& at) {
           if (!std::regex_match(name, std::regex{"[a-zA-Z0-9._-]+"})) note(at, "no name for a component");
           schema(one, at);
         });
  }

  void info(const json& one) {
    if (!object(one, "/info", {"title", "version"},
                {"summary", "description", "termsOfService", "contact", "license"}))
      return;
    for (const auto* name : {"title", "version", "summary", "description"}) text(one, "/info", name);
    if (!one.contains("license")) return;
    object(one["license"], "/info/license", {"name"}, {"identifier", "url"});
    if (one["license"].contains("identifier") && one["license"].contains("url"))
      note("/info/license", "says it twice");
  }

  void path_item(const std::string& path, const json& item, const std::string& at) {
    static const names methods{"get", "put", "post", "delete", "options", "head", "patch", "trace"};
    names known{"$ref", "summary", "description", "servers", "parameters"};
    known.insert(methods.begin(), methods.end());
    if (!object(item, at, {}, known)) return;
    for (const auto& [method, one] : item.items())
      if (methods.contains(method)) operation(path, one, at + "/" + method);
  }

  void operation(const std::string& path, const json& one, const std::string& at) {
    if (!object(one, at, {"responses", "operationId"},
                {"tags", "summary", "description", "externalDocs", "parameters", "requestBody", "callbacks",
                 "deprecated", "security", "servers"}))
      return;
    text(one, at, "summary");
    if (!ids_.insert(one.value("operationId", "")).second) note(at, "an operationId twice");
    each(one, at, "tags", [&](const auto&, const json& tag, const std::string& place) {
      if (!tag.is_string() || !tags_.contains(tag.get_ref<const std::string&>())) note(place, "no declared tag");
    });
    names in_path, said;
    each(one, at, "parameters", [&](const auto&, const json& given, const std::string& place) {
      parameter(given, place);
      if (given.value("in", "") == "path") in_path.insert(given.value("name", ""));
      if (!said.insert(given.value("in", "") + " " + given.value("name", "")).second)
        note(place, "a parameter twice");
    });
    if (in_path != parameters_of(path)) note(at, "its path parameters are not those of " + path);
    if (one.contains("requestBody")) {
      const auto place = at + "/requestBody";
      if (object(one["requestBody"], place, {"content"}, {"description", "required"}))
        content(one["requestBody"], place);
      flag(one["requestBody"], place, "required");
    }
    if (one.value("responses", json::object()).empty()) note(at, "has no response");
    each(one, at, "responses", [&](const auto& status, const json& answer, const std::string& place) {
      if (!std::regex_match(status, std::regex{"default|[1-5]([0-9]{2}|XX)"})) note(place, "no status");
      response(answer, place);
    });
  }

  static names parameters_of(const std::string& path) {
    static const std::regex parameter{R"(\{([^}]*)\})"};
    names found;
    for (std::sregex_iterator at{path.begin(), path.end(), parameter}, end; at != end; ++at) found.insert((*at)[1]);
    return found;
  }

  void parameter(const json& one, const std::string& at) {
    if (!object(one, at, {"name", "in"},
                {"description", "required", "deprecated", "allowEmptyValue", "style", "explode", "allowReserved",
                 "schema", "content", "example", "examples"}))
      return;
    text(one, at, "name");
    flag(one, at, "required");
    const auto place = one.value("in", "");
    if (!names{"query", "header", "path", "cookie"}.contains(place)) note(at, "is nowhere: " + place);
    if (place == "path" && !one.value("required", false)) note(at, "what is in the path is required");
    schema_or_content(one, at);
  }

  void response(const json& one, const std::string& at) {
    if (!object(one, at, {"description"}, {"headers", "content", "links"})) return;
    text(one, at, "description");
    if (one.contains("content")) content(one, at);
    each(one, at, "headers", [&](const auto&, const json& header, const std::string& place) {
      if (object(header, place, {},
                 {"description", "required", "deprecated", "style", "explode", "schema", "content", "example",
                  "examples"}))
        schema_or_content(header, place);
    });
  }

  void schema_or_content(const json& one, const std::string& at) {
    if (one.contains("schema") == one.contains("content")) note(at, "wanted a schema or content");
    if (one.contains("schema")) schema(one["schema"], at + "/schema");
    if (one.contains("content")) content(one, at);
  }

  void content(const json& one, const std::string& at) {
    if (one["content"].empty()) note(at, "content of no media type");
    each(one, at, "content", [&](const auto& media_type, const json& made, const std::string& place) {
      if (media_type.find('/') == std::string::npos) note(place, "no media type");
      if (object(made, place, {}, {"schema", "example", "examples", "encoding"}) && made.contains("schema"))
        schema(made["schema"], place + "/schema");
    });
  }

  void schema(const json& one, const std::string& at) {
    if (one.is_boolean()) return;
    if (!object(one, at, {},
                {"$ref",     "type",     "enum",          "const",        "title",     "description",
                 "format",   "default",  "deprecated",    "properties",   "required",  "additionalProperties",
                 "items",    "anyOf",    "minimum",       "maximum",      "minLength", "maxLength",
                 "minItems", "maxItems", "minProperties", "maxProperties"}))
      return;
    if (one.contains("$ref")) reference(one["$ref"], at);
    if (one.contains("type") && !is_type(one["type"])) note(at, "no type: " + one["type"].dump());
    for (const auto* name : {"title", "description", "format"}) text(one, at, name);
    for (const auto* name : {"enum", "anyOf"})
      if (one.contains(name) && (!one[name].is_array() || one[name].empty())) note(at + "/" + name, "wanted a list");
    limits(one, at);
    each(one, at, "properties",
         [&](const auto&, const json& inner, const std::string& place) { schema(inner, place); });
    each(one, at, "anyOf", [&](const auto&, const json& inner, const std::string& place) { schema(inner, place); });
    for (const auto* name : {"items", "additionalProperties"})
      if (one.contains(name)) schema(one[name], at + "/" + name);
    each(one, at, "required", [&](const auto&, const json& name, const std::string& place) {
      if (!name.is_string() || !one.value("properties", json::object()).contains(name.get<std::string>()))
        note(place, "requires what it does not have");
    });
  }

  static bool is_type(const json& type) {
    static const names types{"null", "boolean", "object", "array", "number", "string", "integer"};
    return type.is_string() && types.contains(type.get_ref<const std::string&>());
  }

  void limits(const json& one, const std::string& at) {
    for (const auto& [least, most] : {std::pair{"minimum", "maximum"},
                                      {"minLength", "maxLength"},
                                      {"minItems", "maxItems"},
                                      {"minProperties", "maxProperties"}}) {
      for (const auto* name : {least, most}) {
        const bool is_count = std::string_view{name}.find("imum") == std::string_view::npos;
        if (one.contains(name) && (!one[name].is_number() || (is_count && !one[name].is_number_unsigned())))
          note(at + "/" + name, "wanted a number");
      }
      if (one.contains(least) && one.contains(most) && one[least] > one[most]) note(at, "nothing fits its limits");
    }
  }

  void reference(const json& to, const std::string& at) {
    const auto target = to.is_string() ? to.get<std::string>() : std::string{};
    if (!target.starts_with("#/components/schemas/") || !document_.contains(json::json_pointer{target.substr(1)}))
      note(at, "a dead reference: " + to.dump());
  }

  const json& document_;
  names tags_, ids_, shapes_;
  findings found_;
};

}  // namespace musiccorp::testing
