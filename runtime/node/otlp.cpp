#include "node/otlp.hpp"

#include <map>
#include <nlohmann/json.hpp>

namespace musiccorp::node {
namespace {

using json = nlohmann::json;
using telemetry::span;
using telemetry::span_kind;

json text(const std::string& key, std::string value) {
  return {{"key", key}, {"value", {{"stringValue", std::move(value)}}}};
}
json number(const std::string& key, std::uint64_t value) {
  return {{"key", key}, {"value", {{"intValue", std::to_string(value)}}}};
}

/// SPAN_KIND_SERVER for what answers, CONSUMER for what takes from a log, INTERNAL for the rest.
int kind_of(const span& one) {
  if (one.kind == span_kind::request) return 2;
  if (one.kind == span_kind::hop) return 5;
  return one.kind != span_kind::commit && one.message_seq == 0 ? 2 : 1;
}

std::string nanoseconds(base::instant when) { return std::to_string(when.time_since_epoch().count()) + "000"; }

json span_json(const span& one, const telemetry::span_store& names) {
  json made{{"traceId", to_text(one.trace)},
            {"spanId", telemetry::span_text(one.id)},
            {"name", std::string{name_of(one.kind)} + " " + names.text(one.type)},
            {"kind", kind_of(one)},
            {"startTimeUnixNano", nanoseconds(one.began)},
            {"endTimeUnixNano", nanoseconds(one.began + base::duration{one.took_us})}};
  if (one.parent != 0) made["parentSpanId"] = telemetry::span_text(one.parent);
  auto& attributes = made["attributes"] = json::array();
  attributes.push_back(text("musiccorp.kind", std::string{name_of(one.kind)}));
  attributes.push_back(text("musiccorp.state", std::string{name_of(one.state)}));
  attributes.push_back(text("musiccorp.message.type", names.text(one.type)));
  attributes.push_back(text("musiccorp.message.source", names.text(one.source)));
  if (one.message_seq != 0) attributes.push_back(number("musiccorp.message.seq", one.message_seq));
  if (one.attempt != 0) attributes.push_back(number("musiccorp.attempt", one.attempt));
  if (one.why != 0) attributes.push_back(text("error.type", names.text(one.why)));
  made["status"] = one.state == telemetry::span_state::failed ? json{{"code", 2}, {"message", names.text(one.why)}}
                                                              : json::object();
  return made;
}

}  // namespace

std::string otlp_body(std::span<const span> spans, const telemetry::span_store& names, const std::string& node,
                      const std::string& version) {
  std::map<telemetry::span_name, json> services;
  for (const auto& one : spans) services[one.service].push_back(span_json(one, names));
  json resources = json::array();
  for (auto& [service, list] : services)
    resources.push_back(
        {{"resource",
          {{"attributes",
            {text("service.name", names.text(service)), text("service.namespace", "musiccorp"),
             text("service.instance.id", node), text("service.version", version)}}}},
         {"scopeSpans", json::array({{{"scope", {{"name", "musiccorp"}}}, {"spans", std::move(list)}}})}});
  return json{{"resourceSpans", std::move(resources)}}.dump();
}

}  // namespace musiccorp::node
