#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "http/client.hpp"
#include "telemetry/span_store.hpp"

namespace musiccorp::node {

struct export_options {
  std::string endpoint{};  ///< "http://collector:4318/v1/traces"; empty: nothing is exported
  std::string node{};
  std::string version{};
  std::size_t spans_queued_max = 50'000;  ///< above it the newest are dropped, and counted
  std::size_t batch_max = 500;            ///< spans in one request
  std::chrono::milliseconds timeout = std::chrono::seconds{10};
  base::duration delay_first = std::chrono::seconds{1};  ///< after a failure; doubles with each further one, half of
                                                         ///< it random
  base::duration delay_longest = std::chrono::minutes{1};
  int tries_max = 10;  ///< of one batch; after the last one it is dropped, and counted
};

/// Sends a store's spans to a collector, as OTLP/HTTP JSON, one request at a time. Never waits: a slow or missing
/// collector costs the queue, then spans. A batch that the collector refuses for good (4xx) is dropped; 408, 429, 5xx
/// and no answer are tried again, not sooner than its Retry-After says, but not for ever. Thread-safe.
class span_exporter {
 public:
  span_exporter(export_options options, std::shared_ptr<telemetry::span_store> store,
                std::shared_ptr<const base::clock> clock, std::uint64_t seed);
  /// Gives up what is on its way.
  ~span_exporter();
  span_exporter(const span_exporter&) = delete;
  span_exporter& operator=(const span_exporter&) = delete;

  /// Sends the next batch when there is one and its time has come; then, answer by answer, all that waits. To be
  /// called now and then.
  void tick();
  /// Sends what waits, as `tick`, and waits until it has arrived, or a request has failed, or so long. Everything has
  /// arrived? Not from a callback of an HTTP client.
  [[nodiscard]] bool flush(std::chrono::milliseconds longest);

 private:
  class impl;
  std::shared_ptr<impl> impl_;
  http::client client_;  ///< first to go: its callbacks use the rest
};

}  // namespace musiccorp::node
