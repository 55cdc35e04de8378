#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace musiccorp::describe {

/// Length of the well-formed UTF-8 sequence of two to four bytes at `i` (Unicode standard, table 3-7); 0 when there
/// is none: a stray or missing tail, an overlong form, a surrogate, or a value above U+10FFFF.
[[nodiscard]] inline std::size_t utf8_length(std::string_view text, std::size_t i) {
  const auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; };
  const auto tail = [&](std::size_t at) { return (byte(at) & 0xC0U) == 0x80U; };
  const auto first = byte(i);
  const auto second = byte(i + 1);
  if (first >= 0xC2 && first <= 0xDF) return tail(i + 1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const auto lowest = first == 0xE0 ? 0xA0U : 0x80U;
    const auto highest = first == 0xED ? 0x9FU : 0xBFU;
    return second >= lowest && second <= highest && tail(i + 2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const auto lowest = first == 0xF0 ? 0x90U : 0x80U;
    const auto highest = first == 0xF4 ? 0x8FU : 0xBFU;
    return second >= lowest && second <= highest && tail(i + 2) && tail(i + 3) ? 4 : 0;
  }
  return 0;
}

/// Appends a code point up to U+10FFFF.
inline void append_utf8(std::string& out, unsigned code) {
  const auto add = [&](unsigned byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    add(code);
  } else if (code < 0x800) {
    add(0xC0U | code >> 6);
    add(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    add(0xE0U | code >> 12);
    add(0x80U | (code >> 6 & 0x3FU));
    add(0x80U | (code & 0x3FU));
  } else {
    add(0xF0U | code >> 18);
    add(0x80U | (code >> 12 & 0x3FU));
    add(0x80U | (code >> 6 & 0x3FU));
    add(0x80U | (code & 0x3FU));
  }
}

}  // namespace musiccorp::describe
