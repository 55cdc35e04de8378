#include "hospital/batch_rules.hpp"

#include <algorithm>

#include "hospital/audit.hpp"
#include "hospital/batch_outcomes.hpp"
#include "hospital/batch_selection.hpp"
#include "hospital/case_actions.hpp"
#include "hospital/places.hpp"

namespace musiccorp::hospital {
namespace {

/// A fast batch takes several cases in one step, so that it costs at most so many steps a second.
constexpr std::int64_t steps_per_second = 20;
constexpr int conflict = 409;

batch_file batch_of(turn& now, const start_batch& command, std::int64_t total) {
  batch_file batch;
  batch.batch_id = now.new_id();
  batch.action = command.action;
  batch.state = command.canary > 0 ? batch_state::canary : batch_state::running;
  batch.filter = command.filter;
  batch.by = command.by;
  batch.reason = command.reason;
  batch.rate_per_second = command.rate_per_second;
  batch.canary = command.canary;
  batch.stop_after = command.stop_after.value_or(command.canary > 0 ? 1 : 0);
  batch.with_followers = command.with_followers;
  batch.started_at = now.now();
  batch.total = batch.waiting = total;
  if (command.held_s > 0) batch.held_until = now.now() + std::chrono::seconds{command.held_s};
  return batch;
}

std::string row_of(const batch_file& batch) { return newest_first(batch.started_at) + "/" + batch.batch_id; }

void save_items(turn& now, const batch_file& batch, const std::vector<batch_item>& items) {
  for (std::size_t at = 0; at < items.size(); at += chunk_items) {
    const auto end = std::min(items.size(), at + chunk_items);
    now.save(batch_chunk{
        chunk_place(batch.batch_id, static_cast<std::int64_t>(at)),
        {items.begin() + static_cast<std::ptrdiff_t>(at), items.begin() + static_cast<std::ptrdiff_t>(end)}});
  }
}

/// One old batch with each new one: ids are sorted by time.
void forget_oldest(turn& now, const hospital_settings& settings) {
  for (const auto& batch : now.list<batch_file>({.limit = 1}).items) {
    if (!has_ended(batch.state) || batch.ended_at >= now.now() - std::chrono::days{settings.kept_closed_days}) return;
    for (std::int64_t item = 0; item < batch.total; item += chunk_items)
      now.erase<batch_chunk>(chunk_place(batch.batch_id, item));
    now.erase<batch_row>(row_of(batch));
    now.erase<batch_file>(batch.batch_id);
  }
}

void audit(turn& now, const ward& in, const std::string& by, std::string action, const std::string& batch_id,
           const std::string& reason) {
  write_audit(now, in.settings, {{}, {}, by, std::move(action), {}, batch_id, reason, 0, 0});
}

struct sending {
  item_outcome outcome = item_outcome::sent;
  std::string text{};
};

/// Sent, closed at once, or skipped with the reason why.
sending send_item(turn& now, const batch_file& batch, const batch_item& item, std::int64_t place, const ward& in) {
  const auto one = now.find<case_file>(item.case_id);
  if (!one) return {item_outcome::skipped, "the case is forgotten"};
  if (one->version != item.version)
    return {item_outcome::skipped,
            "the case has changed since the batch was started: it is " + std::string{describe::name_of(one->state)}};
  const auto action = batch.action == batch_action::discard ? case_action::discard : case_action::replay;
  if (auto objection = objection_to(action, *one); !objection.empty())
    return {item_outcome::skipped, std::move(objection)};
  const auto now_it_is =
      carry_out(now, *one, {action, batch.by, batch.reason, batch.with_followers, {}, batch.batch_id, place, {}}, in);
  return {is_closed(now_it_is.state) ? item_outcome::discarded : item_outcome::sent, {}};
}

void take_next(turn& now, batch_file& batch, const ward& in) {
  const auto place = batch.next++;
  const auto chunk = now.find<batch_chunk>(chunk_place(batch.batch_id, place));
  ensure(chunk.has_value(), "a batch has its chunks");
  auto one = send_item(now, batch, chunk->items.at(static_cast<std::size_t>(place % chunk_items)), place, in);
  save_item(now, batch.batch_id, place, one.outcome, std::move(one.text));
  --batch.waiting;
  ++count(batch, one.outcome);
  if (one.outcome != item_outcome::skipped) ++batch.launched;
}

bool may_send(const batch_file& batch) {
  return batch.next < batch.total && (batch.state == batch_state::running || batch.launched < batch.canary);
}

}  // namespace

outcome submit(turn& now, const start_batch& command, const ward& in) {
  if (auto no = wrong_signature(command.by, command.reason)) return std::move(*no);
  auto selected = select(now, command, in.settings);
  if (auto* no = std::get_if<rejected>(&selected)) return std::move(*no);
  const auto& items = std::get<std::vector<batch_item>>(selected);
  auto batch = batch_of(now, command, static_cast<std::int64_t>(items.size()));
  if (command.dry_run) {
    batch.batch_id.clear();
    return static_cast<const batch_summary&>(batch);
  }
  forget_oldest(now, in.settings);
  save_items(now, batch, items);
  now.save(batch_row{row_of(batch), batch.batch_id});
  audit(now, in, command.by, "start_batch", batch.batch_id, command.reason);
  decide(now, batch);
  return static_cast<const batch_summary&>(*now.find<batch_file>(batch.batch_id));
}

outcome work_off(turn& now, const continue_batch& command, const ward& in) {
  auto batch = now.find<batch_file>(command.batch_id);
  if (!batch || !is_working(batch->state) || command.step != batch->step) return done{};
  if (batch->held_until && *batch->held_until > now.now()) return held_until(now, *batch->held_until);
  if (batch->next_at > now.now()) return not_yet{"the batch keeps its rate", batch->next_at - now.now()};
  const auto most = std::max<std::int64_t>(batch->rate_per_second / steps_per_second, 1);
  std::int64_t taken = 0;
  for (; taken < most && may_send(*batch); ++taken) take_next(now, *batch, in);
  batch->next_at = now.now() + duration{std::chrono::seconds{1}} * taken / batch->rate_per_second;
  decide(now, std::move(*batch));
  return done{};
}

outcome cancel(turn& now, const cancel_batch& command, const ward& in) {
  auto batch = now.find<batch_file>(command.batch_id);
  if (!batch) return no_such("batch", command.batch_id);
  if (!is_working(batch->state))
    return rejected{"the batch is " + std::string{describe::name_of(batch->state)} + ", there is nothing to cancel",
                    {},
                    {},
                    conflict};
  if (auto no = wrong_signature(command.by)) return std::move(*no);
  batch->state = batch_state::cancelled;
  batch->ended_at = now.now();
  audit(now, in, command.by, "cancel_batch", batch->batch_id, command.reason);
  now.save(*batch);
  return static_cast<const batch_summary&>(*batch);
}

}  // namespace musiccorp::hospital
