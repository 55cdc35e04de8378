// One batch of turns of a partition: begin, run rules, write, commit, and only then let anything leave.
#include <algorithm>
#include <set>

#include "base/ensure.hpp"
#include "delivery/crash_handler.hpp"
#include "message/scrubber.hpp"
#include "service/objection.hpp"
#include "service/partition_work.hpp"
#include "supervision/exception_text.hpp"
#include "supervision/throw_trace.hpp"
#include "telemetry/log.hpp"
#include "telemetry/traceparent.hpp"

namespace musiccorp::service {
namespace {

const telemetry::logger log{"service"};

std::uint64_t body_hash(const envelope& message) { return base::stable_hash(message.type + "\n" + message.payload); }

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

/// The message in its slot for as long as its rule runs; nothing without a slot.
class handled_in {
 public:
  handled_in(delivery::slot* where, const envelope& message, instant started, bool alone) : where_{where} {
    if (where_ == nullptr) return;
    const auto upstream = message.seq == 0 ? 0 : base::stable_hash(message.source);
    where_->begin({upstream, message.seq, message.id, static_cast<std::uint32_t>(base::stable_hash(message.type)),
                   started, alone});
  }
  ~handled_in() {
    if (where_ != nullptr) where_->end();
  }
  handled_in(const handled_in&) = delete;
  handled_in& operator=(const handled_in&) = delete;

 private:
  delivery::slot* where_;
};

supervision::moment steady_now() { return std::chrono::time_point_cast<duration>(std::chrono::steady_clock::now()); }

telemetry::store_trouble counted(const base::fault& trouble) {
  return trouble.kind == fault_kind::corrupt ? telemetry::store_trouble::corrupt : telemetry::store_trouble::io;
}

}  // namespace

void partition::run(outgoing& out) {
  if (!is_open()) return;
  const auto watched = watch_batch();
  batch_work work{environment_.clock.now()};
  if (auto ran = run_transaction(work); !ran) return store_failed(std::move(ran.error()), work, out);
  release(work, out);
}

void partition::run_alone(outgoing& out) {
  if (!wants_alone()) return;
  const auto watched = watch_batch();
  alone_ = true;
  batch_work work{environment_.clock.now()};
  auto ran = in_transaction(work, [&] { run_waiting(*waiting_.next_alone(), work); });
  alone_ = false;
  if (!ran) return store_failed(std::move(ran.error()), work, out);
  release(work, out);
}

result<void> partition::run_transaction(batch_work& work) {
  const bool due = waiting_.next_due() && *waiting_.next_due() <= work.now;
  if (arrived_.empty() && ready_.empty() && strays_.empty() && !due) return {};
  return in_transaction(work, [&] {
    const auto time_left = [&] { return environment_.clock.now() - work.now < limits_.batch_time; };
    // Neither requests nor streams nor what waits may keep the others from their share of the batch.
    const auto share = std::max<std::size_t>(limits_.batch_messages / 2, 1);
    for (const auto& where : waiting_.due(work.now, share)) {
      if (work.handled > 0 && !time_left()) break;
      run_waiting(where, work);
    }
    for (std::size_t i = 0; i < share && !ready_.empty() && (i == 0 || time_left()); ++i) {
      work.requests.push_back(std::move(ready_.front()));
      ready_.pop_front();
      ready_bytes_ -= work.requests.back().answer_bytes();
      run_request(work.requests.back(), work);
    }
    for (std::size_t i = 0; i < share && !arrived_.empty() && (i == 0 || time_left()); ++i) {
      auto next = std::move(arrived_.front());
      arrived_.pop_front();
      run_arrived(std::move(next), work);
    }
    tell_of_strays(work);
  });
}

/// Begin, `inside`, what goes along with every commit, commit.
template <class Work>
result<void> partition::in_transaction(batch_work& work, Work inside) {
  delivery::ensure_alternate_stack();
  try {
    must(store_->begin());
    inside();
    watch("commit");
    finish(work);
    const auto committing = environment_.clock.now();
    must(store_->commit());
    const auto committed = environment_.clock.now();
    if (work.wrote)
      environment_.store_numbers->committed(work.handled,
                                            std::chrono::duration<double>(committed - committing).count());
    spans_.committed(work.wrote ? std::optional{committed} : std::nullopt);
    return {};
  } catch (turn_trouble& trouble) {
    store_->rollback();
    spans_.rolled_back();
    return failure(std::move(trouble.what));
  }
}

void partition::run_request(pending_request& one, batch_work& work) {
  ++work.handled;
  auto reply = [&]() -> request::reply {
    if (one.deadline <= work.now)
      return base::fault{
          fault_kind::timeout, "the deadline passed before " + definition_.name() + " could begin", {}, {}};
    if (auto known = must(known_answer(one.message))) {
      environment_.cell.duplicate();
      return *known;
    }
    if (one.settled) return *one.settled;
    if (is_about_dead(one.message.type)) return answer_about_dead(one.message, work.now);
    auto tried_once = try_rule(one.message, one.answers, work);
    const auto& said = tried_once.said;
    spans_.asked(one.message, {tried_once.started, tried_once.ended}, said);
    // A request has no attempts to spend; all of one type count as one message, or a caller could spend the budget.
    if (const auto* trouble = said.is<base::fault>(); trouble && trouble->kind == fault_kind::crash)
      note_crash(one.message.type, message::scrubbed(definition_.types(), one.message, trouble->text), tried_once,
                 work);
    else
      ++handled_since_crash_;
    if (one.answers.empty())  // Those with questions waited until these left.
      environment_.cell.waited(std::chrono::duration<double>(tried_once.started - one.message.occurred).count());
    if (!said.is<done>() && !said.is<request::answer>()) return reply_of(said, one.message);
    if (!tried_once.effects.messages.empty() && log_is_full(work))
      return base::fault{fault_kind::overloaded,
                         definition_.name() + " keeps as many messages as it may until others have taken them",
                         {},
                         std::chrono::seconds{5}};
    apply(std::move(tried_once.effects), work);
    return reply_of(said, one.message);
  }();
  if (auto* no = std::get_if<base::rejected>(&reply)) add_finding(*no, definition_.types(), one.message);
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
                                        describe::to_json(kept), work.now,
                                        message.correlation.empty() ? message.id : message.correlation}));
  work.wrote = true;
}

void partition::run_waiting(const delivery::waiting_room::place& where, batch_work& work) {
  if (!alone_ && is_suspect(where.upstream, where.seq)) return set_alone(where);
  auto row = load_waiting(where.upstream, where.seq);
  auto& from = upstreams_.at(row.upstream);
  ++work.handled;
  if (is_suspect(row.upstream, row.seq) && suspects_.at(where).condemned)
    return bury_condemned(from, std::move(row), work);
  auto one = try_rule(row.message, {}, work);
  settle(from, std::move(row), true, std::move(one), work);
}

void partition::run_arrived(arrived_message one, batch_work& work) {
  auto& from = *one.from;
  const auto ahead = waiting_ahead_of(from, one.message);
  if (!from.held.empty() || must_hold(from, ahead)) return hold(std::move(one));
  ++work.handled;
  ++from.cursor.received;
  from.move_cursor(one.cursor_after);
  if (is_treatment(one.message.type)) {
    treat(one.message, work);
    ++from.cursor.processed;
    return from.numbers->settled(telemetry::settlement::processed);
  }
  auto row = row_of(from.cursor.upstream, std::move(one.message), limits_.order);
  if (ahead > 0) return park(from, std::move(row), work);
  if (is_suspect(row.upstream, row.seq)) {
    row.state = storage::waiting_state::alone;
    work.wrote = true;
    return save_waiting(row);
  }
  auto said = try_rule(row.message, {}, work);
  settle(from, std::move(row), false, std::move(said), work);
}

/// Runs the rule of this message and counts what it said; its effects are only collected.
partition::tried partition::try_rule(envelope& message, const std::vector<std::string>& answers, batch_work& work) {
  auto one = run_rule(message, answers, work.now, seriousness::real);
  const auto& numbers = environment_.cell.message(message.type);
  numbers.handler_took(std::chrono::duration<double>(one.ended - one.started).count());
  numbers.handled(counted(one.said));
  return one;
}

void partition::note_crash(std::string message, std::string text, const tried& one, batch_work& work) {
  work.crashes.push_back(
      {std::move(message), std::move(text), one.backtrace, false, std::exchange(handled_since_crash_, 0)});
}

void partition::watch(std::string_view what) const {
  if (watch_) watch_->begin(what, steady_now());
}

std::optional<supervision::watched_turn> partition::watch_batch() const {
  if (!watch_) return std::nullopt;
  return std::optional<supervision::watched_turn>{std::in_place, *watch_, "batch", steady_now()};
}

/// A crash is an outcome, storage trouble is not.
partition::tried partition::run_rule(envelope& message, const std::vector<std::string>& answers, instant now,
                                     seriousness how) {
  const void* const caller = __builtin_return_address(0);
  tried one{done{}, {}, environment_.clock.now(), {}};
  const handled_in slot{slot_, message, one.started, alone_};
  watch(message.type);
  one.said = [&]() -> outcome {
    if (message.expires != instant{} && message.expires <= now)
      return base::fault{fault_kind::expired, "expired at " + base::to_text(message.expires), {}, {}};
    if (!is_case_event(message.type))
      if (auto trouble = too_large(message)) return std::move(*trouble);
    const auto* rule = definition_.find(message.type);
    if (!rule)
      return base::fault{fault_kind::schema, definition_.name() + " has no rule for " + message.type, {}, {}};
    if (auto current = definition_.types().bring_up_to_date(message); !current) {
      one.unreadable = current.error().kind == fault_kind::invalid;
      return std::move(current.error());
    }
    try {
      turn scope{message,    definition_.name(),   *store_,       now, random_,
                 &sendable_, &definition_.share(), watcher_.get()};
      scope.trace_as(spans_.caused_by(message));
      if (how == seriousness::rehearsal) scope.rehearse();
      auto decided = rule->run(scope, message, answers);
      one.unreadable = scope.is_unreadable();
      one.effects = scope.take_effects();
      for (const auto& sent : one.effects.messages)
        if (auto trouble = cannot_send(sent)) return std::move(*trouble);
      return decided;
    } catch (const turn_trouble&) {
      throw;
    } catch (const unreadable_entity& entity) {
      return entity.what;
    } catch (...) {
      one.backtrace = supervision::to_text(supervision::inside(supervision::last_throw(), caller));
      return base::fault{fault_kind::crash, supervision::text_of(std::current_exception()), {}, {}};
    }
  }();
  one.ended = environment_.clock.now();
  return one;
}

/// What becomes of a message that came through a log.
void partition::settle(upstream& from, storage::waiting_row row, bool waited, tried one, batch_work& work) {
  work.wrote = true;
  if (const auto* trouble = one.said.is<base::fault>()) return fail(from, std::move(row), *trouble, one, work);
  if (const auto* later = one.said.is<not_yet>()) return defer(from, std::move(row), *later, one, work);
  const auto* got = one.said.is<request::answer>();
  std::optional<envelope> reply;
  if (got && !row.message.reply_to.empty()) {
    reply = reply_to(row.message, *got, work.now);
    if (auto trouble = cannot_send(*reply)) return fail(from, std::move(row), *trouble, one, work);
  }
  const auto* no = one.said.is<base::rejected>();
  if (no && !row.message.reply_to.empty())
    return fail(from, std::move(row),
                {fault_kind::internal, "a no that " + row.message.reply_to + " would not hear: " + no->text, {}, {}},
                one, work);
  if (no)
    log.info("message-rejected", {{"type", row.message.type},
                                  {"id", row.message.id},
                                  {"trace_id", telemetry::trace_id_in(row.message.traceparent)},
                                  {"reason", message::scrubbed(definition_.types(), row.message, no->text)}});
  else
    apply(std::move(one.effects), work);
  if (reply) append(std::move(*reply), work);
  spans_.done(row.message, {one.started, one.ended}, is_first_try(row), no != nullptr);
  settled(from, row, waited, one, work);
}

void partition::settled(upstream& from, const storage::waiting_row& row, bool waited, const tried& one,
                        batch_work& work) {
  ++from.cursor.processed;
  ++handled_since_crash_;
  from.moved = true;
  from.numbers->settled(telemetry::settlement::processed);
  from.numbers->attempts(static_cast<std::uint64_t>(row.attempts_before + row.attempts) + 1);
  if (!waited) return;
  clear_suspect(row.upstream, row.seq);
  if (row.replay > 0) {
    from.numbers->replayed(telemetry::replay_outcome::processed);
    tell_of_healing(row, one, work);
  }
  must(store_->erase_waiting(row.upstream, row.seq));
  waiting_.remove(row.upstream, row.seq);
}

void partition::apply(turn_effects effects, batch_work& work) {
  for (const auto& write : effects.writes) {
    must(write.body ? store_->save(write.type, write.key, *write.body) : store_->erase(write.type, write.key));
    waiting_.written(write.type, write.key);
  }
  work.wrote |= !effects.writes.empty();
  for (auto& message : effects.messages) append(std::move(message), work);
  if (watcher_) std::ranges::move(effects.writes, std::back_inserter(work.written));
}

void partition::append(envelope message, batch_work& work) {
  must(append_to_log(message));
  work.wrote = true;
  for (auto& one : subscribers_)
    if (one.who.wants(message)) ++one.published;
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

bool partition::log_is_full(batch_work& work) const {
  if (!work.everybody_has) work.everybody_has = everybody_has();
  return store_->last_seq() - *work.everybody_has >= limits_.log_messages_max;
}

void partition::forget_what_is_old(instant now) {
  forget_answers(now);
  auto acked = store_->last_seq();
  for (const auto& one : subscribers_) acked = std::min(acked, one.acked);
  must(store_->trim_log(acked, now - limits_.log_kept));
}

/// Where there is a hospital, it is asked first; what it knows of stays until its next answer.
void partition::forget_answers(instant now) {
  constexpr std::size_t at_once = 1'000;
  if (!hospital_.empty() && !pins_.answered) {
    if (pins_.gather) return;
    pins_.candidates = must(store_->old_answers(now - limits_.answers_kept, at_once + pins_.pinned));
    return;
  }
  if (hospital_.empty()) pins_.candidates = must(store_->old_answers(now - limits_.answers_kept, at_once));
  for (const auto& one : pins_.candidates) must(store_->erase_answer(one.idempotency));
  pins_.candidates.clear();
  pins_.answered = false;
}

void partition::ask_for_pins(outgoing& out) {
  if (hospital_.empty() || pins_.candidates.empty() || pins_.gather || pins_.answered) return;
  delivery::open_conversations query;
  for (const auto& one : pins_.candidates) query.correlations.push_back(one.conversation);
  envelope question;
  question.type = describe::name_of<delivery::open_conversations>();
  question.id = base::make_id(environment_.clock.now(), random_);
  question.source = definition_.name();
  question.to = hospital_;
  question.occurred = environment_.clock.now();
  question.payload = describe::to_json(query);
  const auto deadline = question.occurred + std::chrono::seconds{5};
  request::breaker::permit none;  // It has time: nobody waits for this answer.
  const auto opened = gathers_.open({&none, 1}, deadline);
  pins_.gather = opened.gather;
  out.questions.push_back({hospital_, opened.questions.front(), deadline, std::move(question)});
}

void partition::pinned(const request::reply& said) {
  pins_.gather.reset();
  const auto* got = std::get_if<request::answer>(&said);
  const auto open = got ? describe::from_json<delivery::conversations_open>(got->payload)
                        : result<delivery::conversations_open>{tl::make_unexpected(base::fault{})};
  if (!open) return pins_.candidates.clear();  // Nothing is forgotten; the next round asks again.
  const std::set<std::string_view> kept{open->correlations.begin(), open->correlations.end()};
  pins_.pinned = std::erase_if(pins_.candidates, [&](const auto& one) { return kept.contains(one.conversation); });
  pins_.answered = true;
}

void partition::release(batch_work& work, outgoing& out) {
  std::move(work.crashes.begin(), work.crashes.end(), std::back_inserter(out.crashes));
  for (std::size_t i = 0; i < work.requests.size(); ++i) answer(work.requests[i].token, work.replies[i], out);
  for (const auto& message : work.appended) outbox_.committed(message);
  for (auto& [name, from] : upstreams_)
    if (std::exchange(from.moved, false))
      out.frames.push_back({name, delivery::ack{definition_.name(), from.cursor.seq, from.cursor.received}});
  release_held();
  send_ready(out);
  if (is_open()) ask_for_pins(out);
  update_ledgers();
  for (const auto& write : work.written) watcher_->committed(write);
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
