#include "node/door_trace.hpp"

namespace musiccorp::node {

door_trace::door_trace(std::shared_ptr<telemetry::span_store> where, std::uint32_t begun_one_in, std::uint64_t seed)
    : where_{std::move(where)}, begun_one_in_{begun_one_in}, random_{seed} {}

std::string door_trace::visit::trace_id() const { return context.trace ? to_text(context.trace) : std::string{}; }

std::string door_trace::visit::traceparent() const {
  return context.trace ? std::string{telemetry::traceparent_text{context}.view()} : std::string{};
}

door_trace::visit door_trace::begin(const http::request& request, base::instant now) {
  visit made{.began = now};
  if (const auto header = request.headers.find("traceparent"))
    if (const auto theirs = telemetry::read_traceparent(*header)) {
      made.context = *theirs;
      made.parent = theirs->span;
    }
  if (!where_) return made;
  const std::lock_guard hold{mutex_};
  if (!made.context.trace && (begun_one_in_ == 0 || random_.next() % begun_one_in_ != 0)) return made;
  if (!made.context.trace) made.context.trace = {random_.next(), random_.next() | 1U};
  made.context.span = random_.next() | 1U;
  return made;
}

void door_trace::end(const visit& seen, std::string_view type, base::instant now, http::reply& answer) const {
  if (!seen.context.trace) return;
  answer.headers.push_back({"traceresponse", seen.traceparent()});
  if (!where_) return;
  telemetry::span one;
  one.trace = seen.context.trace;
  one.id = seen.context.span;
  one.parent = seen.parent;
  one.began = seen.began;
  one.took_us = telemetry::span_length(seen.began, now);
  one.service = one.source = where_->name("http");
  one.type = where_->name(type);
  one.kind = telemetry::span_kind::request;
  one.sampled = seen.context.sampled;
  if (answer.status >= 500)
    one.state = telemetry::span_state::failed;
  else if (answer.status >= 400)
    one.state = telemetry::span_state::rejected;
  where_->record(one);
}

}  // namespace musiccorp::node
