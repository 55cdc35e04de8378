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

void case_metrics::committed(const service::turn_effects::write& write) {
  if (write.type != describe::name_of<case_row>() || !write.key.starts_with(row_prefix_unclosed())) return;
  if (!write.body) return forget(write.key);
  if (const auto now = describe::from_json<listed_case>(*write.body)) note(write.key, *now);
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
