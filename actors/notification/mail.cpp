#include "notification/mail.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <vector>

namespace musiccorp::notification {
namespace {

constexpr std::size_t encoded_bytes_max = 42;  // 56 in base64; with =?UTF-8?B? ?= 68, a header line has room for it.
constexpr std::size_t quoted_line_max = 76;
constexpr std::size_t plain_header_max = 60;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }
bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

std::string without_controls(std::string_view text) {
  std::string clean{text};
  std::ranges::replace_if(clean, is_control, ' ');
  return clean;
}

/// Can stand between angle brackets, and in an SMTP command.
bool is_safe_address(std::string_view text) {
  const auto is_safe = [](char c) {
    return !is_control(c) && is_ascii(c) && std::string_view{" <>()[]\\,;:\""}.find(c) == std::string_view::npos;
  };
  return text.size() <= 254 && std::ranges::all_of(text, is_safe) && std::ranges::count(text, '@') == 1 &&
         text.front() != '@' && text.back() != '@';
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const auto group = bytes.substr(at, 3);
    unsigned bits = 0;
    for (std::size_t i = 0; i < 3; ++i)
      bits = bits << 8 | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0u);
    for (std::size_t i = 0; i < 4; ++i) text += i <= group.size() ? alphabet[bits >> (18 - 6 * i) & 63u] : '=';
  }
  return text;
}

/// Pieces of at most `size` bytes that end between characters.
std::vector<std::string_view> pieces_of(std::string_view text, std::size_t size) {
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    auto end = std::min(size, text.size());
    if (end < text.size())
      while (end > 1 && continues_character(text[end])) --end;
    pieces.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return pieces;
}

/// A display name: a quoted string when it is short ASCII, encoded words otherwise.
std::string mailbox(std::string_view name, std::string_view email) {
  const auto address = "<" + std::string{email} + ">";
  const auto clean = without_controls(name);
  if (clean.empty()) return address;
  if (clean.size() > plain_header_max || !std::ranges::all_of(clean, is_ascii))
    return header_text(clean) + "\r\n " + address;
  std::string quoted = "\"";
  for (const char c : clean) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"\r\n " + address;
}

std::string hexadecimal(char c) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  return {'=', digits[byte >> 4], digits[byte & 15]};
}

std::string quoted_line(std::string_view line) {
  std::string out, current;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool is_last = i + 1 == line.size();
    // A dot at the start of a line ends an SMTP message, "From " starts one in some mailboxes, a space at the end
    // gets lost.
    const bool is_plain = is_ascii(c) && !is_control(c) && c != '=' && !(c == ' ' && is_last) &&
                          !(current.empty() && (c == '.' || c == 'F'));
    const auto written = is_plain ? std::string{c} : hexadecimal(c);
    if (current.size() + written.size() > quoted_line_max - 1) {
      out += current + "=\r\n";
      current.clear();
    }
    current += written;
  }
  return out + current + "\r\n";
}

}  // namespace

std::string header_text(std::string_view text) {
  const auto clean = without_controls(text);
  const bool looks_encoded = clean.find("=?") != clean.npos;
  if (clean.size() <= plain_header_max && !looks_encoded && std::ranges::all_of(clean, is_ascii)) return clean;
  std::string words;
  for (const auto piece : pieces_of(clean, encoded_bytes_max)) {
    if (!words.empty()) words += "\r\n ";
    words += "=?UTF-8?B?" + base64(piece) + "?=";
  }
  return words;
}

std::string quoted_printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out += quoted_line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string mail_date(base::instant at) {
  constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{std::chrono::floor<std::chrono::seconds>(at - day)};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d +0000",
                days[std::chrono::weekday{day}.c_encoding()], static_cast<unsigned>(date.day()),
                months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text.data();
}

result<mail> compose(const letter& what) {
  for (const auto* email : {&what.from_email, &what.to_email})
    if (!is_safe_address(*email)) return failure(fault_kind::invalid, "a mail can't be addressed to or from this");
  const auto host = what.from_email.substr(what.from_email.find('@') + 1);
  mail made{what.id, what.from_email, what.to_email, what.id + "@" + host, {}};
  made.text = "From: " + mailbox(what.from_name, what.from_email) + "\r\n" +
              "To: " + mailbox(what.to_name, what.to_email) + "\r\n" + "Subject: " + header_text(what.subject) +
              "\r\n" + "Date: " + mail_date(what.at) + "\r\n" + "Message-ID: <" + made.message_id + ">\r\n" +
              "Auto-Submitted: auto-generated\r\n"
              "MIME-Version: 1.0\r\n"
              "Content-Type: text/plain; charset=utf-8\r\n"
              "Content-Transfer-Encoding: quoted-printable\r\n"
              "\r\n" +
              quoted_printable(what.body);
  return made;
}

}  // namespace musiccorp::notification
