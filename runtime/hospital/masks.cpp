#include "hospital/masks.hpp"

#include "describe/json.hpp"

namespace musiccorp::hospital {
namespace {

const message::catalogued_type* brought_up_to_date(const message::catalogue& types, envelope& message) {
  return types.bring_up_to_date(message) ? types.find(message.type) : nullptr;
}

bool is_mask(std::string_view text) { return !text.empty() && text.find_first_not_of('*') == std::string_view::npos; }

fault prefixed(fault trouble, std::string_view prefix) {
  for (auto& one : trouble.problems) one.pointer = std::string{prefix} + one.pointer;
  return trouble;
}

}  // namespace

payload_view masked(const message::catalogue& types, envelope message) {
  payload_view view;
  const auto* type = brought_up_to_date(types, message);
  if (!type) {
    view.hidden = "this program does not know " + message.type + " version " + std::to_string(message.version);
  } else if (auto text = type->redacted(message.payload)) {
    view.payload = describe::raw_json{std::move(*text)};
  } else {
    view.hidden = "it cannot be read as " + message.type;
  }
  return view;
}

payload_view revealed(const std::string& payload) {
  payload_view view;
  if (describe::from_json<describe::raw_json>(payload))
    view.payload = describe::raw_json{payload};
  else
    view.payload_text = payload;
  return view;
}

result<void> check_payload(const message::catalogue& types, const std::string& type, std::string_view payload,
                           std::string_view prefix) {
  const auto* known = types.find(type);
  if (!known)
    return failure(fault_kind::unsupported, "this program does not know " + type + ", so it can't check its payload");
  const auto personal = known->personal(payload);
  if (!personal) return failure(prefixed(personal.error(), prefix));
  fault trouble{fault_kind::invalid, "the payload holds masks in place of personal data", {}, {}};
  for (const auto& one : *personal)
    if (is_mask(one.text))
      trouble.problems.push_back(
          {std::string{prefix} + one.pointer, one.text, "the value itself; reveal the case to see it"});
  if (!trouble.problems.empty()) return failure(std::move(trouble));
  return {};
}

}  // namespace musiccorp::hospital
