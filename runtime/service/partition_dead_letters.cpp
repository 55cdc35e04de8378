// What becomes of messages that cannot simply be handled: retry, deferral, death, and what the hospital asks for.
#include <algorithm>

#include "base/ensure.hpp"
#include "message/scrubber.hpp"
#include "service/partition_work.hpp"
#include "telemetry/log.hpp"
#include "telemetry/traceparent.hpp"

namespace musiccorp::service {
namespace {

using storage::waiting_state;

const telemetry::logger log{"service"};

/// A rule's own "invalid" is its no; only what can't be read as its type is undecodable.
telemetry::death_reason death_of(const delivery::verdict& verdict, const base::fault& trouble, bool unreadable) {
  if (unreadable) return telemetry::death_reason::undecodable;
  const auto reason = telemetry::death_reason_of(trouble.kind);
  const bool out_of_time = reason == telemetry::death_reason::attempts && verdict.reason == "deadline";
  return out_of_time ? telemetry::death_reason::deadline : reason;
}

telemetry::death_reason death_of(telemetry::stray_reason reason) {
  return reason == telemetry::stray_reason::process_death ? telemetry::death_reason::handler_crash
                                                          : telemetry::death_reason::undecodable;
}

/// The entities that are strays which nobody hears of.
constexpr std::string_view stray_type = "runtime.stray";
constexpr std::size_t strays_kept = 100;

std::string_view outcome_name(const outcome& said) {
  struct visitor {
    std::string_view operator()(const done&) const { return "done"; }
    std::string_view operator()(const not_yet&) const { return "not_yet"; }
    std::string_view operator()(const request::answer&) const { return "answer"; }
    std::string_view operator()(const base::rejected&) const { return "rejected"; }
    std::string_view operator()(const base::fault& trouble) const { return base::name_of(trouble.kind); }
  };
  return std::visit(visitor{}, said.value());
}

std::string outcome_text(const outcome& said) {
  if (const auto* trouble = said.is<base::fault>()) return trouble->text;
  if (const auto* no = said.is<base::rejected>()) return no->text;
  if (const auto* later = said.is<not_yet>()) return later->text;
  return {};
}

}  // namespace

template <describe::described Event>
void partition::tell_hospital(const envelope& about, const Event& event, batch_work& work) {
  if (hospital_.empty()) return;
  turn now{about, definition_.name(), *store_, work.now, random_};
  now.trace_as(spans_.told_of(about));
  append(now.envelope_for(describe::name_of<Event>(), describe::version_of<Event>(), describe::key_of(event),
                          describe::to_json(event)),
         work);
}

void partition::tell_of_healing(const storage::waiting_row& row, const tried& one, batch_work& work) {
  auto attempts = attempts_of(row, true);
  attempts.push_back({row.attempts_before + row.attempts + 1,
                      row.replay,
                      one.started,
                      one.ended,
                      "healed",
                      {},
                      {},
                      {},
                      environment_.node,
                      environment_.version});
  tell_hospital(row.message, delivery::message_healed{case_of(row), row.replay, std::move(attempts), work.now}, work);
}

std::string partition::case_of(const storage::waiting_row& row) const {
  return delivery::case_id_of(definition_.name(), row.upstream, row.seq);
}

storage::waiting_row partition::load_waiting(std::string_view whose, std::uint64_t seq) {
  auto row = must(store_->find_waiting(whose, seq));
  if (!row)
    throw turn_trouble{{fault_kind::corrupt,
                        definition_.name() + ": the waiting message " + std::string{whose} + " " +
                            std::to_string(seq) + " is not in the store",
                        {},
                        {}}};
  return std::move(*row);
}

void partition::save_waiting(const storage::waiting_row& row) {
  must(store_->save(row));
  waiting_.put(storage::mark_of(row));
}

/// A message that is tried for ever (policy `block`) does not fill the store.
void partition::save_attempt(const storage::attempt_row& attempt) {
  must(store_->save(attempt));
  const auto spent = static_cast<std::int64_t>(attempt.number) - static_cast<std::int64_t>(limits_.attempts_told);
  if (spent > 1) must(store_->erase_attempt(attempt.upstream, attempt.seq, static_cast<std::int32_t>(spent)));
}

std::vector<delivery::attempt_record> partition::attempts_of(const storage::waiting_row& row, bool this_replay) {
  std::vector<delivery::attempt_record> told;
  for (auto& one : must(store_->attempts(row.upstream, row.seq, limits_.attempts_told + 1)))
    if (!this_replay || one.replay == row.replay)
      told.push_back({one.number, one.replay, one.started, one.ended, std::move(one.outcome), std::move(one.kind),
                      std::move(one.text), std::move(one.backtrace), std::move(one.node), std::move(one.version)});
  return told;
}

void partition::fail(upstream& from, storage::waiting_row row, const base::fault& trouble, const tried& one,
                     batch_work& work) {
  const auto special = limits_.retry_by_type.find(row.message.type);
  const auto& policy = special == limits_.retry_by_type.end() ? limits_.retry : special->second;
  const bool may_pass = base::facts_of(trouble.kind).what == base::fault_class::transient;
  if (may_pass && environment_.stopping != nullptr && environment_.stopping->load())
    return put_off(std::move(row), policy, work);
  spans_.failed(row.message, {one.started, one.ended}, row.attempts_before + row.attempts + 1, is_first_try(row),
                trouble.kind);
  charge_deaths(row);
  const auto told = message::scrubbed(definition_.types(), row.message, trouble.text);
  if (trouble.kind == fault_kind::crash) note_crash(row.message.id, told, one, work);
  ++row.attempts;
  if (row.first_failed == instant{} || row.attempts == 1) row.first_failed = work.now;
  row.last_failed = work.now;
  row.error = trouble.text;
  row.reason = base::name_of(trouble.kind);
  row.deferred_since = {};
  row.awaited_type.clear();
  row.awaited_key.clear();
  const auto verdict =
      delivery::judge(policy, limits_.order, {row.attempts, row.first_failed, trouble}, work.now, random_);
  save_attempt({row.upstream, row.seq, row.attempts_before + row.attempts, row.replay, one.started, one.ended,
                verdict.dies ? "died" : "retried", row.reason, trouble.text, one.backtrace, environment_.node,
                environment_.version});
  log.write(verdict.dies ? telemetry::log_level::error : telemetry::level_of(base::facts_of(trouble.kind).level),
            verdict.dies ? "message-died" : "message-retried",
            {{"service", definition_.name()},
             {"type", row.message.type},
             {"id", row.message.id},
             {"trace_id", telemetry::trace_id_in(row.message.traceparent)},
             {"attempt", row.attempts_before + row.attempts},
             {"kind", row.reason},
             {"error", told}});
  clear_suspicion(row.upstream, row.seq);
  if (verdict.dies) return bury(from, std::move(row), death_of(verdict, trouble, one.unreadable), work);
  from.numbers->retried(telemetry::retry_reason_of(trouble.kind));
  row.state = waiting_state::retry;
  row.due = verdict.due;
  save_waiting(row);
}

/// As if it had not been tried: the next process begins with it.
void partition::put_off(storage::waiting_row row, const delivery::retry_policy& policy, batch_work& work) {
  row.state = waiting_state::retry;
  row.due = work.now + policy.delay_first;
  row.deferred_since = {};
  row.awaited_type.clear();
  row.awaited_key.clear();
  save_waiting(row);
}

/// From here on only the hospital moves it.
void partition::bury(upstream& from, storage::waiting_row row, telemetry::death_reason reason, batch_work& work) {
  row.state = waiting_state::dead;
  row.due = {};
  ++from.cursor.dead;
  from.moved = true;
  from.numbers->died(reason);
  from.numbers->settled(telemetry::settlement::dead);
  from.numbers->attempts(static_cast<std::uint64_t>(row.attempts_before + row.attempts));
  if (row.replay > 0) from.numbers->replayed(telemetry::replay_outcome::died_again);
  save_waiting(row);
  if (hospital_.empty()) return;
  delivery::message_died event;
  event.case_id = case_of(row);
  event.service = definition_.name();
  event.upstream = row.upstream;
  event.seq = row.seq;
  event.replay = row.replay;
  event.reason = telemetry::name_of(reason);
  event.error = row.error;
  event.attempts_made = static_cast<std::uint64_t>(row.attempts_before + row.attempts);
  event.attempts = attempts_of(row, false);
  const auto lane = waiting_.lane_size(row.upstream, row.key);
  event.parked = lane > 0 ? lane - 1 : 0;
  event.first_failed = row.first_failed;
  event.died = work.now;
  event.message = row.message;
  tell_hospital(row.message, event, work);
}

void partition::defer(upstream& from, storage::waiting_row row, const not_yet& said, const tried& one,
                      batch_work& work) {
  const auto patience = said.deadline > duration{} ? said.deadline : limits_.deferral_longest;
  const auto deadline = (row.deferred_since == instant{} ? work.now : row.deferred_since) + patience;
  if (work.now >= deadline)
    return fail(from, std::move(row), {fault_kind::expired, "not yet for too long: " + said.text, {}, {}}, one, work);
  spans_.deferred(row.message, {one.started, one.ended}, is_first_try(row));
  if (row.deferred_since == instant{}) row.deferred_since = work.now;
  row.state = waiting_state::deferred;
  const bool only_entity = said.waits_for_entity() && said.wait == duration{};
  row.due = only_entity ? deadline
                        : std::min(deadline, work.now + std::max<duration>(said.wait, std::chrono::milliseconds{1}));
  row.awaited_type = said.entity_type;
  row.awaited_key = said.entity_key;
  row.error = said.text;
  row.reason = "not_yet";
  clear_suspicion(row.upstream, row.seq);
  save_waiting(row);
}

void partition::park(upstream& from, storage::waiting_row row, batch_work& work) {
  row.state = waiting_state::parked;
  work.wrote = true;
  from.moved = true;
  save_waiting(row);
}

// --- credit ---

/// How many of its key wait before a message that arrives, from the same upstream; 0: it may be handled now.
std::size_t partition::waiting_ahead_of(const upstream& from, const envelope& message) const {
  if (limits_.order == delivery::order_policy::none || is_treatment(message.type)) return 0;
  return waiting_.lane_size(from.cursor.upstream, message.key);
}

/// Behind this key as many are parked as may be, or of this upstream as many in total.
bool partition::must_hold(const upstream& from, std::size_t ahead) const {
  return ahead > limits_.parked_per_key_max ||
         (ahead > 0 && waiting_.of(from.cursor.upstream, waiting_state::parked).count >= limits_.parked_max);
}

void partition::hold(arrived_message one) {
  auto& from = *one.from;
  if (from.held.empty())
    log.warn("subscription-held", {{"queue", queue_name(from.cursor.upstream, definition_.name())},
                                   {"key_waiting", waiting_.lane_size(from.cursor.upstream, one.message.key)},
                                   {"parked", waiting_.of(from.cursor.upstream, waiting_state::parked).count}});
  from.held.push_back(std::move(one));
}

void partition::release_held() {
  for (auto& [name, from] : upstreams_) {
    if (from.held.empty() || must_hold(from, waiting_ahead_of(from, from.held.front().message))) continue;
    log.info("subscription-goes-on", {{"queue", queue_name(name, definition_.name())}});
    // What arrived behind them is younger.
    arrived_.insert(arrived_.begin(), std::make_move_iterator(from.held.begin()),
                    std::make_move_iterator(from.held.end()));
    from.held.clear();
  }
}

// --- what the hospital asks for ---

void partition::treat(const envelope& command, batch_work& work) {
  const auto begun = [&]() -> result<void> {
    if (command.type == describe::name_of<delivery::replay_message>()) {
      const auto wanted = describe::from_json<delivery::replay_message>(command.payload);
      return wanted ? replay(*wanted) : failure(wanted.error());
    }
    const auto wanted = describe::from_json<delivery::discard_message>(command.payload);
    return wanted ? discard(*wanted, work) : failure(wanted.error());
  }();
  work.wrote = true;
  if (begun) return;
  log.warn("treatment-refused",
           {{"service", definition_.name()}, {"case", command.key}, {"reason", begun.error().text}});
  delivery::treatment_refused event{command.key, command.type, 0, begun.error().text};
  const auto wanted = describe::from_json<delivery::replay_message>(command.payload);
  if (wanted) event.replay = wanted->replay;
  if (wanted && event.replay > 0)
    if (const auto from = upstreams_.find(wanted->upstream); from != upstreams_.end())
      from->second.numbers->replayed(telemetry::replay_outcome::refused);
  tell_hospital(command, event, work);
}

result<storage::waiting_row> partition::dead_letter(const std::string& whose, std::uint64_t seq) {
  const auto mark = waiting_.find(whose, seq);
  const auto name = whose + " " + std::to_string(seq);
  if (!mark) return failure(fault_kind::not_found, definition_.name() + " has no waiting message " + name);
  if (mark->state != waiting_state::dead)
    return failure(fault_kind::conflict,
                   "the message " + name + " is not dead but in state " + std::string{storage::name_of(mark->state)});
  return load_waiting(whose, seq);
}

void partition::begin_replay(storage::waiting_row& row, std::int32_t number) {
  auto& from = upstreams_.at(row.upstream);
  --from.cursor.dead;
  from.moved = true;
  row.state = waiting_state::replaying;
  row.replay = number;
  row.attempts_before += std::exchange(row.attempts, 0);
  row.deferred_since = {};
  row.due = {};  // At once.
  save_waiting(row);
}

result<void> partition::replay(const delivery::replay_message& command) {
  auto row = dead_letter(command.upstream, command.seq);
  if (!row) return failure(std::move(row.error()));
  if (command.replay <= row->replay)
    return failure(fault_kind::conflict, "replay " + std::to_string(command.replay) + " is not newer than replay " +
                                             std::to_string(row->replay));
  if (!command.payload.empty()) row->message.payload = command.payload;
  if (!command.edited_id.empty()) row->message.causation = std::exchange(row->message.id, command.edited_id);
  // A message that was dead for its version or its age was mended by whoever asks.
  if (!command.payload.empty())
    if (const auto* known = definition_.types().find(row->message.type)) row->message.version = known->version;
  row->message.expires = {};
  begin_replay(*row, command.replay);
  return {};
}

void partition::discard_row(upstream& from, std::uint64_t seq) {
  clear_suspect(from.cursor.upstream, seq);
  must(store_->erase_waiting(from.cursor.upstream, seq));
  waiting_.remove(from.cursor.upstream, seq);
  ++from.cursor.discarded;
  from.moved = true;
  from.numbers->settled(telemetry::settlement::discarded);
}

result<void> partition::discard(const delivery::discard_message& command, batch_work& work) {
  const auto row = dead_letter(command.upstream, command.seq);
  if (!row) return failure(row.error());
  auto& from = upstreams_.at(command.upstream);
  const auto followers =
      command.with_followers ? waiting_.followers(command.upstream, command.seq) : std::vector<std::uint64_t>{};
  // From the end, so that none of them becomes the head on the way.
  for (auto seq = followers.rbegin(); seq != followers.rend(); ++seq) discard_row(from, *seq);
  discard_row(from, command.seq);
  --from.cursor.dead;
  log.warn("message-discarded", {{"service", definition_.name()},
                                 {"type", row->message.type},
                                 {"id", row->message.id},
                                 {"trace_id", telemetry::trace_id_in(row->message.traceparent)},
                                 {"followers", followers.size()}});
  tell_hospital(row->message, delivery::message_discarded{case_of(*row), followers.size(), work.now}, work);
  return {};
}

request::reply partition::answer_about_dead(const envelope& query, instant now) {
  return query.type == describe::name_of<delivery::show_followers>() ? name_followers(query) : rehearse(query, now);
}

/// Nothing is run, so it may be asked about a message that ends the process, too.
request::reply partition::name_followers(const envelope& query) {
  constexpr std::size_t named_max = 20;
  const auto wanted = describe::from_json<delivery::show_followers>(query.payload);
  if (!wanted) return wanted.error();
  const auto behind = waiting_.followers(wanted->upstream, wanted->seq);
  delivery::lane_followers told{wanted->case_id, behind.size(), {}};
  for (std::size_t i = 0; i < std::min(behind.size(), named_max); ++i) {
    const auto row = load_waiting(wanted->upstream, behind[i]);
    told.first.push_back({row.message.id, row.message.type, row.seq, row.message.occurred});
  }
  return request::answer{std::string{describe::name_of<delivery::lane_followers>()}, 1, told.case_id,
                         describe::to_json(told)};
}

/// Whatever the rule would do is shown and dropped.
request::reply partition::rehearse(const envelope& query, instant now) {
  const auto wanted = describe::from_json<delivery::rehearse_message>(query.payload);
  if (!wanted) return wanted.error();
  auto row = dead_letter(wanted->upstream, wanted->seq);
  if (!row)
    return base::rejected{row.error().text, {}, wanted->case_id, base::facts_of(row.error().kind).http_status};
  if (is_suspect(row->upstream, row->seq))  // Only a replay goes alone, and counts what becomes of it.
    return base::rejected{"this message may end the process again: it can be edited and replayed, not rehearsed",
                          {},
                          wanted->case_id,
                          409};
  if (!wanted->payload.empty()) row->message.payload = wanted->payload;
  row->message.expires = {};
  const auto one = run_rule(row->message, {}, now, seriousness::rehearsal);
  delivery::rehearsal told;
  told.case_id = case_of(*row);
  told.outcome = outcome_name(one.said);
  told.text = outcome_text(one.said);
  if (one.said.is<done>() || one.said.is<request::answer>()) {
    for (const auto& write : one.effects.writes)
      told.writes.push_back(
          {write.type, write.key, write.body ? std::optional{describe::raw_json{*write.body}} : std::nullopt});
    for (const auto& sent : one.effects.messages)
      told.messages.push_back({sent.type, sent.version, sent.key, sent.to, {sent.payload}});
    if (const auto* got = one.said.is<request::answer>(); got && !row->message.reply_to.empty())
      told.messages.push_back({got->type, got->version, got->key, row->message.reply_to, {got->payload}});
  }
  constexpr std::size_t followers_shown = 100;
  for (const auto seq : waiting_.followers(row->upstream, row->seq, followers_shown))
    told.followers.push_back(load_waiting(row->upstream, seq).message.id);
  return request::answer{std::string{describe::name_of<delivery::rehearsal>()}, 1, told.case_id,
                         describe::to_json(told)};
}

/// What reached the cell and is no message of ours: nobody waits for it, and nothing can be tried again.
void partition::tell_of_strays(batch_work& work) {
  if (strays_.empty()) return;
  if (const auto dropped = std::exchange(strays_dropped_, 0); dropped > 0)
    strays_.push_back({"", std::to_string(dropped) + " more like these were not kept"});
  std::vector<delivery::message_died> kept;
  for (const auto& [what, error, reason] : strays_) {
    ++work.handled;
    log.error("stray-message", {{"service", definition_.name()}, {"reason", telemetry::name_of(reason)}});
    delivery::message_died event;
    event.service = definition_.name();
    event.upstream = delivery::stray_upstream;
    event.seq = store_->last_seq() + 1;
    event.case_id = delivery::case_id_of(event.service, event.upstream, event.seq);
    event.reason = telemetry::name_of(death_of(reason));
    event.error = error;
    event.first_failed = event.died = work.now;
    event.message.id = base::make_id(work.now, random_);
    event.message.type = "stray";
    event.message.key = event.case_id;
    event.message.source = delivery::stray_upstream;
    event.message.occurred = work.now;
    describe::write_json_text(event.message.payload, what);
    if (hospital_.empty())
      kept.push_back(std::move(event));
    else
      tell_hospital(event.message, event, work);
  }
  keep_strays(kept, work);
  strays_.clear();
}

/// Where nobody hears of them; the hospital is such a place itself, because it must not feed on its own failures.
void partition::keep_strays(const std::vector<delivery::message_died>& events, batch_work& work) {
  if (events.empty()) return;
  for (const auto& event : events)
    must(store_->save(stray_type, event.message.id, describe::to_json(event)));  // Ids grow with time.
  const auto all = must(store_->count(stray_type));
  if (all > strays_kept)
    for (const auto& oldest : must(store_->list(stray_type, {.limit = all - strays_kept})))
      must(store_->erase(stray_type, oldest.key));
  work.wrote = true;
}

}  // namespace musiccorp::service
