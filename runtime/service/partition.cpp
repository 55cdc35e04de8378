#include "service/partition.hpp"

#include <algorithm>

#include "base/ensure.hpp"
#include "service/share_record.hpp"
#include "telemetry/log.hpp"

namespace musiccorp::service {
namespace {

const telemetry::logger log{"service"};

/// The entity that says that the first start's rule has run.
constexpr std::string_view import_type = "runtime.first_start";

std::optional<instant> earlier(std::optional<instant> one, std::optional<instant> other) {
  return one && other ? std::min(one, other) : one ? one : other;
}

}  // namespace

partition::partition(const service_definition& definition, wiring wires, partition_limits limits,
                     partition_environment environment)
    : definition_{definition},
      limits_{std::move(limits)},
      environment_{std::move(environment)},
      random_{environment_.seed},
      spans_{environment_.spans, definition.name()},
      sendable_{definition.says_types()},
      outbox_{definition.name(), limits_.outbox},
      dependencies_{definition,
                    limits_.breaker,
                    environment_.seed,
                    environment_.clock.now(),
                    environment_.cell.registry(),
                    environment_.board} {
  for (auto& wire : wires.upstreams) {
    auto& made = upstreams_[wire.service];
    made.cursor.upstream = wire.service;
    made.types = std::move(wire.types);
    made.ledger = &environment_.ledgers.of(queue_name(wire.service, definition.name()));
    made.numbers = &environment_.queues[wire.service];
  }
  for (auto& wire : wires.subscribers) {
    if (std::find(wire.types.begin(), wire.types.end(), describe::name_of<delivery::message_died>()) !=
        wire.types.end())
      hospital_ = wire.service;
    auto& ledger = environment_.ledgers.of(queue_name(definition.name(), wire.service));
    subscribers_.push_back({std::move(wire), 0, 0, 0, &ledger});
  }
  counts_ = std::move(wires.counts);
  for (const auto& one : subscribers_)
    for (const auto& type : one.who.types)
      if (one.who.counts_slots_of(type)) slotted_.insert(type);
  for (const auto& rule : definition.handlers()) (void)environment_.cell.message(rule.type);  // Start at 0.
  if (auto* const registry = environment_.cell.registry(); registry && definition.watcher())
    watcher_ = definition.watcher()(*registry);
}

partition::~partition() = default;

result<void> partition::open(outgoing& out) {
  auto opened = environment_.stores.open(definition_.store_name());
  if (!opened) return failure(std::move(opened.error()));
  store_ = std::move(*opened);
  if (auto loaded = load(); !loaded) {
    store_.reset();
    return loaded;
  }
  failure_.reset();
  for (const auto& one : subscribers_) out.frames.push_back({one.name(), delivery::hello{definition_.name()}});
  for (auto& [name, from] : upstreams_) subscribe_to(from, out);
  return {};
}

result<void> partition::load() {
  const auto now = environment_.clock.now();
  if (auto fits = check_share(*store_, definition_); !fits) return fits;
  // A store that can be read but not written is not open: on a full disk it would be ready until its first turn.
  if (auto proven = record_opening(*store_, definition_, now, base::make_id(now, random_)); !proven) return proven;
  if (const auto lost = store_->statistics().unreadable; lost > 0) {
    log.error("store-end-unreadable", {{"service", definition_.name()}, {"transactions", lost}});
    environment_.store_numbers->failed(telemetry::store_trouble::corrupt);
  }
  if (auto imported = import(); !imported) return imported;
  if (auto loaded = load_queues(); !loaded) return loaded;
  if (auto loaded = load_suspects(); !loaded) return loaded;
  if (auto revived = revive_own_dead(); !revived) return revived;
  if (auto counted = count_published(); !counted) return counted;
  auto receipts = store_->subscribers();
  if (!receipts) return failure(std::move(receipts.error()));
  for (auto& one : subscribers_) {
    one.acked = one.received = 0;
    for (const auto& row : *receipts)
      if (row.subscriber == one.name()) {
        one.acked = row.acked;
        one.received = row.received;
      }
    auto oldest = store_->oldest_after(one.acked);
    if (!oldest) return failure(std::move(oldest.error()));
    one.oldest = oldest->value_or(instant{});
  }
  auto generations = store_->generations();
  if (!generations) return failure(std::move(generations.error()));
  outbox_.reset(store_->last_seq(), std::move(*generations));
  for (auto& [name, from] : upstreams_) from.moved = false;
  update_ledgers();
  return watcher_ ? watcher_->load(*store_) : result<void>{};
}

std::optional<base::fault> partition::too_large(const envelope& message) const {
  if (message.payload.size() <= limits_.payload_bytes_max) return {};
  return base::fault{
      fault_kind::too_large, message.type + " has " + std::to_string(message.payload.size()) + " bytes", {}, {}};
}

/// What would be in our log for nobody, or for somebody who has no queue with us, is not written.
std::optional<base::fault> partition::cannot_send(const envelope& message) const {
  const auto wrong = [&](const std::string& text) {
    return base::fault{fault_kind::internal, definition_.name() + " says " + message.type + text, {}, {}};
  };
  if (!definition_.says_type(message.type)) return wrong(" without says<>()");
  if (definition_.is_under_own_keys() && !definition_.share().owns(message.key))
    return wrong(" under a key of another partition");
  if (!message.to.empty()) {
    const auto to = counts_.owner(message.to, message.key);
    const auto hears = [&](const subscriber& one) { return one.name() == to && one.who.hears(message.type); };
    if (std::ranges::none_of(subscribers_, hears)) return wrong(" to " + to + ", which does not handle it");
  }
  return too_large(message);
}

envelope partition::reply_to(const envelope& message, const request::answer& said, instant at) {
  turn now{message, definition_.name(), *store_, at, random_};
  now.trace_as(spans_.caused_by(message));
  auto reply = now.envelope_for(said.type, said.version, said.key, said.payload);
  reply.to = message.reply_to;
  reply.answers = message.id;
  return reply;
}

/// To whom it goes is decided here: by then it has its key.
result<void> partition::append_to_log(envelope& message) {
  if (counts_.of(message.to) > 1) message.to = counts_.owner(message.to, message.key);
  if (auto appended = store_->append(message); !appended) return appended;
  const bool by_slot = message.to.empty() && slotted_.contains(message.type);
  return by_slot ? store_->count_slot(message.type, delivery::slot_of(message.key)) : result<void>{};
}

result<void> partition::load_queues() {
  auto cursors = store_->cursors();
  if (!cursors) return failure(std::move(cursors.error()));
  for (auto& [name, from] : upstreams_) from.cursor = {name};
  for (auto& row : *cursors)
    if (const auto known = upstreams_.find(row.upstream); known != upstreams_.end()) known->second.cursor = row;
  auto marks = store_->waiting();
  if (!marks) return failure(std::move(marks.error()));
  const auto orphans = std::erase_if(*marks, [&](const auto& mark) { return !upstreams_.contains(mark.upstream); });
  if (orphans > 0) log.warn("waiting-without-upstream", {{"service", definition_.name()}, {"messages", orphans}});
  waiting_.load(std::move(*marks));
  for (const auto& [name, from] : upstreams_) {
    const auto& books = from.cursor;
    std::uint64_t waits = 0;
    for (std::size_t state = 0; state < storage::waiting_states; ++state)
      waits += waiting_.of(name, static_cast<storage::waiting_state>(state)).count;
    const auto dead = waiting_.of(name, storage::waiting_state::dead).count;
    if (books.dead == dead && books.received == books.processed + books.discarded + waits) continue;
    log.error("ledger-broken", {{"queue", queue_name(name, definition_.name())},
                                {"received", books.received},
                                {"processed", books.processed},
                                {"discarded", books.discarded},
                                {"dead", books.dead},
                                {"dead_rows", dead},
                                {"waiting_rows", waits}});
  }
  return {};
}

/// The one who hears of dead letters has nobody to tell of its own. They are tried again at each start, when a mend
/// may have come.
result<void> partition::revive_own_dead() {
  if (!definition_.find(describe::name_of<delivery::message_died>())) return {};
  std::vector<storage::waiting_mark> dead;
  for (auto& mark : waiting_.all())
    if (mark.state == storage::waiting_state::dead) dead.push_back(std::move(mark));
  if (dead.empty()) return {};
  if (auto begun = store_->begin(); !begun) return begun;
  try {
    for (const auto& mark : dead) {
      auto row = load_waiting(mark.upstream, mark.seq);
      begin_replay(row, row.replay + 1);
    }
    for (auto& [name, from] : upstreams_)
      if (auto saved = store_->save(from.cursor); !saved) return saved;
    log.warn("own-dead-letters-tried-again", {{"service", definition_.name()}, {"messages", dead.size()}});
    return store_->commit();
  } catch (const turn_trouble& trouble) {
    return base::failure(trouble.what);
  }
}

/// Runs the first start's rule in a transaction of its own, once in the life of the store.
result<void> partition::import() {
  if (!definition_.first_start()) return {};
  auto known = store_->find(import_type, definition_.name());
  if (!known) return failure(std::move(known.error()));
  if (*known) return {};
  envelope message;
  message.id = base::make_id(environment_.clock.now(), random_);
  message.type = import_type;
  message.source = definition_.name();
  try {
    turn now{message, definition_.name(), *store_, environment_.clock.now(), random_, &sendable_};
    definition_.first_start()(now);
    auto effects = now.take_effects();
    if (auto begun = store_->begin(); !begun) return begun;
    for (const auto& write : effects.writes) {
      ensure(write.body.has_value(), "the first start has nothing to erase");
      if (auto saved = store_->save(write.type, write.key, *write.body); !saved) return saved;
    }
    for (auto& sent : effects.messages)
      if (auto appended = append_to_log(sent); !appended) return appended;
    if (auto saved = store_->save(import_type, definition_.name(), "{}"); !saved) return saved;
    return store_->commit();
  } catch (const turn_trouble& trouble) {
    return base::failure(trouble.what);
  } catch (const unreadable_entity& entity) {
    return base::failure(entity.what);
  } catch (const std::exception& crash) {
    return base::failure(fault_kind::crash, definition_.name() + " cannot import: " + crash.what());
  }
}

void partition::close(const base::fault& why, outgoing& out) {
  for (auto& one : ready_) answer(one.token, why, out);
  for (auto& [gather, one] : asking_) answer(one.token, why, out);
  ready_.clear();
  ready_bytes_ = 0;
  asking_.clear();
  gathers_.clear();
  pins_ = {};
  alone_ = false;
  arrived_.clear();
  for (auto& [name, from] : upstreams_) from.held.clear();
  outbox_.reset(0);
  store_.reset();
}

void partition::strayed(std::string what, telemetry::stray_reason reason) {
  constexpr std::size_t strays_max = 1'000;
  constexpr std::size_t text_max = 4'096;
  environment_.cell.strayed(reason);
  if (strays_.size() >= strays_max) {
    ++strays_dropped_;
    return;
  }
  if (what.size() > text_max) what.resize(text_max);
  strays_.push_back({std::move(what), "the cell got something that is no message of this program", reason});
}

bool partition::has_work() const {
  if (!is_open()) return false;
  if (!ready_.empty() || !strays_.empty() || outbox_.has_ready() || wants_alone()) return true;
  if (arrived_.size() >= (definition_.gathers() > duration{} ? limits_.batch_messages : 1)) return true;
  const auto due = stream_work_due();
  return due && *due <= environment_.clock.now();
}

void partition::expire(outgoing&) {
  const auto now = environment_.clock.now();
  for (const auto& done : gathers_.expire(now)) gathered(done);
  dependencies_.note(now);
}

std::optional<instant> partition::next_due() const { return earlier(stream_work_due(), gathers_.next_deadline()); }

/// When what came through logs is worth a batch of its own. A batch that runs anyway takes it along before that.
std::optional<instant> partition::stream_work_due() const {
  auto due = waiting_.next_due();
  if (due) *due += limits_.retry_slack;
  const bool gathering = definition_.gathers() > duration{} && !arrived_.empty();
  return gathering ? earlier(due, arrived_since_ + definition_.gathers()) : due;
}

result<std::vector<storage::waiting_row>> partition::waiting_rows() const {
  std::vector<storage::waiting_row> rows;
  if (!store_) return rows;
  for (const auto& mark : waiting_.all()) {
    auto row = store_->find_waiting(mark.upstream, mark.seq);
    if (!row) return failure(std::move(row.error()));
    if (*row) rows.push_back(std::move(**row));
  }
  return rows;
}

storage::store_statistics partition::store_statistics() const {
  return store_ ? store_->statistics() : storage::store_statistics{};
}

void partition::update_ledgers() {
  using storage::waiting_state;
  for (const auto& [name, from] : upstreams_) {
    const auto dead = waiting_.of(name, waiting_state::dead);
    delivery::waiting_room::population delayed;
    for (const auto state :
         {waiting_state::retry, waiting_state::deferred, waiting_state::replaying, waiting_state::alone}) {
      const auto those = waiting_.of(name, state);
      if (those.count > 0)
        delayed.oldest = delayed.count == 0 ? those.oldest : std::min(delayed.oldest, those.oldest);
      delayed.count += those.count;
    }
    queue_books books;
    books.received = from.cursor.received;
    books.processed = from.cursor.processed;
    books.dead = from.cursor.dead;
    books.discarded = from.cursor.discarded;
    books.retrying = delayed.count;
    books.held = !from.held.empty();
    books.parked = waiting_.of(name, waiting_state::parked).count;
    books.oldest_waiting = delayed.oldest.time_since_epoch().count();
    books.oldest_parked = waiting_.of(name, waiting_state::parked).oldest.time_since_epoch().count();
    books.oldest_dead = dead.oldest.time_since_epoch().count();
    from.ledger->received(books);
  }
  update_published();
}

}  // namespace musiccorp::service
