#include "http/dispatch.hpp"

#include "http/exchange.hpp"
#include "http/problem.hpp"
#include "http/router.hpp"

namespace musiccorp::http {
namespace {

struct routing_table {
  router finder;
  std::vector<route> routes;
};

reply refusal(const request& what, const route_match& match) {
  using enum route_match::outcome;
  if (match.what == bad_path)
    return problem_reply(400, "the path must be percent-encoded UTF-8 without dot segments");
  if (match.what == no_path) return problem_reply(404, "there is nothing at " + what.path);
  reply answer = match.what == options
                     ? reply{204, {}, {}, {}}
                     : problem_reply(405, what.path + " allows " + match.allow + ", not " + what.method);
  answer.headers.push_back({"allow", match.allow});
  return answer;
}

/// The codings of a body besides `identity`, as sent; empty: it is what it seems.
std::string codings_of(const request& what) {
  std::string codings;
  for (std::size_t i = 0; i < what.headers.size(); ++i) {
    if (!same_name(what.headers.name(i), "content-encoding") || same_name(what.headers.value(i), "identity"))
      continue;
    codings.append(codings.empty() ? "" : ", ").append(what.headers.value(i));
  }
  return codings;
}

reply coding_refusal(const std::string& codings) {
  auto answer = problem_reply(415, "wanted a body without content coding, found " + codings);
  answer.headers.push_back({"accept-encoding", "identity"});
  return answer;
}

}  // namespace

result<handler> dispatch(std::vector<route> routes) {
  auto table = std::make_shared<routing_table>();
  for (const auto& each : routes)
    if (auto added = table->finder.add(each.method, each.pattern); !added) return failure(std::move(added.error()));
  table->routes = std::move(routes);

  return [table](request what, std::shared_ptr<exchange> back) {
    auto match = table->finder.match(what.method, what.path);
    if (match.what != route_match::outcome::found) return back->respond(refusal(what, match));
    const route& chosen = table->routes[match.route];
    what.parameters = std::move(match.parameters);
    back->label({match.route, chosen.pattern});
    const auto codings = what.body.empty() ? std::string{} : codings_of(what);
    if (!codings.empty()) return back->respond(coding_refusal(codings));
    chosen.handle(std::move(what), std::move(back));
  };
}

}  // namespace musiccorp::http
