#pragma once

#include <cstdint>
#include <string>

#include "describe/inspect.hpp"

namespace musiccorp::message {

using base::instant;

/// What travels between services, is kept in logs and can be read by a person. The payload is JSON text of the type.
///
/// A message is known for ever by (source, seq) once it is in its producer's log; `id` is unique too and is chosen by
/// the producer, so that a message can be named before it is stored.
struct envelope {
  std::string id{};    ///< unique; of a request with an Idempotency-Key: chosen by the caller's door
  std::string type{};  ///< "order.placed", "reserve_stock"
  std::int32_t version = 1;
  std::string key{};          ///< messages of one key are handled in order; places the message on a partition
  std::string source{};       ///< the service that wrote it, or "http"
  std::uint64_t seq = 0;      ///< position in the source's log; 0: not in a log
  std::string to{};           ///< the service it is addressed to; empty: an event, for every subscriber
  std::string correlation{};  ///< the first message of the conversation
  std::string causation{};    ///< the message whose handling wrote this one
  std::string traceparent{};  ///< W3C Trace Context
  instant occurred{};         ///< when it was written
  instant expires{};          ///< after this it is pointless; 0: never
  std::string reply_to{};     ///< of a durable request: the service that wants the answer
  std::string answers{};      ///< of an answer to a durable request: the request's id
  std::string idempotency{};  ///< a caller's Idempotency-Key, scoped by its route; empty: none
  std::string payload{};      ///< JSON

  /// Bytes that count against windows and mailbox limits.
  [[nodiscard]] std::size_t size() const {
    return sizeof(envelope) + id.size() + type.size() + key.size() + source.size() + to.size() + correlation.size() +
           causation.size() + traceparent.size() + reply_to.size() + answers.size() + idempotency.size() +
           payload.size();
  }
  [[nodiscard]] bool is_event() const { return to.empty(); }

  friend bool operator==(const envelope&, const envelope&) = default;

  static constexpr auto describe() {
    return describe_as(
        "envelope", 1, field("id", &envelope::id), field("type", &envelope::type),
        field("version", &envelope::version), musiccorp::describe::key("key", &envelope::key),
        field("source", &envelope::source), field("seq", &envelope::seq, defaulted),
        field("to", &envelope::to, defaulted), field("correlation", &envelope::correlation, defaulted),
        field("causation", &envelope::causation, defaulted), field("traceparent", &envelope::traceparent, defaulted),
        field("occurred", &envelope::occurred, defaulted), field("expires", &envelope::expires, defaulted),
        field("reply_to", &envelope::reply_to, defaulted), field("answers", &envelope::answers, defaulted),
        field("idempotency", &envelope::idempotency, defaulted), field("payload", &envelope::payload));
  }
};

/// CAF's representation: the fields in order, times as microseconds. Only the inspector is called, CAF is not
/// included. Inspectors that print get no payload, because it may hold personal data.
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, envelope& x) {
  if constexpr (std::is_void_v<typename Inspector::result_type>)
    f(x.id, x.type, x.version, x.key, x.source, x.seq, x.to);
  else
    return describe::inspect(f, x);
}

}  // namespace musiccorp::message

namespace musiccorp {
using message::envelope;
}  // namespace musiccorp
