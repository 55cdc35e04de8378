#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "http/dispatch.hpp"
#include "node/door_trace.hpp"
#include "node/response_sink.hpp"
#include "service/cell.hpp"
#include "service/definition.hpp"
#include "service/wiring.hpp"

namespace musiccorp::node {

/// Turns HTTP requests into requests to cells and replies into answers. Thread-safe.
class gateway {
 public:
  gateway(caf::actor_system& system, std::shared_ptr<service::directory> places, service::partition_counts counts,
          std::shared_ptr<const base::clock> clock, std::uint64_t seed, base::duration request_timeout,
          std::shared_ptr<telemetry::span_store> spans, std::uint32_t traces_begun_one_in);

  /// The routes of these services. The definitions must outlive the gateway. Of a service with several partitions, a
  /// request goes to the one that has its key; a new thing to the one of its Idempotency-Key, or to any; a list is
  /// asked of all of them.
  [[nodiscard]] std::vector<http::route> routes(std::span<const service_definition> services);
  /// While it says no, on any thread, nothing is asked and nothing that was said goes out: 503. Before the routes are
  /// used.
  void act_only_if(std::function<bool()> may_act) { may_act_ = std::move(may_act); }
  [[nodiscard]] response_sink& sink() { return sink_; }

 private:
  using answered = std::function<void(const request::reply&)>;
  [[nodiscard]] bool may_act() const { return !may_act_ || may_act_(); }
  [[nodiscard]] static base::fault doubt();
  void serve(const std::string& service, const service::route& route, http::request request,
             std::shared_ptr<http::exchange> exchange);
  void ask(const std::string& partition, envelope message, base::instant deadline, answered done);
  void ask_all(const std::string& service, const service::route& route, const http::request& request,
               const envelope& message, base::instant deadline, answered done);
  [[nodiscard]] result<envelope> read(const service::route& route, const http::request& request,
                                      const door_trace::visit& trace);

  std::shared_ptr<service::directory> places_;
  const service::partition_counts counts_;
  std::shared_ptr<const base::clock> clock_;
  base::duration request_timeout_;
  std::function<bool()> may_act_{};  ///< empty: always
  door_trace traces_;
  std::mutex mutex_;
  base::random_source random_;  ///< guarded by `mutex_`
  response_sink sink_;
};

/// The HTTP answer for what a service said.
[[nodiscard]] http::reply http_reply(const request::reply& said, const service::route& route,
                                     std::string_view trace_id);

}  // namespace musiccorp::node
