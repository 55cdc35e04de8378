#include "running_shop.hpp"

#include <cstdlib>

#include "demo/shop_client.hpp"

namespace musiccorp::program {
namespace {

struct problem_line {
  std::string pointer{};
  std::string found{};
  std::string wanted{};

  static constexpr auto describe() {
    return describe_as("problem_line", 1, field("pointer", &problem_line::pointer, defaulted),
                       field("found", &problem_line::found, defaulted),
                       field("wanted", &problem_line::wanted, defaulted));
  }
};

struct problem_text {
  std::string title{};
  std::string detail{};
  std::vector<problem_line> errors{};

  static constexpr auto describe() {
    return describe_as("problem_text", 1, field("title", &problem_text::title, defaulted),
                       field("detail", &problem_text::detail, defaulted),
                       field("errors", &problem_text::errors, defaulted));
  }
};

/// What a person should read of a problem+json.
std::string words_of(const http::client_response& response) {
  const auto problem = describe::from_json<problem_text>(response.body);
  if (!problem) return "HTTP " + std::to_string(response.status);
  auto text = problem->detail.empty() ? problem->title : problem->detail;
  for (const auto& one : problem->errors) {
    text += "\n  " + one.pointer;
    if (!one.found.empty()) text += ": found " + one.found;
    if (!one.wanted.empty()) text += (one.found.empty() ? ": wanted " : ", wanted ") + one.wanted;
  }
  return text;
}

}  // namespace

std::string running_shop::get(const std::string& path, const parameters& query) {
  std::string target = path;
  for (const auto& [name, value] : query)
    if (!value.empty()) target += (target.find('?') == std::string::npos ? "?" : "&") + name + "=" + escaped(value);
  return answer({.method = "GET", .url = url_ + below_ + target});
}

std::string running_shop::post(const std::string& path, std::string body) {
  return answer({.method = "POST",
                 .url = url_ + below_ + path,
                 .headers = {{"content-type", "application/json"}},
                 .body = std::move(body)});
}

std::string running_shop::escaped(const std::string& text) { return demo::shop_client::escaped(text); }

std::string running_shop::answer(http::client_request request) {
  if (const char* token = std::getenv("MUSICCORP_OPERATOR_TOKEN"); token && *token)
    request.headers.push_back({"authorization", std::string{"Bearer "} + token});
  auto got = connection_.fetch(std::move(request));
  if (!got)
    throw ending_early{exit_unreachable, "the shop at " + url_ + " does not answer: " + got.error().text +
                                             "; is it open? (--shop URL)"};
  if (got->status >= 200 && got->status < 300) return std::move(got->body);
  if (got->status == 401)
    throw ending_early{exit_refused,
                       "the shop at " + url_ + " wants its operators' token in MUSICCORP_OPERATOR_TOKEN"};
  throw ending_early{got->status >= 400 && got->status < 500 ? exit_refused : exit_unreachable, words_of(*got)};
}

}  // namespace musiccorp::program
