#include "hospital/batch_outcomes.hpp"

#include "base/ensure.hpp"

namespace musiccorp::hospital {
namespace {

void end(turn& now, batch_file& batch, batch_state how) {
  batch.state = how;
  batch.ended_at = now.now();
}

bool awaits_canary(const batch_file& batch) {
  return batch.state == batch_state::canary && batch.launched >= batch.canary;
}

}  // namespace

std::int64_t& count(batch_summary& batch, item_outcome outcome) {
  switch (outcome) {
    case item_outcome::sent:
      return batch.sent;
    case item_outcome::healed:
      return batch.healed;
    case item_outcome::discarded:
      return batch.discarded;
    case item_outcome::died_again:
      return batch.died_again;
    case item_outcome::refused:
      return batch.refused;
    case item_outcome::skipped:
      return batch.skipped;
    case item_outcome::waiting:
      break;
  }
  return batch.waiting;
}

void save_item(turn& now, const std::string& batch_id, std::int64_t item, item_outcome outcome, std::string text) {
  auto chunk = now.find<batch_chunk>(chunk_place(batch_id, item));
  ensure(chunk.has_value(), "a batch has its chunks");
  auto& one = chunk->items.at(static_cast<std::size_t>(item % chunk_items));
  one.outcome = outcome;
  one.text = std::move(text);
  now.save(*chunk);
}

void note_outcome(turn& now, const std::string& batch_id, std::int64_t item, item_outcome outcome, std::string text) {
  auto batch = now.find<batch_file>(batch_id);
  if (!batch) return;  // Forgotten.
  save_item(now, batch_id, item, outcome, std::move(text));
  --batch->sent;
  ++count(*batch, outcome);
  const bool was_working = is_working(batch->state) && !awaits_canary(*batch);
  if (was_working && (batch->stop_after == 0 || batch->failures() < batch->stop_after)) return now.save(*batch);
  decide(now, std::move(*batch));
}

void decide(turn& now, batch_file batch) {
  if (is_working(batch.state) && batch.stop_after > 0 && batch.failures() >= batch.stop_after)
    end(now, batch, batch_state::stopped);
  if (awaits_canary(batch) && batch.sent == 0) batch.state = batch_state::running;
  if (is_working(batch.state) && batch.next >= batch.total) batch.state = batch_state::finishing;
  if (batch.state == batch_state::finishing && batch.sent == 0) end(now, batch, batch_state::finished);
  if (is_working(batch.state) && !awaits_canary(batch))
    now.request("hospital", continue_batch{batch.batch_id, ++batch.step});
  now.save(batch);
}

}  // namespace musiccorp::hospital
