#include "hospital/case_metrics.hpp"

namespace musiccorp::hospital {

case_metrics::case_metrics(telemetry::metrics_registry& registry) : numbers_{registry} {}

case_metrics::~case_metrics() { forget_all(); }

result<void> case_metrics::load(storage::store& state) {
  forget_all();
  return service::for_each_entity<listed_case>(
      state, describe::name_of<case_row>(), row_prefix_unclosed(),
      [&](const std::string& row, const listed_case& one) { note(row, one); });
}

std::any case_metrics::taken_off(const service::saved_entity& entity) const {
  const auto* one = entity.as<case_row>();
  if (one == nullptr || !one->row.starts_with(row_prefix_unclosed())) return {};
  return listed_case{one->service, one->reason, one->state};
}

void case_metrics::committed(const service::turn_effects::write& write) {
  if (const auto* now = std::any_cast<listed_case>(&write.counted)) return note(write.key, *now);
  if (!write.body && write.type == describe::name_of<case_row>()) forget(write.key);
}

void case_metrics::note(const std::string& row, const listed_case& now) {
  forget(row);
  count(now, 1);
  unclosed_.emplace(row, now);
}

void case_metrics::forget_all() {
  for (const auto& [row, one] : unclosed_) count(one, -1);
  unclosed_.clear();
}

void case_metrics::forget(const std::string& row) {
  const auto known = unclosed_.find(row);
  if (known == unclosed_.end()) return;
  count(known->second, -1);
  unclosed_.erase(known);
}

void case_metrics::count(const listed_case& one, int by) {
  numbers_.changed(one.service, one.reason, by);
  numbers_.changed_state(describe::name_of(one.state), by);
}

}  // namespace musiccorp::hospital
