#include "http/exchange.hpp"

#include <algorithm>

namespace musiccorp::http {
namespace {

void add_line(std::string& event, std::string_view field, std::string_view text) {
  event.append(field).append(": ").append(text).append("\n");
}

std::string one_line(std::string_view text) {
  std::string line{text};
  std::replace_if(
      line.begin(), line.end(), [](char letter) { return letter == '\n' || letter == '\r'; }, ' ');
  return line;
}

}  // namespace

std::string event_text(std::string_view name, std::string_view data, std::string_view id) {
  std::string event;
  event.reserve(data.size() + name.size() + id.size() + 32);
  if (!id.empty()) add_line(event, "id", one_line(id));
  if (!name.empty()) add_line(event, "event", one_line(name));
  for (;;) {
    const auto end = data.find_first_of("\r\n");
    add_line(event, "data", data.substr(0, end));
    if (end == std::string_view::npos) break;
    data.remove_prefix(end + (data.substr(end).starts_with("\r\n") ? 2 : 1));
  }
  return event += '\n';
}

}  // namespace musiccorp::http
