#include "node/gateway.hpp"

#include <caf/all.hpp>
#include <cstdlib>

#include "base/ensure.hpp"
#include "http/exchange.hpp"
#include "http/problem.hpp"
#include "node/command_reader.hpp"
#include "node/page_merge.hpp"
#include "service/cell_types.hpp"

namespace musiccorp::node {
namespace {

/// A key as one segment of a path (RFC 3986, 2.3): whatever it holds, it leads back to its thing.
std::string encoded(std::string_view key) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string made;
  for (const char letter : key) {
    if (plain.find(letter) != std::string_view::npos) {
      made += letter;
      continue;
    }
    const auto byte = static_cast<unsigned char>(letter);
    made += {'%', digits[byte >> 4U], digits[byte & 15U]};
  }
  return made;
}

/// "/orders/{order_id}" with its parameter replaced.
std::string filled(std::string_view location, std::string_view key) {
  const auto open = location.find('{');
  const auto close = location.find('}');
  if (open == std::string_view::npos || close == std::string_view::npos) return std::string{location};
  return std::string{location.substr(0, open)} + encoded(key) + std::string{location.substr(close + 1)};
}

}  // namespace

http::reply http_reply(const request::reply& said, const service::route& route, std::string_view trace_id) {
  if (const auto* no = std::get_if<base::rejected>(&said)) return http::problem_reply(*no, trace_id);
  if (const auto* trouble = std::get_if<base::fault>(&said)) return http::problem_reply(*trouble, trace_id);
  const auto& got = std::get<request::answer>(said);
  http::reply reply;
  reply.status = route.status;
  if (!route.location.empty()) reply.headers.push_back({"location", filled(route.location, got.key)});
  reply.body = got.payload;
  return reply;
}

gateway::gateway(caf::actor_system& system, std::shared_ptr<service::directory> places,
                 service::partition_counts counts, std::shared_ptr<const base::clock> clock, std::uint64_t seed,
                 base::duration request_timeout, std::shared_ptr<telemetry::span_store> spans,
                 std::uint32_t traces_begun_one_in)
    : places_{std::move(places)},
      counts_{std::move(counts)},
      clock_{std::move(clock)},
      request_timeout_{request_timeout},
      traces_{std::move(spans), traces_begun_one_in, seed ^ 0x7ace'1d5eULL},
      random_{seed},
      sink_{system} {}

/// Said of a request that was on its way too: perhaps it has come true, perhaps only in a store that is nobody's now.
base::fault gateway::doubt() {
  return {fault_kind::unavailable,
          "this node did not run for a while, and asks the others whether it was replaced",
          {},
          std::chrono::seconds{1}};
}

std::vector<http::route> gateway::routes(std::span<const service_definition> services) {
  std::vector<http::route> table;
  for (const auto& one : services)
    for (const auto& route : one.routes())
      table.push_back(
          {route.method, route.path,
           [this, service = one.name(), &route](http::request request, std::shared_ptr<http::exchange> exchange) {
             serve(service, route, std::move(request), std::move(exchange));
           }});
  return table;
}

void gateway::serve(const std::string& service, const service::route& route, http::request request,
                    std::shared_ptr<http::exchange> exchange) {
  const auto trace = traces_.begin(request, clock_->now());
  answered done = [this, exchange = std::move(exchange), &route, trace](const request::reply& said) {
    auto reply = http_reply(may_act() ? said : request::reply{doubt()}, route, trace.trace_id());
    traces_.end(trace, route.type, clock_->now(), reply);
    exchange->respond(std::move(reply));
  };
  if (!may_act()) return done(doubt());
  auto message = read(route, request, trace);
  if (!message) return done(message.error());
  const auto deadline = clock_->now() + request_timeout_;
  if (message->key.empty() && route.page_size > 0 && counts_.of(service) > 1)
    return ask_all(service, route, request, *message, deadline, std::move(done));
  const auto& place = !message->key.empty()           ? message->key
                      : !message->idempotency.empty() ? message->idempotency
                                                      : message->id;
  const auto partition = counts_.owner(service, place);
  ask(partition, std::move(*message), deadline, std::move(done));
}

void gateway::ask(const std::string& partition, envelope message, base::instant deadline, answered done) {
  const auto cell = places_->find(partition);
  if (!cell) return done(base::fault{fault_kind::unavailable, partition + " is not here", {}, {}});
  const auto token = sink_.expect(deadline, std::move(done));
  caf::anon_send(cell, service::request_message{token, deadline.time_since_epoch().count(), std::move(message)},
                 sink_.address());
}

/// The first trouble is the answer; a part of a list would look like all of it.
void gateway::ask_all(const std::string& service, const service::route& route, const http::request& request,
                      const envelope& message, base::instant deadline, answered done) {
  struct gathering {
    gathering(answered then, page_form of, std::size_t page_size, std::size_t partitions)
        : done{std::move(then)}, form{std::move(of)}, size{page_size}, missing{partitions} {}
    std::mutex mutex;
    const answered done;
    const page_form form;
    const std::size_t size;
    std::size_t missing;  ///< guarded by `mutex`, as is `pages`
    std::vector<std::string> pages;
  };
  auto form = page_form::of(*route.reply);
  ensure(form.has_value(), service + " lists " + route.path + " as what is no page");
  const auto wanted = request.query_value("page_size");
  const auto size = wanted ? std::strtoull(std::string{*wanted}.c_str(), nullptr, 10) : route.page_size;
  const auto all = counts_.all(service);
  const auto gathered = std::make_shared<gathering>(std::move(done), std::move(*form), size, all.size());
  const auto come = [gathered](const request::reply& said) {
    auto& here = *gathered;
    const std::lock_guard hold{here.mutex};
    if (here.missing == 0) return;  // Answered already.
    const auto* page = std::get_if<request::answer>(&said);
    if (page) here.pages.push_back(page->payload);
    if (page && --here.missing > 0) return;
    here.missing = 0;
    if (!page) return here.done(said);
    auto whole = merge_pages(here.form, here.pages, here.size);
    here.done(whole ? request::reply{request::answer{page->type, page->version, {}, std::move(*whole)}}
                    : request::reply{whole.error()});
  };
  for (const auto& partition : all) ask(partition, message, deadline, come);
}

result<envelope> gateway::read(const service::route& route, const http::request& request,
                               const door_trace::visit& trace) {
  envelope message;
  auto text = command_text(request, route);
  if (!text) return failure(std::move(text.error()));
  auto idempotency = idempotency_of(request, route);
  if (!idempotency) return failure(std::move(idempotency.error()));
  message.type = route.type;
  message.version = route.input->version;
  message.key = command_key(request, route);
  message.source = "http";
  message.traceparent = trace.traceparent();
  message.occurred = clock_->now();
  message.idempotency = std::move(*idempotency);
  message.payload = std::move(*text);
  const std::lock_guard hold{mutex_};
  message.id = base::make_id(message.occurred, random_);
  return message;
}

}  // namespace musiccorp::node
