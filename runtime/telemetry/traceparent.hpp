#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Where a piece of work stands in a trace, as W3C Trace Context says it (https://www.w3.org/TR/trace-context/).
/// Plain values, any thread.
namespace musiccorp::telemetry {

/// 128 bits that all spans of one conversation share; all zero: none.
struct trace_id {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  [[nodiscard]] explicit operator bool() const { return (high | low) != 0; }
  friend auto operator<=>(const trace_id&, const trace_id&) = default;
};

/// What a `traceparent` says.
struct trace_context {
  trace_id trace{};
  std::uint64_t span = 0;  ///< of whoever caused this; 0: nobody
  bool sampled = true;     ///< false: whoever began it does not want it exported

  friend bool operator==(const trace_context&, const trace_context&) = default;
};

/// Reads version 00 and, as its section 3.2.4 wants it, what later versions have in common with it. Nothing for
/// anything else: another length, capitals, ids of zeros, version ff.
[[nodiscard]] std::optional<trace_context> read_traceparent(std::string_view text);

/// The part of a `traceparent` that is the trace's id; empty when it is none.
[[nodiscard]] std::string_view trace_id_in(std::string_view traceparent);

/// 55 characters of version 00, without an allocation.
class traceparent_text {
 public:
  explicit traceparent_text(const trace_context& context);
  [[nodiscard]] std::string_view view() const { return {letters_.data(), letters_.size()}; }

 private:
  std::array<char, 55> letters_;
};

/// 32 hexadecimal digits in lower case, as in a traceparent.
[[nodiscard]] std::string to_text(const trace_id& trace);
/// Nothing for another length, other letters, and zeros.
[[nodiscard]] std::optional<trace_id> read_trace_id(std::string_view text);
/// 16 hexadecimal digits in lower case.
[[nodiscard]] std::string span_text(std::uint64_t span);

/// The id of a span that `parent` caused: the same for the same words on every node and after every restart, so that
/// whoever hears of the cause can name the effect before it is there. Never 0.
[[nodiscard]] std::uint64_t derived_span(std::uint64_t parent, std::string_view what, std::uint64_t number = 0);

}  // namespace musiccorp::telemetry
