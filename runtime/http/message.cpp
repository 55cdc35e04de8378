#include "http/message.hpp"

#include <algorithm>
#include <array>

namespace musiccorp::http {
namespace {

constexpr char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter; }

struct status_words {
  int status;
  std::string_view words;
};
constexpr std::array words_of_status{status_words{200, "OK"},
                                     status_words{201, "Created"},
                                     status_words{202, "Accepted"},
                                     status_words{204, "No Content"},
                                     status_words{206, "Partial Content"},
                                     status_words{301, "Moved Permanently"},
                                     status_words{302, "Found"},
                                     status_words{303, "See Other"},
                                     status_words{304, "Not Modified"},
                                     status_words{307, "Temporary Redirect"},
                                     status_words{308, "Permanent Redirect"},
                                     status_words{400, "Bad Request"},
                                     status_words{401, "Unauthorized"},
                                     status_words{403, "Forbidden"},
                                     status_words{404, "Not Found"},
                                     status_words{405, "Method Not Allowed"},
                                     status_words{406, "Not Acceptable"},
                                     status_words{408, "Request Timeout"},
                                     status_words{409, "Conflict"},
                                     status_words{410, "Gone"},
                                     status_words{412, "Precondition Failed"},
                                     status_words{413, "Content Too Large"},
                                     status_words{415, "Unsupported Media Type"},
                                     status_words{417, "Expectation Failed"},
                                     status_words{422, "Unprocessable Content"},
                                     status_words{425, "Too Early"},
                                     status_words{428, "Precondition Required"},
                                     status_words{429, "Too Many Requests"},
                                     status_words{431, "Request Header Fields Too Large"},
                                     status_words{500, "Internal Server Error"},
                                     status_words{501, "Not Implemented"},
                                     status_words{502, "Bad Gateway"},
                                     status_words{503, "Service Unavailable"},
                                     status_words{504, "Gateway Timeout"}};

}  // namespace

bool same_name(std::string_view left, std::string_view right) {
  return left.size() == right.size() &&
         std::equal(left.begin(), left.end(), right.begin(), [](char a, char b) { return lower(a) == lower(b); });
}

void field_list::add(std::string_view name, std::string_view value) {
  places_.push_back({static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(name.size()),
                     static_cast<std::uint32_t>(value.size())});
  text_.append(name).append(value);
}

void field_list::clear() {
  text_.clear();
  places_.clear();
}

std::string_view field_list::name(std::size_t index) const {
  const place& here = places_[index];
  return std::string_view{text_}.substr(here.at, here.name_size);
}

std::string_view field_list::value(std::size_t index) const {
  const place& here = places_[index];
  return std::string_view{text_}.substr(here.at + here.name_size, here.value_size);
}

std::optional<std::string_view> field_list::find(std::string_view wanted) const {
  for (std::size_t index = 0; index < places_.size(); ++index)
    if (same_name(name(index), wanted)) return value(index);
  return {};
}

std::string_view request::parameter(std::string_view name) const {
  for (const auto& each : parameters)
    if (each.name == name) return each.value;
  return {};
}

std::optional<std::string_view> request::query_value(std::string_view name) const {
  for (const auto& each : query)
    if (each.name == name) return each.value;
  return {};
}

std::string_view text_of(const reply_body& body) {
  if (const auto* own = std::get_if<std::string>(&body)) return *own;
  const auto& shared = std::get<1>(body);
  return shared ? std::string_view{*shared} : std::string_view{};
}

std::string_view reason_of(int status) {
  const auto found = std::lower_bound(words_of_status.begin(), words_of_status.end(), status,
                                      [](const status_words& row, int wanted) { return row.status < wanted; });
  return found != words_of_status.end() && found->status == status ? found->words : "Unknown";
}

}  // namespace musiccorp::http
