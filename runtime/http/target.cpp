#include "http/target.hpp"

#include <algorithm>
#include <cstdint>

namespace musiccorp::http {
namespace {

constexpr std::string_view hex_digits = "0123456789ABCDEF";

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

bool is_unreserved(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
         letter == '-' || letter == '.' || letter == '_' || letter == '~';
}

/// Bytes that follow this first byte of a UTF-8 sequence; -1 when no sequence starts so.
int followers_of(std::uint8_t first) {
  if (first < 0x80) return 0;
  if (first >= 0xC2 && first <= 0xDF) return 1;
  if (first >= 0xE0 && first <= 0xEF) return 2;
  if (first >= 0xF0 && first <= 0xF4) return 3;
  return -1;
}

/// The range of the second byte excludes overlong forms, surrogates and everything above U+10FFFF (Unicode, table
/// 3-7).
bool is_second(std::uint8_t first, std::uint8_t second) {
  const std::uint8_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const std::uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  return second >= low && second <= high;
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto first = static_cast<std::uint8_t>(text[at]);
    const int followers = followers_of(first);
    if (followers < 0 || text.size() - at <= static_cast<std::size_t>(followers)) return false;
    for (int k = 1; k <= followers; ++k) {
      const auto next = static_cast<std::uint8_t>(text[at + static_cast<std::size_t>(k)]);
      if (k == 1 ? !is_second(first, next) : next < 0x80 || next > 0xBF) return false;
    }
    at += static_cast<std::size_t>(followers) + 1;
  }
  return true;
}

std::optional<std::string> decode(std::string_view text, bool plus_is_space) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      plain += plus_is_space && text[at] == '+' ? ' ' : text[at];
      continue;
    }
    const int high = at + 2 < text.size() ? hex_value(text[at + 1]) : -1;
    const int low = at + 2 < text.size() ? hex_value(text[at + 2]) : -1;
    if (high < 0 || low < 0) return {};
    plain += static_cast<char>(high * 16 + low);
    at += 2;
  }
  if (plain.find('\0') != std::string::npos || !is_utf8(plain)) return {};
  return plain;
}

/// `http://host/path` -> `/path`; the authority is not ours to judge.
std::string_view without_authority(std::string_view target) {
  const auto authority = target.find("://");
  if (target.starts_with('/') || authority == std::string_view::npos) return target;
  const auto path = target.find_first_of("/?", authority + 3);
  return path == std::string_view::npos ? "/" : target.substr(path);
}

bool add_pair(std::vector<named_value>& query, std::string_view pair) {
  const auto equals = pair.find('=');
  auto name = decode(pair.substr(0, equals), true);
  auto value = decode(equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1), true);
  if (!name || !value) return false;
  query.push_back({std::move(*name), std::move(*value)});
  return true;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) { return decode(text, false); }

std::string percent_encode(std::string_view text) {
  std::string encoded;
  encoded.reserve(text.size());
  for (const char letter : text) {
    if (is_unreserved(letter)) {
      encoded += letter;
      continue;
    }
    const auto byte = static_cast<std::uint8_t>(letter);
    encoded += {'%', hex_digits[byte >> 4U], hex_digits[byte & 15U]};
  }
  return encoded;
}

result<target_parts> parse_target(std::string_view target) {
  const auto text = without_authority(target);
  const auto mark = text.find('?');
  target_parts parts{std::string{text.substr(0, mark)}, {}};
  if (parts.path.empty()) parts.path += '/';
  if (parts.path != "*" && !parts.path.starts_with('/'))
    return failure(fault_kind::invalid, "the target must be a path that starts with /");

  auto rest = mark == std::string_view::npos ? std::string_view{} : text.substr(mark + 1);
  while (!rest.empty()) {
    const auto end = std::min(rest.find('&'), rest.size());
    if (end > 0 && !add_pair(parts.query, rest.substr(0, end)))
      return failure(fault_kind::invalid, "the query must be percent-encoded UTF-8");
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return parts;
}

}  // namespace musiccorp::http
