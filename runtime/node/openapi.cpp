#include "node/openapi.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "describe/schema.hpp"

namespace musiccorp::node {
namespace {

using json = nlohmann::ordered_json;

json reference_to(const describe::shape& type) {
  return {{"$ref", "#/components/schemas/" + describe::component_name(type)}};
}

json content(json schema, const std::string& media_type = "application/json") {
  return {{media_type, {{"schema", std::move(schema)}}}};
}

json problem_schema() {
  const json text = {{"type", "string"}};
  return {
      {"type", "object"},
      {"required", {"type", "title", "status"}},
      {"properties",
       {{"type", text},
        {"title", text},
        {"status", {{"type", "integer"}}},
        {"detail", text},
        {"errors",
         {{"type", "array"},
          {"items", {{"type", "object"}, {"properties", {{"pointer", text}, {"found", text}, {"wanted", text}}}}}}},
        {"trace_id", text}}}};
}

json problem_response(const std::string& when) {
  return {{"description", when},
          {"content", content({{"$ref", "#/components/schemas/problem"}}, "application/problem+json")}};
}

bool in_path(const service::route& route, std::string_view field) {
  return route.path.find("{" + std::string{field} + "}") != std::string::npos;
}

json property_schema(const describe::shape& type, std::string_view field) {
  return json::parse(describe::openapi_schema(type))["properties"][std::string{field}];
}

json parameters(const service::route& route) {
  json list = json::array();
  for (const auto& field : route.input->fields) {
    const bool path = in_path(route, field.name);
    if (!path && route.method != "GET") continue;
    json one{{"name", field.name},
             {"in", path ? "path" : "query"},
             {"required", path || !field.may_be_missing},
             {"schema", property_schema(*route.input, field.name)}};
    if (!field.doc.empty()) one["description"] = field.doc;
    list.push_back(std::move(one));
  }
  if (route.method != "GET")
    list.push_back({{"name", "Idempotency-Key"},
                    {"in", "header"},
                    {"required", false},
                    {"description", "A repeat with the same key gets the same answer and has no further effect."},
                    {"schema", {{"type", "string"}, {"minLength", 1}, {"maxLength", 255}}}});
  return list;
}

json responses(const service::route& route) {
  json success{{"description", "What was asked for"}, {"content", content(reference_to(*route.reply))}};
  if (!route.location.empty()) success["headers"]["Location"] = {{"schema", {{"type", "string"}}}};
  json all;
  all[std::to_string(route.status)] = std::move(success);
  all["400"] = problem_response("The request cannot be read; `errors` say where");
  all["404"] = problem_response("There is no such thing");
  if (route.method != "GET") {
    all["409"] = problem_response("The state of things forbids it");
    all["422"] = problem_response("It was understood and can't be done");
  }
  all["503"] = problem_response("Not now; Retry-After says when");
  all["504"] =
      problem_response("No answer in time; the effect is unknown, a repeat with the same Idempotency-Key is safe");
  return all;
}

json operation(const std::string& service, const service::route& route) {
  json made{{"tags", {service}},
            {"summary", route.summary},
            {"operationId", service + "." + route.type},
            {"parameters", parameters(route)},
            {"responses", responses(route)}};
  const bool has_body = std::any_of(route.input->fields.begin(), route.input->fields.end(),
                                    [&](const auto& field) { return !in_path(route, field.name); });
  if (route.method != "GET" && has_body)
    made["requestBody"] = {{"required", true}, {"content", content(reference_to(*route.input))}};
  return made;
}

void add_components(json& components, const describe::shape& type) {
  for (const auto* one : describe::described_types(type))
    components[describe::component_name(*one)] = json::parse(describe::openapi_schema(*one));
}

std::string lower(std::string method) {
  for (auto& letter : method) letter = static_cast<char>(letter >= 'A' && letter <= 'Z' ? letter + 32 : letter);
  return method;
}

}  // namespace

std::string openapi_document(std::span<const service_definition> services, std::string_view version) {
  json paths = json::object();
  json components = json::object();
  json tags = json::array();
  components["problem"] = problem_schema();
  for (const auto& one : services) {
    if (!one.routes().empty()) tags.push_back({{"name", one.name()}});
    for (const auto& route : one.routes()) {
      paths[route.path][lower(route.method)] = operation(one.name(), route);
      add_components(components, *route.input);
      add_components(components, *route.reply);
    }
  }
  const json document{{"openapi", "3.1.0"},
                      {"info",
                       {{"title", "MusicCorp"},
                        {"version", version},
                        {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
                      {"tags", tags},
                      {"paths", paths},
                      {"components", {{"schemas", components}}}};
  return document.dump(2);
}

}  // namespace musiccorp::node
