#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "describe/describe.hpp"
#include "message/envelope.hpp"
#include "request/breaker.hpp"
#include "service/definition.hpp"
#include "telemetry/runtime_metrics.hpp"

namespace musiccorp::service {

/// One service as it is seen by another one that asks it.
struct dependency_view {
  std::string service;
  std::string dependency;
  request::breaker_state state = request::breaker_state::closed;
  instant since{};
  std::optional<instant> next_probe{};
  std::string cause{};

  static constexpr auto describe() {
    return describe_as("dependency", 1, field("service", &dependency_view::service, "who asks"),
                       field("dependency", &dependency_view::dependency, "whom"),
                       field("state", &dependency_view::state, "of the breaker between them"),
                       field("since", &dependency_view::since, "of the state"),
                       field("next_probe", &dependency_view::next_probe,
                             "when the next ask is let through; nothing while it is closed"),
                       field("cause", &dependency_view::cause, "kind of the failure that opened it last"));
  }
};

/// The breakers of one process, for whoever wants to see them. Thread-safe. Outlives all partitions.
class dependency_board {
 public:
  void show(dependency_view one);
  /// By service, then by dependency.
  [[nodiscard]] std::vector<dependency_view> all() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, dependency_view> views_;
};

/// The services that the rules of one service ask by name, each behind its breaker. When one opens or closes, that is
/// logged once, counted and shown. Whom a command names is asked without a breaker: it is nobody that this service
/// depends on, and names from outside make no series.
///
/// One owner, no locking; must outlive its permits.
class dependencies {
 public:
  /// Without a registry nothing is counted, without a board nothing is shown.
  dependencies(const service_definition& definition, const request::breaker_policy& policy, std::uint64_t seed,
               instant now, telemetry::metrics_registry* registry, dependency_board* board);

  /// A permit for each of these questions of one request, empty for a service without a breaker. All or none: the
  /// error is fault{unavailable} with `retry_after`, and nobody is to be asked.
  [[nodiscard]] result<void> admit(std::span<const message::envelope> questions, instant now, instant deadline,
                                   std::vector<request::breaker::permit>& permits);
  /// Permits have ended: tells what has changed.
  void note(instant now);

 private:
  struct dependency {
    dependency(std::string called, const request::breaker_policy& policy, std::uint64_t seed, instant now)
        : name{std::move(called)}, breaker{policy, seed, now} {}
    std::string name;
    request::breaker breaker;
    telemetry::dependency_metrics numbers{};
    request::breaker_state told = request::breaker_state::closed;
    instant opened{};
  };
  [[nodiscard]] dependency* find(std::string_view name);
  [[nodiscard]] static base::fault refusal(const dependency& one, instant now);
  void add(const std::string& name, const request::breaker_policy& policy, std::uint64_t seed, instant now,
           telemetry::metrics_registry* registry);
  void tell(dependency& one, instant now);
  void show(const dependency& one) const;

  std::string service_;
  dependency_board* board_;
  std::deque<dependency> all_;  ///< where they are they stay: permits point to them
};

}  // namespace musiccorp::service
