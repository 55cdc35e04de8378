#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "message/envelope.hpp"
#include "service/outcome.hpp"
#include "telemetry/span_store.hpp"

namespace musiccorp::service {

using message::envelope;

/// The spans of one partition's work: what is tried in a batch is collected, and recorded when the batch is on disk,
/// since nothing of a batch that was rolled back has happened. Only messages with a traceparent leave spans.
///
///     request -> turn -> commit                     a question, asked at the door or by another turn
///     turn -> hop -> attempt, attempt, turn         a message of a log; each attempt says what was wrong
///
/// All ids follow from the message's, so they are known beforehand. One owner, no locking.
class turn_spans {
 public:
  /// Null: nothing is collected, and a message's traceparent goes on as it is.
  turn_spans(telemetry::span_store* where, std::string service);

  /// What the messages and questions say that handling this one leads to; nothing when it leaves no spans.
  [[nodiscard]] std::optional<telemetry::trace_context> caused_by(const envelope& message) const;

  /// The same for what is told about the handling, which has perhaps never ended well.
  [[nodiscard]] std::optional<telemetry::trace_context> told_of(const envelope& message) const;

  struct run {
    instant began;
    instant ended;
  };
  /// `attempt` counts from 1. The first that is known of a message of a log tells of its hop, too.
  void failed(const envelope& message, run when, int attempt, bool is_first, base::fault_kind why);
  void deferred(const envelope& message, run when, bool is_first);
  void done(const envelope& message, run when, bool is_first, bool was_rejected);

  /// The same for a request, which is tried once: what the caller has done wrong is no failure.
  void asked(const envelope& message, run when, const outcome& said);

  /// What was collected has happened; the disk has it since `when`, or it was nothing to write.
  void committed(std::optional<instant> when);
  void rolled_back() { collected_.clear(); }

 private:
  struct place {
    telemetry::trace_context turn{};
    std::uint64_t cause = 0;  ///< the hop, or the span that asked
  };
  [[nodiscard]] std::optional<place> place_of(const envelope& message) const;
  [[nodiscard]] telemetry::span_name name_of(const std::string& text);
  [[nodiscard]] std::optional<telemetry::span> begun(const envelope& message, run when, bool is_first);

  /// A message's place is wanted when its rule begins, and again when it has ended.
  struct known_place {
    std::string id;
    std::string traceparent;
    std::uint64_t seq = 0;
    place where{};
  };

  telemetry::span_store* where_;
  std::string service_;
  telemetry::span_name name_ = 0;
  std::vector<telemetry::span> collected_;
  mutable known_place last_{};
  std::vector<std::pair<std::string, telemetry::span_name>> names_{};  ///< that were needed before: a few dozen
};

}  // namespace musiccorp::service
