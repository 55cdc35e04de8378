#include "node/command_reader.hpp"

#include <algorithm>
#include <charconv>

#include "describe/json.hpp"
#include "describe/suggest.hpp"

namespace musiccorp::node {
namespace {

bool is_json(std::string_view media_type) {
  const auto essence = media_type.substr(0, media_type.find(';'));
  std::string name;
  for (const char letter : essence)
    if (letter != ' ' && letter != '\t')
      name += static_cast<char>(letter >= 'A' && letter <= 'Z' ? letter + 32 : letter);
  return name == "application/json" || name.ends_with("+json");
}

bool takes_body(const http::request& request) { return request.method == "POST" || request.method == "PUT"; }

const describe::field_shape* field_named(const service::route& route, std::string_view name) {
  const auto& fields = route.input->fields;
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& one) { return one.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

const describe::shape& inner_shape(const describe::field_shape& field) {
  const auto& shape = field.of();
  return shape.what == describe::form::optional ? shape.element() : shape;
}

bool is_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty();
}

/// Text from an address as the JSON value that the field wants; what does not fit stays a text, and is refused as
/// one.
void append_value(std::string& out, const describe::field_shape& field, const std::string& value) {
  const auto what = inner_shape(field).what;
  const bool bare = (what == describe::form::integer && is_integer(value)) ||
                    (what == describe::form::boolean && (value == "true" || value == "false"));
  if (bare)
    out += value;
  else
    describe::write_json_text(out, value);
}

void append_member(std::string& out, const describe::field_shape& field, const std::string& value) {
  if (out.size() > 1) out += ',';
  describe::write_json_text(out, field.name);
  out += ':';
  append_value(out, field, value);
}

base::fault unknown_query(const http::named_value& one, const service::route& route) {
  std::vector<std::string_view> known;
  for (const auto& field : route.input->fields) known.push_back(field.name);
  base::fault trouble{base::fault_kind::invalid, "unknown query parameter " + one.name, {}, {}};
  std::string wanted = "a known query parameter";
  if (const auto close = describe::closest(one.name, known); !close.empty())
    wanted += "; did you mean " + std::string{close} + "?";
  trouble.problems.push_back({"/" + one.name, one.value, wanted});
  return trouble;
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

}  // namespace

result<std::string> command_text(const http::request& request, const service::route& route) {
  std::string object = "{";
  for (const auto& one : request.parameters)
    if (const auto* field = field_named(route, one.name)) append_member(object, *field, one.value);
  for (const auto& one : request.query) {
    const auto* field = field_named(route, one.name);
    if (!field) return failure(unknown_query(one, route));
    append_member(object, *field, one.value);
  }
  const auto body = takes_body(request) ? trimmed(request.body) : std::string_view{};
  if (!body.empty()) {
    if (!is_json(request.headers.find("content-type").value_or("")))
      return failure(fault_kind::unsupported, "the body must be application/json");
    if (object.size() == 1 || !body.starts_with('{')) return request.body;
    const auto members = trimmed(body.substr(1));  // The body's own members go on where the address's end.
    if (!members.starts_with('}')) object += ',';
    return object + std::string{members};
  }
  return object + "}";
}

std::string command_key(const http::request& request, const service::route& route) {
  for (const auto& field : route.input->fields) {
    if (!field.is_key) continue;
    if (const auto value = request.parameter(field.name); !value.empty()) return std::string{value};
    return std::string{request.query_value(field.name).value_or("")};
  }
  return {};
}

result<std::string> idempotency_of(const http::request& request, const service::route& route) {
  const auto header = request.headers.find("idempotency-key");
  if (!header || !takes_body(request)) return std::string{};
  for (std::size_t i = 0; i < request.headers.size(); ++i)
    if (http::same_name(request.headers.name(i), "idempotency-key") && request.headers.value(i) != *header)
      return failure(fault_kind::invalid, "wanted one Idempotency-Key, found two that differ");
  const auto printable =
      std::all_of(header->begin(), header->end(), [](char letter) { return letter >= ' ' && letter <= '~'; });
  if (header->empty() || header->size() > 255 || !printable)
    return failure(fault_kind::invalid, "Idempotency-Key must have 1 to 255 printable ASCII characters");
  return route.method + " " + route.path + " " + std::string{*header};
}

}  // namespace musiccorp::node
