#include "telemetry/text.hpp"

namespace musiccorp::telemetry {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

bool continues(char letter) { return (static_cast<unsigned char>(letter) & 0xC0U) == 0x80U; }

/// Bytes of the character that `text` starts with; 0 when they are no character (RFC 3629, table in section 4).
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                             : (lead & 0xF0U) == 0xE0       ? 3
                             : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                            : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if (!continues(text[i])) return 0;
  const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool surrogate = lead == 0xED && byte(1) > 0x9F;
  const bool above_unicode = lead == 0xF4 && byte(1) > 0x8F;
  return overlong || surrogate || above_unicode ? 0 : length;
}

bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  return first < 0x20 || first == 0x7F || (first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0);
}

}  // namespace

std::string clean_text(std::string_view text, std::size_t bytes_max) {
  std::string clean;
  while (!text.empty()) {
    const auto length = character_length(text);
    std::string_view character = length == 0 ? replacement : text.substr(0, length);
    if (is_control(character)) character = " ";
    if (clean.size() + character.size() > bytes_max) break;
    clean += character;
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return clean;
}

}  // namespace musiccorp::telemetry
