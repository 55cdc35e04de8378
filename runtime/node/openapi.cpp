#include "node/openapi.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "describe/schema.hpp"
#include "node/operator_gate.hpp"

namespace musiccorp::node {
namespace {

using json = nlohmann::ordered_json;

json reference_to(const describe::shape& type) {
  return {{"$ref", "#/components/schemas/" + describe::component_name(type)}};
}

json content(json schema, const std::string& media_type = "application/json") {
  return {{media_type, {{"schema", std::move(schema)}}}};
}

json described(const char* type, const char* description) { return {{"type", type}, {"description", description}}; }

json problem_schema() {
  const json finding = {
      {"type", "object"},
      {"required", {"pointer"}},
      {"properties",
       {{"pointer", described("string", "JSON pointer into what was sent; empty: all of it")},
        {"found", described("string", "what stands there, as JSON, cut and without personal data; missing: nothing")},
        {"wanted", described("string", "what would be accepted; missing: nobody can say")}}}};
  return {
      {"type", "object"},
      {"required", {"type", "title", "status"}},
      {"properties",
       {{"type", {{"type", "string"}}},
        {"title", {{"type", "string"}}},
        {"status", {{"type", "integer"}}},
        {"detail", {{"type", "string"}}},
        {"errors", {{"type", "array"}, {"items", finding}}},
        {"trace_id", described("string",
                               "of the request's trace, if it has one; never in what the door refuses by itself: "
                               "unknown addresses and methods, callers who may not, bodies that are packed or too "
                               "large, bad HTTP")}}}};
}

json problem_response(const std::string& when) {
  return {{"description", when},
          {"content", content({{"$ref", "#/components/schemas/problem"}}, "application/problem+json")}};
}

json with_header(json response, const char* name, const char* type) {
  response["headers"][name] = {{"schema", {{"type", type}}}};
  return response;
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

bool has_parameters(const service::route& route) { return route.path.find('{') != std::string::npos; }

bool may_say(const service::route& route, int status) {
  return std::ranges::find(route.refusals, status) != route.refusals.end();
}

/// What this route can answer; `default` is for what can happen to any request.
json responses(const service::route& route) {
  json success{{"description", "What was asked for"}, {"content", content(reference_to(*route.reply))}};
  if (!route.location.empty()) success = with_header(std::move(success), "Location", "string");
  const bool writes = route.method != "GET";
  json all;
  all[std::to_string(route.status)] = std::move(success);
  all["400"] = problem_response("The request cannot be read; `errors` say where");
  if (is_for_operators(route.path)) {
    all["401"] = problem_response("The operators' token is set, and was not said");
    all["403"] = problem_response("No token is set, and the call is not of this machine; or a page of another site");
  }
  if (has_parameters(route) || may_say(route, 404)) all["404"] = problem_response("There is no such thing");
  if (may_say(route, 409)) all["409"] = problem_response("The state of things forbids it");
  if (writes) {
    all["413"] = problem_response("The body is too large");
    all["415"] =
        with_header(problem_response("The body is not JSON, or has a content coding; Accept-Encoding says so"),
                    "Accept-Encoding", "string");
    all["422"] = problem_response("It was understood and can't be done, or its Idempotency-Key was used for another");
  }
  all["431"] = problem_response("The header is too large");
  all["503"] = with_header(problem_response("Not now; Retry-After says when"), "Retry-After", "integer");
  all["504"] =
      problem_response("No answer in time; the effect is unknown, a repeat with the same Idempotency-Key is safe");
  all["default"] = problem_response("Any other trouble");
  return all;
}

/// The command without what the path says: nobody may say one thing twice.
json body_schema(const service::route& route) {
  if (!has_parameters(route)) return reference_to(*route.input);
  auto schema = json::parse(describe::openapi_schema(*route.input));
  for (const auto& field : route.input->fields)
    if (in_path(route, field.name)) schema["properties"].erase(std::string{field.name});
  auto required = json::array();
  for (const auto& name : schema.value("required", json::array()))
    if (!in_path(route, name.get<std::string>())) required.push_back(name);
  schema["required"] = std::move(required);
  return schema;
}

json operation(const std::string& service, const service::route& route) {
  json made{{"tags", {service}},
            {"summary", route.summary},
            {"operationId", service + "." + route.type},
            {"parameters", parameters(route)},
            {"responses", responses(route)}};
  const auto in_body = [&](const describe::field_shape& field) { return !in_path(route, field.name); };
  const auto must_be_in_body = [&](const auto& field) { return in_body(field) && !field.may_be_missing; };
  if (route.method != "GET" && std::ranges::any_of(route.input->fields, in_body))
    made["requestBody"] = {{"required", std::ranges::any_of(route.input->fields, must_be_in_body)},
                           {"content", content(body_schema(route))}};
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
