#include "node/trace_route.hpp"

#include <algorithm>
#include <iterator>
#include <mutex>

#include "describe/json.hpp"
#include "http/exchange.hpp"
#include "http/problem.hpp"
#include "node/trace_page.hpp"

namespace musiccorp::node {
namespace {

using namespace std::chrono_literals;

constexpr auto neighbour_longest = 1s;

void answer(http::exchange& exchange, trace_page page) {
  const bool all_answered = std::ranges::all_of(page.nodes, [](const auto& one) { return one.answered; });
  if (page.spans.empty() && all_answered)
    return exchange.respond(http::problem_reply(
        base::rejected{"no node knows a span of the trace " + page.trace_id + ", or none any more", {}, {}, 404}));
  page.spans = as_tree(std::move(page.spans));
  http::reply reply;
  reply.body = describe::to_json(page);
  exchange.respond(std::move(reply));
}

/// One question to all neighbours. The last answer, or refusal, sends the page.
struct gathering {
  std::mutex mutex;
  trace_page page;          ///< guarded by `mutex`
  std::size_t missing = 0;  ///< the same
  std::shared_ptr<http::exchange> exchange;

  void come(const std::string& node, const result<http::client_response>& said) {
    const std::lock_guard hold{mutex};
    trace_source source{node, false, {}};
    if (!said)
      source.trouble = said.error().text;
    else if (said->status == 404)
      source.answered = true;
    else if (said->status != 200)
      source.trouble = "it answered " + std::to_string(said->status);
    else if (auto theirs = describe::from_json<trace_page>(said->body); !theirs)
      source.trouble = "its answer cannot be read";
    else {
      source.answered = true;
      std::ranges::move(theirs->spans, std::back_inserter(page.spans));
    }
    page.nodes.push_back(std::move(source));
    if (--missing > 0) return;
    std::ranges::sort(page.nodes, {}, &trace_source::node);
    answer(*exchange, std::move(page));
  }
};

}  // namespace

http::route trace_route(std::shared_ptr<const telemetry::span_store> store, std::string node,
                        std::map<std::string, std::string> neighbours, std::shared_ptr<http::client> client,
                        std::string operator_token) {
  return {
      "GET", "/trace/{id}", [=](const http::request& request, const std::shared_ptr<http::exchange>& exchange) {
        const auto trace = telemetry::read_trace_id(request.parameter("id"));
        if (!trace)
          return exchange->respond(http::problem_reply(base::fault{
              fault_kind::invalid, "a trace id has 32 hexadecimal digits in lower case, not all zeros", {}, {}}));
        if (!store)
          return exchange->respond(http::problem_reply(base::rejected{"this node records no spans", {}, {}, 404}));
        const auto all = std::make_shared<gathering>();
        all->page.trace_id = to_text(*trace);
        all->page.nodes.push_back({node, true, {}});
        all->page.spans = spans_of(*store, *trace, node);
        if (neighbours.empty() || request.query_value("only") == "here")
          return answer(*exchange, std::move(all->page));
        all->exchange = exchange;
        all->missing = neighbours.size();
        for (const auto& [name, door] : neighbours) {
          http::client_request question;
          question.url = door + "/trace/" + to_text(*trace) + "?only=here";
          question.timeout = neighbour_longest;
          if (!operator_token.empty()) question.headers.push_back({"authorization", "Bearer " + operator_token});
          if (auto sent =
                  client->send(std::move(question), [all, name = name](const auto& said) { all->come(name, said); });
              !sent)
            all->come(name, failure(std::move(sent.error())));
        }
      }};
}

}  // namespace musiccorp::node
