#include "hospital/masks.hpp"

#include <algorithm>

#include "describe/json.hpp"
#include "describe/personal.hpp"

namespace musiccorp::hospital {
namespace {

constexpr std::size_t word_bytes_max = 3;

char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter; }

std::string lower(std::string_view text) {
  std::string made{text};
  std::ranges::transform(made, made.begin(), [](char letter) { return lower(letter); });
  return made;
}

bool is_word_letter(char letter) {
  const auto small = lower(letter);
  return (small >= 'a' && small <= 'z') || (letter >= '0' && letter <= '9') || letter == '_' ||
         static_cast<unsigned char>(letter) >= 0x80;
}

bool stands_alone(std::string_view text, std::size_t at, std::size_t size) {
  const bool before = at > 0 && is_word_letter(text[at - 1]);
  const bool after = at + size < text.size() && is_word_letter(text[at + size]);
  return !before && !after;
}

/// As it stands in JSON, when that differs: texts of trouble quote payloads.
std::string as_json(const std::string& value) {
  std::string quoted;
  describe::write_json_text(quoted, value);
  return quoted.substr(1, quoted.size() - 2);
}

const message::catalogued_type* brought_up_to_date(const message::catalogue& types, envelope& message) {
  return types.bring_up_to_date(message) ? types.find(message.type) : nullptr;
}

bool is_mask(std::string_view text) { return !text.empty() && text.find_first_not_of('*') == std::string_view::npos; }

fault prefixed(fault trouble, std::string_view prefix) {
  for (auto& one : trouble.problems) one.pointer = std::string{prefix} + one.pointer;
  return trouble;
}

}  // namespace

void scrubber::learn(const message::catalogue& types, const envelope& message) {
  auto current = message;
  const auto* type = brought_up_to_date(types, current);
  if (const auto personal = type ? type->personal(current.payload) : failure(fault_kind::schema, {})) {
    for (const auto& one : *personal) add(one.text);
    return;
  }
  for (auto& text : describe::texts_in(message.payload)) add(std::move(text));
  add(message.payload);
}

void scrubber::add(std::string value) {
  auto quoted = lower(as_json(value));
  value = lower(value);
  for (auto* one : {&value, &quoted}) {
    const auto place = std::ranges::lower_bound(values_, *one, [](const auto& a, const auto& b) {
      return a.size() != b.size() ? a.size() > b.size() : a < b;
    });
    if (!one->empty() && (place == values_.end() || *place != *one)) values_.insert(place, *one);
  }
}

std::string scrubber::operator()(std::string_view text) const {
  std::string made{text};
  for (const auto& value : values_) {
    auto seen = lower(made);
    for (auto at = seen.find(value); at != std::string::npos; at = seen.find(value, at)) {
      if (value.size() <= word_bytes_max && !stands_alone(seen, at, value.size())) {
        ++at;
        continue;
      }
      made.replace(at, value.size(), mask);
      seen.replace(at, value.size(), mask);
      at += mask.size();
    }
  }
  return made;
}

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
