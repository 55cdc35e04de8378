#include "hospital/case_rules.hpp"

#include <algorithm>

#include "hospital/batch_outcomes.hpp"
#include "hospital/case_index.hpp"
#include "hospital/case_payloads.hpp"
#include "hospital/fingerprint.hpp"
#include "hospital/limits.hpp"
#include "hospital/masks.hpp"
#include "hospital/text_search.hpp"

namespace musiccorp::hospital {
namespace {

std::string cut(std::string text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xC0U) == 0x80U) --bytes_max;
  return text.substr(0, bytes_max) + "...";
}

/// The frames that tell one failure from another; further out is the runtime, which comes by several ways.
std::string innermost(const std::string& backtrace) {
  constexpr int frames = 4;
  std::size_t end = 0;
  for (int i = 0; i < frames && end != std::string::npos; ++i) end = backtrace.find('\n', end == 0 ? 0 : end + 1);
  return backtrace.substr(0, end);
}

/// Adds attempts that are new; the same ones come again with each death.
void add_attempts(case_file& one, const std::vector<delivery::attempt_record>& news, const ward& in) {
  auto& kept = one.attempt_records;
  for (auto attempt : news) {
    if (!kept.empty() && attempt.number <= kept.back().number) continue;
    attempt.text = cut(std::move(attempt.text), error_bytes);
    attempt.backtrace = cut(std::move(attempt.backtrace), backtrace_bytes);
    one.attempts = std::max(one.attempts, static_cast<std::uint64_t>(std::max(attempt.number, 0)));
    kept.push_back(std::move(attempt));
  }
  const auto newest = static_cast<std::ptrdiff_t>(in.settings.attempts_kept);
  if (std::ssize(kept) > 1 + newest) kept.erase(kept.begin() + 1, kept.end() - newest);
}

/// Reasons and texts of services are shown masked, but kept as they are.
void add_note(case_file& one, const turn& now, std::string what, std::string text = {}) {
  one.notes.push_back({now.now(), std::move(what), one.service, cut(std::move(text), error_bytes), one.replay});
  if (one.notes.size() > notes_kept) one.notes.erase(one.notes.begin());
}

/// What the newest death says about the case.
void take_story(turn& now, case_file& one, const delivery::message_died& event, const ward& in) {
  one.service = event.service;
  one.upstream = event.upstream;
  one.seq = event.seq;
  one.replay = std::max(one.replay, event.replay);
  one.reason = event.reason;
  one.error = cut(event.error, error_bytes);
  one.parked = event.parked;
  // A replay counts from anew; the case remembers its first failure.
  if (one.first_failed_at == instant{} || event.first_failed < one.first_failed_at)
    one.first_failed_at = event.first_failed;
  one.last_failed_at = event.died;
  add_attempts(one, event.attempts, in);
  one.attempts = std::max(one.attempts, event.attempts_made);
  take_message(now, one, event.message);
  const auto scrub = scrubber_for(now, one, in.types);
  one.masked_error = cut(scrub(one.error), masked_error_bytes);
  const auto trace =
      one.attempt_records.empty() ? std::string{} : scrub(innermost(one.attempt_records.back().backtrace));
  one.group_id = fingerprint(service_part(one.service), one.message.type,
                             normalised(one.masked_error, one.message.key), normalised(trace, one.message.key));
}

/// Saves the case after an event and tells its batch.
void finish(turn& now, const std::optional<case_file>& before, case_file& one, item_outcome outcome, std::string text,
            const ward& in) {
  ++one.version;
  one.held_until.reset();
  if (is_closed(one.state)) one.closed_at = now.now();
  const auto item = std::exchange(one.batch_item, std::nullopt);
  record(now, before, one);
  if (item) note_outcome(now, one.batch_id, *item, outcome, std::move(text));
  if (is_closed(one.state)) forget_old_cases(now, in.settings);
}

}  // namespace

outcome hear_death(turn& now, const delivery::message_died& event, const ward& in) {
  const auto before = now.find<case_file>(event.case_id);
  if (before && !state_after(before->state, before->replay, case_event::died, event.replay)) return done{};
  auto one = before ? *before : case_file{};
  one.case_id = event.case_id;
  one.state = case_state::open;
  one.closed_at = {};
  if (!before) one.opened_at = event.died;
  take_story(now, one, event, in);
  add_note(one, now, "died", one.error);
  finish(now, before, one, item_outcome::died_again, one.masked_error, in);
  return done{};
}

outcome hear_healing(turn& now, const delivery::message_healed& event, const ward& in) {
  const auto before = now.find<case_file>(event.case_id);
  if (!before || !state_after(before->state, before->replay, case_event::healed, event.replay)) return done{};
  auto one = *before;
  one.state = case_state::healed;
  one.replay = event.replay;
  one.parked = 0;
  settle_edit(one);
  add_attempts(one, event.attempts, in);
  add_note(one, now, "healed");
  finish(now, before, one, item_outcome::healed, {}, in);
  return done{};
}

outcome hear_burial(turn& now, const delivery::message_discarded& event, const ward& in) {
  const auto before = now.find<case_file>(event.case_id);
  if (!before || !state_after(before->state, before->replay, case_event::discarded, before->replay)) return done{};
  auto one = *before;
  one.state = case_state::discarded;
  one.parked = 0;
  one.followers_discarded = event.followers;
  add_note(one, now, "discarded");
  finish(now, before, one, item_outcome::discarded, {}, in);
  return done{};
}

outcome hear_refusal(turn& now, const delivery::treatment_refused& event, const ward& in) {
  const bool of_replay = event.treatment == describe::name_of<delivery::replay_message>();
  const auto what = of_replay ? case_event::replay_refused : case_event::discard_refused;
  const auto before = now.find<case_file>(event.case_id);
  const auto next = before ? state_after(before->state, before->replay, what, event.replay) : std::nullopt;
  if (!next) return done{};
  auto one = *before;
  one.state = *next;
  one.payload_sent = one.payload_current;
  add_note(one, now, "refused", event.reason);
  finish(now, before, one, item_outcome::refused, scrubber_for(now, one, in.types)(event.reason), in);
  return done{};
}

}  // namespace musiccorp::hospital
