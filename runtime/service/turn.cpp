#include "service/turn.hpp"

#include <algorithm>

#include "service/entity_watcher.hpp"

namespace musiccorp::service {

/// About as many tries as there are partitions.
std::string turn::new_id() {
  constexpr int tries_max = 100'000;
  auto id = base::make_id(now_, random_);
  for (int i = 0; share_ != nullptr && !share_->owns(id); ++i) {
    ensure(i < tries_max, "some new id belongs to this partition");
    id = base::make_id(now_, random_);
  }
  return id;
}

std::optional<std::string> turn::load(std::string_view type, std::string_view key) {
  for (auto write = effects_.writes.rbegin(); write != effects_.writes.rend(); ++write)
    if (write->key == key && write->type == type) return write->body;
  auto row = store_.find(type, key);
  if (!row) throw turn_trouble{std::move(row.error())};
  if (!*row) return std::nullopt;
  return std::move((*row)->body);
}

std::vector<storage::entity_row> turn::load_list(std::string_view type, const storage::entity_range& range) {
  auto rows = store_.list(type, range);
  if (!rows) throw turn_trouble{std::move(rows.error())};
  return std::move(*rows);
}

std::any turn::counted(const saved_entity& entity) const { return watcher_->taken_off(entity); }

void turn::store_entity(std::string_view type, std::string_view key, std::optional<std::string> body,
                        std::any counted) {
  ensure(!key.empty(), "an entity needs a key to be saved or erased");
  auto& writes = effects_.writes;
  const auto same = std::find_if(writes.begin(), writes.end(),
                                 [&](const auto& write) { return write.key == key && write.type == type; });
  if (same == writes.end()) {
    writes.push_back({std::string{type}, std::string{key}, std::move(body), std::move(counted)});
    return;
  }
  same->body = std::move(body);
  same->counted = std::move(counted);
}

message::envelope turn::envelope_for(std::string_view type, int version, std::string key, std::string payload) {
  message::envelope made;
  made.id = base::make_id(now_, random_);
  made.type = type;
  made.version = version;
  made.key = key.empty() ? message_.key : std::move(key);
  made.source = service_;
  made.correlation = message_.correlation.empty() ? message_.id : message_.correlation;
  made.causation = message_.id;
  if (trace_)
    made.traceparent = telemetry::traceparent_text{*trace_}.view();
  else
    made.traceparent = message_.traceparent;
  made.occurred = now_;
  made.payload = std::move(payload);
  return made;
}

void turn::send(std::string_view to, std::string_view reply_to, std::string_view type, int version, std::string key,
                std::string payload) {
  ensure(!says_ || std::find(says_->begin(), says_->end(), type) != says_->end(),
         std::string{service_} + " sends " + std::string{type} + " without declaring it with says<>()");
  auto made = envelope_for(type, version, std::move(key), std::move(payload));
  made.to = to;
  made.reply_to = reply_to;
  effects_.messages.push_back(std::move(made));
}

}  // namespace musiccorp::service
