#include "message/scrubber.hpp"

#include <algorithm>

#include "describe/json.hpp"
#include "describe/personal.hpp"

namespace musiccorp::message {
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

}  // namespace

void scrubber::learn(const catalogue& types, const envelope& message) {
  auto current = message;
  const auto* type = types.bring_up_to_date(current) ? types.find(current.type) : nullptr;
  if (const auto personal = type ? type->personal(current.payload) : failure(base::fault_kind::schema, {})) {
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

std::string scrubbed(const catalogue& types, const envelope& message, std::string_view text) {
  scrubber scrub;
  scrub.learn(types, message);
  return scrub(text);
}

}  // namespace musiccorp::message
