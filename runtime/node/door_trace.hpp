#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "http/message.hpp"
#include "telemetry/span_store.hpp"

namespace musiccorp::node {

/// Where a request from outside stands in a trace: the caller's, when it names one that can be read, else, for one
/// request of so many, a new one. Thread-safe.
class door_trace {
 public:
  /// Without a store nothing is recorded and no trace is begun; a caller's still goes on.
  door_trace(std::shared_ptr<telemetry::span_store> where, std::uint32_t begun_one_in, std::uint64_t seed);

  struct visit {
    telemetry::trace_context context{};  ///< of the request's own span; without a trace id: no trace
    std::uint64_t parent = 0;            ///< the caller's span
    base::instant began{};

    /// For problems, and empty without a trace.
    [[nodiscard]] std::string trace_id() const;
    [[nodiscard]] std::string traceparent() const;
  };
  [[nodiscard]] visit begin(const http::request& request, base::instant now);
  /// Records the request's span and names it in the answer (`traceresponse`, as the draft of W3C Trace Context 2 has
  /// it).
  void end(const visit& seen, std::string_view type, base::instant now, http::reply& answer) const;

 private:
  std::shared_ptr<telemetry::span_store> where_;
  const std::uint32_t begun_one_in_;
  std::mutex mutex_;
  base::random_source random_;  ///< guarded by `mutex_`
};

}  // namespace musiccorp::node
