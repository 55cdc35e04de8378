#include "http/problem.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace musiccorp::http {
namespace {

using std::chrono::milliseconds;
using json = nlohmann::ordered_json;

std::string_view usual_name(int status) {
  switch (status) {
    case 400:
      return "invalid";
    case 401:
      return "unauthorized";
    case 403:
      return "forbidden";
    case 404:
      return "not_found";
    case 405:
      return "method_not_allowed";
    case 408:
      return "request_timeout";
    case 409:
      return "conflict";
    case 413:
      return "too_large";
    case 415:
      return "unsupported";
    case 417:
      return "expectation_failed";
    case 422:
      return "rejected";
    case 429:
      return "too_many_requests";
    case 431:
      return "header_too_large";
    case 503:
      return "unavailable";
    case 504:
      return "timeout";
    default:
      return status < 500 ? "invalid" : "internal";
  }
}

std::string whole_seconds(milliseconds wait) {
  return std::to_string(std::max<milliseconds::rep>(1, (wait.count() + 999) / 1000));
}

json to_json(const problem& one) {
  json finding{{"pointer", one.pointer}};
  if (!one.found.empty()) finding["found"] = one.found;
  if (!one.wanted.empty()) finding["wanted"] = one.wanted;
  return finding;
}

json to_json(const problem_details& details) {
  const std::string name = details.name.empty() ? std::string{usual_name(details.status)} : details.name;
  json body{{"type", "urn:musiccorp:problem:" + name},
            {"title", reason_of(details.status)},
            {"status", details.status},
            {"detail", details.detail}};
  for (const auto& each : details.errors) body["errors"].push_back(to_json(each));
  if (!details.trace_id.empty()) body["trace_id"] = details.trace_id;
  return body;
}

}  // namespace

reply problem_reply(const problem_details& details) {
  reply answer{details.status, "application/problem+json", {}, {}};
  if (details.status == 429 || details.status == 503 || details.retry_after)
    answer.headers.push_back({"retry-after", whole_seconds(details.retry_after.value_or(milliseconds{1000}))});
  answer.body = to_json(details).dump(-1, ' ', false, json::error_handler_t::replace);
  return answer;
}

reply problem_reply(const fault& trouble, std::string_view trace_id) {
  const auto& facts = base::facts_of(trouble.kind);
  return problem_reply({facts.http_status, std::string{facts.name}, trouble.text, trouble.problems,
                        std::string{trace_id}, trouble.retry_after});
}

reply problem_reply(const rejected& no, std::string_view trace_id) {
  const int status = base::status_of(no);
  problem_details details{status, status == 404 ? "not_found" : "rejected", no.text, {}, std::string{trace_id}, {}};
  if (!no.pointer.empty()) details.errors.push_back({no.pointer, no.found, no.wanted});
  return problem_reply(details);
}

reply problem_reply(int status, std::string_view detail) { return problem_reply({status, {}, std::string{detail}}); }

}  // namespace musiccorp::http
