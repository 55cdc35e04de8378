#include "http/reply_text.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <ctime>

namespace musiccorp::http {
namespace {

void append_number(std::string& out, std::size_t number) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

/// Line breaks and zero bytes would start a field of the client's choice.
void append_clean(std::string& out, std::string_view text) {
  constexpr std::string_view breaks{"\r\n\0", 3};
  if (text.find_first_of(breaks) == std::string_view::npos) {
    out.append(text);
    return;
  }
  for (const char letter : text) out += breaks.find(letter) == std::string_view::npos ? letter : ' ';
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  append_clean(out, name);
  out.append(": ");
  append_clean(out, value);
  out.append("\r\n");
}

std::string date_text(std::time_t now) {
  constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 32> rest{};
  std::string text = "date: ";
  text.append(days[static_cast<std::size_t>(utc.tm_wday)]);
  text.append(rest.data(), std::strftime(rest.data(), rest.size(), ", %d ", &utc));
  text.append(months[static_cast<std::size_t>(utc.tm_mon)]);
  text.append(rest.data(), std::strftime(rest.data(), rest.size(), " %Y %H:%M:%S GMT\r\n", &utc));
  return text;
}

}  // namespace

bool may_have_body(int status) { return status >= 200 && status != 204 && status != 304; }

std::string_view date_line(instant now) {
  thread_local std::time_t second = 0;
  thread_local std::string line;
  const auto current = std::chrono::system_clock::to_time_t(now);
  if (current != second || line.empty()) {
    line = date_text(current);
    second = current;
  }
  return line;
}

void append_head(std::string& out, const reply& answer, reply_framing framing, std::string_view date) {
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::size_t>(answer.status));
  out.append(" ").append(reason_of(answer.status)).append("\r\n").append(date);
  const bool body = may_have_body(answer.status);
  if (body && !answer.content_type.empty()) append_field(out, "content-type", answer.content_type);
  if (body && !framing.endless) {
    out.append("content-length: ");
    append_number(out, text_of(answer.body).size());
    out.append("\r\n");
  }
  for (const auto& [name, value] : answer.headers) append_field(out, name, value);
  if (!framing.keep_alive) out.append("connection: close\r\n");
  if (framing.keep_alive && framing.http_1_0) out.append("connection: keep-alive\r\n");
  out.append("\r\n");
}

}  // namespace musiccorp::http
