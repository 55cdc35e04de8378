#include "hospital/fingerprint.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/random.hpp"

namespace musiccorp::hospital {
namespace {

constexpr std::size_t length_max = 400;

bool is_space(char letter) { return letter == ' ' || (letter >= '\t' && letter <= '\r'); }
bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }
bool is_word_letter(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || is_digit(letter) || letter == '_' ||
         static_cast<unsigned char>(letter) >= 0x80;
}
/// Joins the parts of ids: "o-1", "2026-01-31T08:09", "1.5".
bool is_joint(char letter) { return letter == '-' || letter == '.' || letter == ':'; }

/// The end of the word that starts at `at`: letters, and joints between letters.
std::size_t word_end(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    if (!is_word_letter(text[at]) && !(is_joint(text[at]) && at + 1 < text.size() && is_word_letter(text[at + 1])))
      break;
    ++at;
  }
  return at;
}

void append_mark(std::string& out) {
  if (out.ends_with("# "))
    out.pop_back();
  else if (!out.ends_with('#'))
    out += '#';
}

std::string hexadecimal(std::uint64_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(16, '0');
  for (auto place = text.rbegin(); place != text.rend(); ++place, value >>= 4U) *place = digits[value & 15U];
  return text;
}

}  // namespace

std::string normalised(std::string_view text, std::string_view name) {
  std::string out;
  for (std::size_t at = 0; at < text.size() && out.size() < length_max;) {
    if (is_space(text[at])) {
      if (!out.empty() && !out.ends_with(' ')) out += ' ';
      ++at;
      continue;
    }
    const auto end = word_end(text, at);
    if (end == at) {
      out += text[at++];
      continue;
    }
    const auto word = text.substr(at, end - at);
    if (word == name || std::ranges::any_of(word, is_digit))
      append_mark(out);
    else
      out += word;
    at = end;
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

std::string fingerprint(std::string_view service, std::string_view type, std::string_view error,
                        std::string_view backtrace) {
  std::string all{service};
  for (const auto part : {type, error, backtrace}) (all += '\n') += part;
  return hexadecimal(base::stable_hash(all));
}

}  // namespace musiccorp::hospital
