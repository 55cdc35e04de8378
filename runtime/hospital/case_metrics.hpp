#pragma once

#include <map>
#include <string>

#include "hospital/case_index.hpp"
#include "service/entity_watcher.hpp"
#include "telemetry/runtime_metrics.hpp"

namespace musiccorp::hospital {

/// `runtime_dead_letters` and `runtime_hospital_cases`: the cases that are not closed, as the hospital's own list of
/// them says. Opening the store reads each of them once.
class case_metrics final : public service::entity_watcher {
 public:
  explicit case_metrics(telemetry::metrics_registry& registry);
  /// Takes back what it has counted: the hospital's next partition counts anew.
  ~case_metrics() override;

  [[nodiscard]] result<void> load(storage::store& state) override;
  [[nodiscard]] std::any taken_off(const service::saved_entity& entity) const override;
  void committed(const service::turn_effects::write& write) override;

 private:
  /// The part of a case_row that is counted.
  struct listed_case {
    std::string service;
    std::string reason;
    case_state state = case_state::open;

    static constexpr auto describe() {
      return describe_as("listed_case", 1, field("service", &listed_case::service),
                         field("reason", &listed_case::reason), field("state", &listed_case::state));
    }
  };
  void forget_all();
  void note(const std::string& row, const listed_case& now);
  void forget(const std::string& row);
  void count(const listed_case& one, int by);

  telemetry::hospital_metrics numbers_;
  std::map<std::string, listed_case, std::less<>> unclosed_;  ///< by row
};

}  // namespace musiccorp::hospital
