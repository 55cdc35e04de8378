#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "telemetry/traceparent.hpp"

/// Spans: what was done for a conversation, by whom, caused by what, and how long it took. Kept in memory, for the
/// recent ones and for those of conversations in which something failed.
namespace musiccorp::telemetry {

enum class span_kind : std::uint8_t {
  request,  ///< at the door, from the request to its answer
  hop,      ///< from a message's writing to its first handling somewhere else
  attempt,  ///< a try of a rule that failed
  turn,     ///< a rule's run that was committed
  commit    ///< from the end of a turn's rule until it was on disk
};
enum class span_state : std::uint8_t { ok, rejected, deferred, failed };

/// A name that a store knows, of a service, a message type or a kind of trouble.
using span_name = std::uint16_t;

/// 64 bytes, and nothing in them that a person has written.
struct span {
  trace_id trace{};
  std::uint64_t id = 0;
  std::uint64_t parent = 0;  ///< 0: none
  base::instant began{};
  std::uint64_t message_seq = 0;  ///< of the message in its source's log; 0: not from a log
  std::uint32_t took_us = 0;      ///< at most an hour and eleven minutes
  span_name service = 0;
  span_name type = 0;        ///< of the message
  span_name source = 0;      ///< who wrote the message
  span_name why = 0;         ///< kind of trouble; 0: none
  std::uint8_t attempt = 0;  ///< of an attempt: its number, at most 255
  span_kind kind = span_kind::turn;
  span_state state = span_state::ok;
  bool sampled = true;  ///< may be exported
};

[[nodiscard]] std::uint32_t span_length(base::instant began, base::instant ended);

/// Spans of one node, in memory that is taken at once and does not grow. Thread-safe: a record costs a lock of one
/// part in sixteen and a copy.
class span_store {
 public:
  struct limits {
    std::size_t recent_bytes = 8U << 20U;  ///< the oldest spans make room for new ones
    std::size_t kept_bytes = 4U << 20U;    ///< of traces with a failed span; the oldest trace makes room
    std::size_t spans_per_trace = 2'000;   ///< of one kept trace; further ones are only recent
  };
  struct counts {
    std::uint64_t recorded = 0;
    std::uint64_t failed = 0;            ///< of them
    std::uint64_t not_kept = 0;          ///< of kept traces, over a limit
    std::uint64_t traces_forgotten = 0;  ///< kept ones that made room
    std::uint64_t not_exported = 0;      ///< too many waited for it
    std::uint64_t exported = 0;          ///< as `settle_export` said
    std::uint64_t refused = 0;           ///< the same
  };

  span_store() : span_store(limits{}) {}
  explicit span_store(limits wanted);
  span_store(const span_store&) = delete;
  span_store& operator=(const span_store&) = delete;

  /// The number of a name, for spans of this store. Names come from our own code. A store knows 4 096 of them, of at
  /// most 128 bytes; any further one is "other".
  [[nodiscard]] span_name name(std::string_view text);
  /// Empty for 0.
  [[nodiscard]] std::string text(span_name name) const;

  void record(const span& one);
  /// All that is here of this trace, in the order of their beginnings.
  [[nodiscard]] std::vector<span> of(const trace_id& trace) const;
  /// From now on each span that may be exported also waits to be taken, but not more than so many.
  void export_up_to(std::size_t spans_max);
  /// The oldest that wait, of each part some.
  [[nodiscard]] std::vector<span> take_for_export(std::size_t spans_max);
  /// What became of so many that were taken.
  void settle_export(std::size_t spans, bool accepted);
  /// What was counted since the start.
  [[nodiscard]] counts counted() const;

 private:
  struct kept_trace {
    std::uint64_t number = 0;  ///< smallest: kept for longest
    std::vector<span> spans;
  };
  struct part {
    mutable std::mutex mutex;
    std::vector<span> recent;  ///< a ring
    std::size_t next = 0;
    std::map<trace_id, kept_trace> kept;
    std::size_t kept_spans = 0;
    std::uint64_t numbers = 0;
    std::deque<span> to_export;
    std::size_t to_export_max = 0;
    counts counted;
  };
  [[nodiscard]] part& part_of(const trace_id& trace) { return parts_[trace.low % parts_.size()]; }
  void keep(part& here, const span& one) const;
  void begin_keeping(part& here, const trace_id& trace) const;

  const limits limits_;
  std::array<part, 16> parts_;
  std::atomic<std::uint64_t> exported_{0}, refused_{0};
  mutable std::shared_mutex names_mutex_;
  std::map<std::string, span_name, std::less<>> names_;  ///< guarded by `names_mutex_`
  std::deque<std::string> texts_;                        ///< by number; the same
};

[[nodiscard]] std::string_view name_of(span_kind kind);
[[nodiscard]] std::string_view name_of(span_state state);

}  // namespace musiccorp::telemetry
