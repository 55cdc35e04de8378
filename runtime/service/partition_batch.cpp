// One batch of turns of a partition: begin, run rules, write, commit, and only then let anything leave.
#include <algorithm>

#include "base/ensure.hpp"
#include "service/partition.hpp"
#include "telemetry/log.hpp"

namespace musiccorp::service {
namespace {

const telemetry::logger log{"service"};

/// Storage trouble ends the batch from wherever it shows.
void must(result<void> step) {
  if (!step) throw turn_trouble{std::move(step.error())};
}
template <class T>
T must(result<T> step) {
  if (!step) throw turn_trouble{std::move(step.error())};
  return std::move(*step);
}

std::uint64_t body_hash(const envelope& message) { return base::stable_hash(message.type + "\n" + message.payload); }

storage::waiting_row row_of(const std::string& upstream, envelope message) {
  storage::waiting_row row;
  row.upstream = upstream;
  row.seq = message.seq;
  row.key = message.key;
  row.message = std::move(message);
  return row;
}

request::reply reply_of(const outcome& said, const envelope& message) {
  struct visitor {
    const envelope& message;
    request::reply operator()(const done&) const { return request::answer{"done", 1, message.key, "{}"}; }
    request::reply operator()(const not_yet& later) const {
      return base::fault{fault_kind::busy, later.text, {}, std::chrono::ceil<std::chrono::milliseconds>(later.wait)};
    }
    request::reply operator()(const request::answer& got) const { return got; }
    request::reply operator()(const base::rejected& no) const { return no; }
    request::reply operator()(const base::fault& trouble) const { return trouble; }
  };
  return std::visit(visitor{message}, said.value());
}

telemetry::handled_outcome counted(const outcome& said) {
  if (const auto* trouble = said.is<base::fault>())
    return trouble->kind == fault_kind::timeout ? telemetry::handled_outcome::timeout
                                                : telemetry::handled_outcome::error;
  return said.is<not_yet>() ? telemetry::handled_outcome::retry : telemetry::handled_outcome::ok;
}

/// For people who read the store.
std::int32_t status_for(const request::reply& said) {
  const auto* no = std::get_if<base::rejected>(&said);
  return no ? base::status_of(*no) : 200;
}

telemetry::store_trouble counted(const base::fault& trouble) {
  return trouble.kind == fault_kind::corrupt ? telemetry::store_trouble::corrupt : telemetry::store_trouble::io;
}

}  // namespace

struct partition::batch_work {
  instant now;
  std::vector<pending_request> requests{};  ///< taken; all get an answer whatever happens
  std::vector<request::reply> replies{};    ///< one per request so far
  std::vector<envelope> appended{};         ///< in log order
  std::size_t handled = 0;
  bool wrote = false;
};

void partition::run(outgoing& out) {
  if (!is_open()) return;
  batch_work work{environment_.clock.now()};
  if (auto ran = run_transaction(work); !ran) return store_failed(std::move(ran.error()), work, out);
  release(work, out);
}

result<void> partition::run_transaction(batch_work& work) {
  if (arrived_.empty() && ready_.empty() && !(waiting_.next_due() && *waiting_.next_due() <= work.now)) return {};
  try {
    must(store_->begin());
    const auto time_left = [&] { return environment_.clock.now() - work.now < limits_.batch_time; };
    // Neither requests nor streams nor what waits may keep the others from their share of the batch.
    const auto share = std::max<std::size_t>(limits_.batch_messages / 2, 1);
    for (auto& row : waiting_.due(work.now, share)) {
      if (work.handled > 0 && !time_left()) break;
      run_waiting(std::move(row), work);
    }
    for (std::size_t i = 0; i < share && !ready_.empty() && (i == 0 || time_left()); ++i) {
      work.requests.push_back(std::move(ready_.front()));
      ready_.pop_front();
      run_request(work.requests.back(), work);
    }
    for (std::size_t i = 0; i < share && !arrived_.empty() && (i == 0 || time_left()); ++i) {
      auto next = std::move(arrived_.front());
      arrived_.pop_front();
      run_arrived(std::move(next), work);
    }
    finish(work);
    const auto committing = environment_.clock.now();
    must(store_->commit());
    if (work.wrote)
      environment_.store_numbers->committed(
          work.handled, std::chrono::duration<double>(environment_.clock.now() - committing).count());
    return {};
  } catch (turn_trouble& trouble) {
    store_->rollback();
    return failure(std::move(trouble.what));
  }
}

void partition::run_request(pending_request& one, batch_work& work) {
  ++work.handled;
  const auto reply = [&]() -> request::reply {
    if (one.deadline <= work.now)
      return base::fault{
          fault_kind::timeout, "the deadline passed before " + definition_.name() + " could begin", {}, {}};
    if (auto known = must(known_answer(one.message))) return *known;
    if (one.settled) return *one.settled;
    turn_effects effects;
    const auto said = try_rule(one.message, one.answers, effects, work);
    if (said.is<done>() || said.is<request::answer>()) apply(std::move(effects), work);
    return reply_of(said, one.message);
  }();
  if (!std::holds_alternative<base::fault>(reply)) remember_answer(one.message, reply, work);
  work.replies.push_back(reply);
}

/// The error is the store's.
result<std::optional<request::reply>> partition::known_answer(const envelope& message) {
  if (message.idempotency.empty()) return std::nullopt;
  auto row = store_->find_answer(message.idempotency);
  if (!row) return failure(std::move(row.error()));
  if (!*row) return std::nullopt;
  if ((*row)->body_hash != body_hash(message))
    return request::reply{base::rejected{"this Idempotency-Key was used for another request", {}, {}, 422}};
  auto kept = describe::from_json<envelope>((*row)->payload);
  if (!kept)
    return request::reply{
        base::fault{fault_kind::corrupt, "a kept answer cannot be read: " + kept.error().text, {}, {}}};
  return request::read_reply(*kept);
}

void partition::remember_answer(const envelope& message, const request::reply& said, batch_work& work) {
  if (message.idempotency.empty()) return;
  const auto kept = request::to_envelope(said);
  must(store_->save(storage::answer_row{message.idempotency, body_hash(message), status_for(said), kept.type,
                                        describe::to_json(kept), work.now}));
  work.wrote = true;
}

void partition::run_waiting(storage::waiting_row row, batch_work& work) {
  auto& from = upstreams_.at(row.upstream);
  ++work.handled;
  turn_effects effects;
  auto said = try_rule(row.message, {}, effects, work);
  settle(from, std::move(row), true, std::move(said), std::move(effects), work);
}

void partition::run_arrived(arrived_message one, batch_work& work) {
  auto& from = *one.from;
  ++work.handled;
  ++from.cursor.received;
  from.cursor.seq = one.cursor_after;
  from.moved = true;
  if (waiting_.blocked(from.cursor.upstream, one.message.key)) {
    auto row = row_of(from.cursor.upstream, std::move(one.message));
    row.state = storage::waiting_state::parked;
    work.wrote = true;
    return save_waiting(std::move(row));
  }
  turn_effects effects;
  auto said = try_rule(one.message, {}, effects, work);
  settle(from, row_of(from.cursor.upstream, std::move(one.message)), false, std::move(said), std::move(effects),
         work);
}

/// Runs the rule of this message; its effects are only collected. A crash is an outcome, storage trouble is not.
outcome partition::try_rule(envelope& message, const std::vector<std::string>& answers, turn_effects& effects,
                            batch_work& work) {
  if (message.expires != instant{} && message.expires <= work.now)
    return base::fault{fault_kind::expired, "expired at " + base::to_text(message.expires), {}, {}};
  const auto* rule = definition_.find(message.type);
  if (!rule) return base::fault{fault_kind::schema, definition_.name() + " has no rule for " + message.type, {}, {}};
  if (auto current = definition_.types().bring_up_to_date(message); !current) return std::move(current.error());
  const auto started = environment_.clock.now();
  outcome said = [&]() -> outcome {
    try {
      turn now{message, definition_.name(), *store_, work.now, random_, &sendable_};
      auto decided = rule->run(now, message, answers);
      effects = now.take_effects();
      for (const auto& sent : effects.messages)
        if (sent.payload.size() > limits_.payload_bytes_max)
          return base::fault{
              fault_kind::too_large, sent.type + " has " + std::to_string(sent.payload.size()) + " bytes", {}, {}};
      return decided;
    } catch (const turn_trouble&) {
      throw;
    } catch (const unreadable_entity& entity) {
      return entity.what;
    } catch (const std::exception& crash) {
      return base::fault{fault_kind::crash, crash.what(), {}, {}};
    } catch (...) {
      return base::fault{fault_kind::crash, "an exception of unknown type", {}, {}};
    }
  }();
  const auto& numbers = environment_.cell.message(message.type);
  numbers.handler_took(std::chrono::duration<double>(environment_.clock.now() - started).count());
  numbers.handled(counted(said));
  return said;
}

/// What becomes of a message that came through a log.
void partition::settle(upstream& from, storage::waiting_row row, bool waited, outcome said, turn_effects effects,
                       batch_work& work) {
  work.wrote = true;
  if (const auto* trouble = said.is<base::fault>()) return fail(from, std::move(row), *trouble, work);
  if (const auto* later = said.is<not_yet>()) return defer(from, std::move(row), *later, work);
  const auto* got = said.is<request::answer>();
  const bool replies = got != nullptr && !row.message.reply_to.empty();
  if (replies && !definition_.says_type(got->type))
    return fail(from, std::move(row),
                {fault_kind::internal, definition_.name() + " answers " + got->type + " without says<>()", {}, {}},
                work);
  if (const auto* no = said.is<base::rejected>())
    log.info("message-rejected", {{"type", row.message.type}, {"id", row.message.id}, {"reason", no->text}});
  else
    apply(std::move(effects), work);
  if (replies) {
    turn now{row.message, definition_.name(), *store_, work.now, random_};
    auto reply = now.envelope_for(got->type, got->version, got->key, got->payload);
    reply.to = row.message.reply_to;
    reply.answers = row.message.id;
    append(std::move(reply), work);
  }
  ++from.cursor.processed;
  from.moved = true;
  from.numbers->settled(telemetry::settlement::processed);
  from.numbers->attempts(static_cast<std::uint64_t>(row.attempts) + 1);
  if (!waited) return;
  must(store_->erase_waiting(row.upstream, row.seq));
  waiting_.remove(row.upstream, row.seq);
}

void partition::fail(upstream& from, storage::waiting_row row, const base::fault& trouble, batch_work& work) {
  const auto special = limits_.retry_by_type.find(row.message.type);
  const auto& policy = special == limits_.retry_by_type.end() ? limits_.retry : special->second;
  ++row.attempts;
  if (row.first_failed == instant{}) row.first_failed = work.now;
  row.last_failed = work.now;
  row.error = trouble.text;
  row.reason = base::name_of(trouble.kind);
  const auto verdict = delivery::judge(policy, row.attempts, trouble, work.now, random_);
  row.state = verdict.dies ? storage::waiting_state::dead : storage::waiting_state::retry;
  row.due = verdict.due;
  if (verdict.dies) {
    ++from.cursor.dead;
    from.moved = true;
    from.numbers->died(telemetry::death_reason_of(trouble.kind));
    from.numbers->settled(telemetry::settlement::dead);
    from.numbers->attempts(static_cast<std::uint64_t>(row.attempts));
  } else {
    from.numbers->retried(telemetry::retry_reason_of(trouble.kind));
  }
  log.write(verdict.dies ? telemetry::log_level::error : telemetry::level_of(base::facts_of(trouble.kind).level),
            verdict.dies ? "message-died" : "message-retried",
            {{"service", definition_.name()},
             {"type", row.message.type},
             {"id", row.message.id},
             {"attempt", row.attempts},
             {"kind", base::name_of(trouble.kind)},
             {"error", trouble.text}});
  save_waiting(std::move(row));
}

void partition::defer(upstream& from, storage::waiting_row row, const not_yet& said, batch_work& work) {
  if (row.first_failed == instant{}) row.first_failed = work.now;
  if (work.now - row.first_failed >= limits_.deferral_longest)
    return fail(from, std::move(row), {fault_kind::expired, "not yet for too long: " + said.text, {}, {}}, work);
  row.state = storage::waiting_state::deferred;
  row.due = work.now + std::max<duration>(said.wait, std::chrono::milliseconds{1});
  row.error = said.text;
  row.reason = "not_yet";
  save_waiting(std::move(row));
}

void partition::save_waiting(storage::waiting_row row) {
  must(store_->save(row));
  waiting_.put(std::move(row));
}

void partition::apply(turn_effects effects, batch_work& work) {
  for (const auto& write : effects.writes)
    must(write.body ? store_->save(write.type, write.key, *write.body) : store_->erase(write.type, write.key));
  work.wrote |= !effects.writes.empty();
  for (auto& message : effects.messages) append(std::move(message), work);
}

void partition::append(envelope message, batch_work& work) {
  must(store_->append(message));
  work.wrote = true;
  for (auto& one : subscribers_)
    if (message.to == one.name ||
        (message.to.empty() && std::find(one.types.begin(), one.types.end(), message.type) != one.types.end()))
      ++one.published;
  work.appended.push_back(std::move(message));
}

/// What goes along with every commit, and what is kept for a time only.
void partition::finish(batch_work& work) {
  for (auto& [name, from] : upstreams_)
    if (from.moved) must(store_->save(from.cursor));
  if (!work.wrote) return;
  note_receipts();
  if (work.now - trimmed_ < std::chrono::minutes{1}) return;
  trimmed_ = work.now;
  forget_what_is_old(work.now);
}

/// How far the subscribers are is worth no commit of its own: what the store knows may be old, never too new.
void partition::note_receipts() {
  const auto streams = outbox_.streams();
  for (auto& one : subscribers_) {
    const auto stream =
        std::find_if(streams.begin(), streams.end(), [&](const auto& it) { return it.subscriber == one.name; });
    if (stream == streams.end() || stream->acked <= one.acked) continue;
    one.acked = stream->acked;
    must(store_->save(storage::subscriber_row{one.name, one.acked}));
  }
}

void partition::forget_what_is_old(instant now) {
  must(store_->forget_answers(now - limits_.answers_kept));
  auto everybody_has = store_->last_seq();
  for (const auto& one : subscribers_) everybody_has = std::min(everybody_has, one.acked);
  must(store_->trim_log(everybody_has, now - limits_.log_kept));
}

void partition::release(batch_work& work, outgoing& out) {
  for (std::size_t i = 0; i < work.requests.size(); ++i) answer(work.requests[i].token, work.replies[i], out);
  for (const auto& message : work.appended) outbox_.committed(message);
  for (auto& [name, from] : upstreams_)
    if (std::exchange(from.moved, false))
      out.frames.push_back({name, delivery::ack{definition_.name(), from.cursor.seq}});
  send_ready(out);
  update_ledgers();
}

void partition::send_ready(outgoing& out) {
  auto ready = outbox_.take_ready(
      [this](std::uint64_t after, const storage::log_limits& limits) { return store_->read_log(after, limits); });
  if (!ready) {
    batch_work nothing{environment_.clock.now()};
    return store_failed(std::move(ready.error()), nothing, out);
  }
  for (auto& parcel : *ready) out.frames.push_back({std::move(parcel.subscriber), std::move(parcel.frame)});
}

/// Nothing of the batch happened. What came through logs will come again; whoever asked is told to try again.
void partition::store_failed(base::fault why, batch_work& work, outgoing& out) {
  log.error("store-failed",
            {{"service", definition_.name()}, {"kind", base::name_of(why.kind)}, {"error", why.text}});
  environment_.store_numbers->failed(counted(why));
  base::fault told{
      fault_kind::storage, definition_.name() + " cannot write to its store", {}, std::chrono::seconds{1}};
  for (const auto& one : work.requests) answer(one.token, told, out);
  failure_ = std::move(why);
  close(told, out);
}

}  // namespace musiccorp::service
