#pragma once

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "describe/utf8.hpp"

namespace musiccorp::describe {

/// Reads JSON (RFC 8259) and calls one event of `handler` for each thing it meets; an event that returns false ends
/// it. It allocates only for texts with escapes and for nesting above 15, and never recurses. Strict: UTF-8 must be
/// well formed, surrogate escapes paired, numbers within a double; one byte order mark in front is skipped.
///
///     bool null(), boolean(bool), integer(std::int64_t), unsigned_integer(std::uint64_t) above the signed range
///     only, number(double, std::string_view token), text(std::string_view), key(std::string_view), open(char
///     bracket), close(char bracket) bool too_large()                                   a number beyond the range of
///     a double bool broken(std::size_t byte, std::string_view found, std::string_view wanted)      `byte` counts
///     from 1
///
/// It replaces nlohmann's SAX parser on the way of every message because it takes a fifth of the time; the fuzz
/// target holds that both accept the same bodies and understand the same by them.
template <class Handler>
class json_scanner {
 public:
  json_scanner(std::string_view text, Handler& handler) : text_(text), handler_(handler) {}

  bool run() {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    auto next = expected::value;
    for (;;) {
      skip_space();
      switch (next) {
        case expected::first_item:
          if (peek() == ']') {
            if (!close()) return false;
            next = expected::more;
            break;
          }
          [[fallthrough]];
        case expected::value:
          if (!value(next)) return false;
          break;
        case expected::first_name:
          if (peek() == '}') {
            if (!close()) return false;
            next = expected::more;
            break;
          }
          [[fallthrough]];
        case expected::name:
          if (!name()) return false;
          next = expected::value;
          break;
        case expected::more:
          if (nesting_.empty()) return at_ == text_.size() || refuse("the end of the input");
          if (!more(next)) return false;
          break;
      }
    }
  }

 private:
  enum class expected : std::uint8_t { value, first_item, first_name, name, more };

  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  [[nodiscard]] bool is_digit() const { return peek() >= '0' && peek() <= '9'; }

  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
      ++at_;
  }

  bool value(expected& next) {
    next = expected::more;
    switch (peek()) {
      case '{':
        next = expected::first_name;
        return open('{');
      case '[':
        next = expected::first_item;
        return open('[');
      case '"': {
        std::string_view text;
        return take_text(text) && handler_.text(text);
      }
      case 't':
        return take("true") ? handler_.boolean(true) : refuse("a value");
      case 'f':
        return take("false") ? handler_.boolean(false) : refuse("a value");
      case 'n':
        return take("null") ? handler_.null() : refuse("a value");
      default:
        return peek() == '-' || is_digit() ? number() : refuse("a value");
    }
  }

  bool name() {
    std::string_view text;
    if (peek() != '"') return refuse("a field name in quotes");
    if (!take_text(text) || !handler_.key(text)) return false;
    skip_space();
    if (peek() != ':') return refuse("':'");
    ++at_;
    return true;
  }

  bool more(expected& next) {
    const bool in_object = nesting_.back() == '{';
    if (peek() == (in_object ? '}' : ']')) return close();
    if (peek() != ',') return refuse(in_object ? "',' or '}'" : "',' or ']'");
    ++at_;
    next = in_object ? expected::name : expected::value;
    return true;
  }

  bool open(char bracket) {
    ++at_;
    nesting_ += bracket;
    return handler_.open(bracket);
  }

  bool close() {
    const char bracket = text_[at_++];
    nesting_.pop_back();
    return handler_.close(bracket);
  }

  bool take(std::string_view word) {
    if (text_.compare(at_, word.size(), word) != 0) return false;
    at_ += word.size();
    return true;
  }

  // Numbers

  bool number() {
    const auto start = at_;
    if (peek() == '-') ++at_;
    if (peek() == '0')
      ++at_;
    else if (!take_digits())
      return refuse("a digit");
    bool is_integer = true;
    if (peek() == '.') {
      is_integer = false;
      ++at_;
      if (!take_digits()) return refuse("a digit");
    }
    if (peek() == 'e' || peek() == 'E') {
      is_integer = false;
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (!take_digits()) return refuse("a digit");
    }
    return tell_number(text_.substr(start, at_ - start), is_integer);
  }

  bool take_digits() {
    const auto start = at_;
    while (is_digit()) ++at_;
    return at_ > start;
  }

  bool tell_number(std::string_view token, bool is_integer) {
    const char* end = token.data() + token.size();
    if (is_integer) {
      std::int64_t narrow = 0;
      if (std::from_chars(token.data(), end, narrow).ec == std::errc{}) return handler_.integer(narrow);
      std::uint64_t wide = 0;
      if (token.front() != '-' && std::from_chars(token.data(), end, wide).ec == std::errc{})
        return handler_.unsigned_integer(wide);
    }
    double value = 0;
    if (std::from_chars(token.data(), end, value).ec != std::errc{})
      value = std::strtod(std::string{token}.c_str(), nullptr);  // Tells too small (0) from too large (infinity).
    return std::isfinite(value) ? handler_.number(value, token) : handler_.too_large();
  }

  // Texts

  /// `text` points into the input, or into `unescaped_` until the next text with escapes.
  bool take_text(std::string_view& text) {
    const auto start = ++at_;
    if (!take_plain()) return false;
    if (text_[at_] == '"') {
      text = text_.substr(start, at_++ - start);
      return true;
    }
    unescaped_.assign(text_, start, at_ - start);
    while (text_[at_] != '"') {
      if (!take_escape()) return false;
      const auto from = at_;
      if (!take_plain()) return false;
      unescaped_.append(text_, from, at_ - from);
    }
    ++at_;
    text = unescaped_;
    return true;
  }

  /// The highest bit of each of eight letters that is no printable ASCII, or a quote or a backslash. Right up to the
  /// first such letter; the bits of those behind it mean nothing. (Alan Mycroft's test for a byte in a word.)
  static std::uint64_t special_in(const char* eight) {
    constexpr std::uint64_t each = 0x0101'0101'0101'0101ULL, highest = 0x80 * each;
    std::uint64_t word = 0;
    std::memcpy(&word, eight, sizeof word);
    return (word | (word - 0x20 * each) | ((word ^ ('"' * each)) - each) | ((word ^ ('\\' * each)) - each)) & highest;
  }

  /// Goes past letters that need no further look, eight at a time.
  void take_ordinary() {
    if constexpr (std::endian::native == std::endian::little)
      while (text_.size() - at_ >= 8) {
        const auto special = special_in(text_.data() + at_);
        if (special != 0) {
          at_ += static_cast<std::size_t>(std::countr_zero(special)) / 8;
          return;
        }
        at_ += 8;
      }
  }

  /// Goes on to the next quote or backslash.
  bool take_plain() {
    for (take_ordinary(); at_ < text_.size(); take_ordinary()) {
      const auto byte = static_cast<unsigned char>(text_[at_]);
      if (byte == '"' || byte == '\\') return true;
      if (byte < 0x20) return refuse("no control characters in a text");
      const auto length = byte < 0x80 ? 1 : utf8_length(text_, at_);
      if (length == 0) return handler_.broken(at_ + 1, "bytes that are no UTF-8", "UTF-8"), false;
      at_ += length;
    }
    return refuse("the end of the text");
  }

  bool take_escape() {
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    ++at_;
    if (take("u")) return take_code();
    const auto letter = at_ < text_.size() ? letters.find(text_[at_]) : std::string_view::npos;
    if (letter == std::string_view::npos) return refuse("an escape that JSON knows");
    unescaped_ += meanings[letter];
    ++at_;
    return true;
  }

  bool take_code() {
    unsigned code = 0;
    if (!take_hex(code)) return false;
    if (code >= 0xD800 && code <= 0xDFFF) {
      unsigned second = 0;
      if (code > 0xDBFF || !take("\\u")) return refuse("a pair of surrogates");
      if (!take_hex(second)) return false;
      if (second < 0xDC00 || second > 0xDFFF) return refuse("a pair of surrogates");
      code = 0x10000 + ((code & 0x3FFU) << 10) + (second & 0x3FFU);
    }
    append_utf8(unescaped_, code);
    return true;
  }

  bool take_hex(unsigned& code) {
    if (text_.size() - at_ < 4) return at_ = text_.size(), refuse("four hexadecimal digits");
    const char* start = text_.data() + at_;
    const auto read = std::from_chars(start, start + 4, code, 16);
    if (read.ptr != start + 4) return refuse("four hexadecimal digits");
    at_ += 4;
    return true;
  }

  /// Always false. The input is not quoted: it may be personal data.
  bool refuse(std::string_view wanted) {
    handler_.broken(at_ + 1, at_ < text_.size() ? "something else" : "the end of the input", wanted);
    return false;
  }

  std::string_view text_;
  Handler& handler_;
  std::size_t at_ = 0;
  std::string nesting_;  ///< an opening bracket for each level
  std::string unescaped_;
};

}  // namespace musiccorp::describe
