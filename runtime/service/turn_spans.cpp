#include "service/turn_spans.hpp"

#include <algorithm>

namespace musiccorp::service {

using telemetry::derived_span;
using telemetry::span_kind;
using telemetry::span_state;

turn_spans::turn_spans(telemetry::span_store* where, std::string service)
    : where_{where}, service_{std::move(service)}, name_{where ? where->name(service_) : telemetry::span_name{0}} {}

std::optional<turn_spans::place> turn_spans::place_of(const envelope& message) const {
  if (where_ == nullptr || message.traceparent.empty()) return std::nullopt;
  if (last_.id == message.id && last_.seq == message.seq && last_.traceparent == message.traceparent)
    return last_.where;
  auto context = telemetry::read_traceparent(message.traceparent);
  if (!context) return std::nullopt;
  const auto heard = derived_span(derived_span(context->span, message.id), service_);
  const auto cause = message.seq == 0 ? context->span : heard;
  context->span = derived_span(heard, "turn");
  last_.id = message.id;  // Into the memory that is there.
  last_.traceparent = message.traceparent;
  last_.seq = message.seq;
  last_.where = {*context, cause};
  return last_.where;
}

std::optional<telemetry::trace_context> turn_spans::caused_by(const envelope& message) const {
  const auto where = place_of(message);
  return where ? std::optional{where->turn} : std::nullopt;
}

std::optional<telemetry::trace_context> turn_spans::told_of(const envelope& message) const {
  auto where = place_of(message);
  if (!where) return std::nullopt;
  where->turn.span = where->cause;
  return where->turn;
}

/// The store's names have a lock that all partitions share.
telemetry::span_name turn_spans::name_of(const std::string& text) {
  constexpr std::size_t names_max = 64;
  const auto known = std::ranges::find(names_, text, [](const auto& one) -> const std::string& { return one.first; });
  if (known != names_.end()) return known->second;
  const auto name = where_->name(text);
  if (names_.size() < names_max) names_.emplace_back(text, name);
  return name;
}

/// A turn's span; the hop before it is collected.
std::optional<telemetry::span> turn_spans::begun(const envelope& message, run when, bool is_first) {
  const auto where = place_of(message);
  if (!where) return std::nullopt;
  telemetry::span one;
  one.trace = where->turn.trace;
  one.sampled = where->turn.sampled;
  one.message_seq = message.seq;
  one.service = name_;
  one.type = name_of(message.type);
  one.source = name_of(message.source);
  if (message.seq != 0 && is_first) {
    one.kind = span_kind::hop;
    one.id = where->cause;
    one.parent = telemetry::read_traceparent(message.traceparent)->span;
    one.began = message.occurred;
    one.took_us = telemetry::span_length(message.occurred, when.began);
    collected_.push_back(one);
  }
  one.kind = span_kind::turn;
  one.id = where->turn.span;
  one.parent = where->cause;
  one.began = when.began;
  one.took_us = telemetry::span_length(when.began, when.ended);
  return one;
}

void turn_spans::failed(const envelope& message, run when, int attempt, bool is_first, base::fault_kind why) {
  auto one = begun(message, when, is_first);
  if (!one) return;
  one->kind = span_kind::attempt;
  one->id = derived_span(one->id, "attempt", static_cast<std::uint64_t>(attempt));
  one->attempt = static_cast<std::uint8_t>(std::min(attempt, 255));
  one->state = span_state::failed;
  one->why = where_->name(base::name_of(why));
  collected_.push_back(*one);
}

void turn_spans::deferred(const envelope& message, run when, bool is_first) {
  auto one = begun(message, when, is_first);
  if (!one) return;
  one->kind = span_kind::attempt;
  one->id = derived_span(one->id, "deferred", static_cast<std::uint64_t>(when.began.time_since_epoch().count()));
  one->state = span_state::deferred;
  collected_.push_back(*one);
}

void turn_spans::done(const envelope& message, run when, bool is_first, bool was_rejected) {
  auto one = begun(message, when, is_first);
  if (!one) return;
  if (was_rejected) one->state = span_state::rejected;
  collected_.push_back(*one);
}

void turn_spans::asked(const envelope& message, run when, const outcome& said) {
  const auto* trouble = said.is<base::fault>();
  if (trouble && base::facts_of(trouble->kind).http_status >= 500)
    return failed(message, when, 1, true, trouble->kind);
  if (said.is<not_yet>()) return deferred(message, when, true);
  done(message, when, true, trouble != nullptr || said.is<base::rejected>() != nullptr);
}

void turn_spans::committed(std::optional<instant> when) {
  for (auto& one : collected_) {
    where_->record(one);
    if (one.kind != span_kind::turn || !when) continue;
    const auto ended = one.began + duration{one.took_us};
    one.kind = span_kind::commit;
    one.parent = one.id;
    one.id = derived_span(one.id, "commit");
    one.state = span_state::ok;
    one.began = ended;
    one.took_us = telemetry::span_length(ended, *when);
    where_->record(one);
  }
  collected_.clear();
}

}  // namespace musiccorp::service
