// The streams between a partition and its neighbours: what it hears from the logs of others, and what others have of
// its own.
#include <algorithm>

#include "service/partition_work.hpp"
#include "telemetry/log.hpp"

namespace musiccorp::service {
namespace {

const telemetry::logger log{"service"};

}  // namespace

void partition::subscribe_to(upstream& from, outgoing& out) {
  std::erase_if(arrived_, [&](const auto& one) { return one.from == &from; });
  from.held.clear();
  from.expected = from.cursor.seq;
  from.generations.clear();
  out.frames.push_back(
      {from.cursor.upstream,
       delivery::subscribe{definition_.name(), from.types, from.expected, limits_.window_messages,
                           limits_.window_bytes, from.cursor.received, definition_.share(), from.cursor.generation}});
}

void partition::greeted(const delivery::hello& frame, outgoing& out) {
  if (!is_open()) return;
  if (const auto known = upstreams_.find(frame.publisher); known != upstreams_.end())
    subscribe_to(known->second, out);
}

void partition::subscribed(const delivery::subscribe& frame) {
  if (!is_open()) return;
  const auto known =
      std::ranges::find_if(subscribers_, [&](const subscriber& one) { return one.name() == frame.subscriber; });
  if (known == subscribers_.end()) return;
  const auto begun = outbox_.subscribed(frame, known->received);
  known->ledger->refuse(begun ? std::string{} : begun.error().text);
  if (!begun)
    log.error("stream-refused",
              {{"publisher", definition_.name()}, {"subscriber", frame.subscriber}, {"why", begun.error().text}});
  update_published();
}

void partition::acknowledged(const delivery::ack& frame) {
  if (!is_open()) return;
  outbox_.acknowledged(frame);
  update_published();
}

void partition::received(delivery::batch frame, outgoing& out) {
  const auto known = upstreams_.find(frame.publisher);
  if (!is_open() || known == upstreams_.end()) return;
  auto& from = known->second;
  if (frame.after > from.expected) {
    log.warn("stream-gap", {{"upstream", frame.publisher},
                            {"subscriber", definition_.name()},
                            {"expected", from.expected},
                            {"after", frame.after}});
    environment_.cell.out_of_order();
    return subscribe_to(from, out);
  }
  const auto before = from.expected;
  const auto& last_generation = from.generations.empty() ? from.cursor.generation : from.generations.back().id;
  bool is_new_generation = frame.generation != last_generation;
  from.expected = std::max(before, frame.upto);
  std::uint64_t known_before = 0;
  for (std::size_t i = 0; i < frame.messages.size(); ++i) {
    auto& message = frame.messages[i];
    if (message.seq <= before) {  // Sent twice: a subscription was renewed while it was on its way.
      ++known_before;
      continue;
    }
    const auto after = i + 1 == frame.messages.size() ? frame.upto : message.seq;
    if (std::exchange(is_new_generation, false)) from.generations.push_back({after, frame.generation});
    if (arrived_.empty()) arrived_since_ = environment_.clock.now();
    arrived_.push_back({&from, after, std::move(message)});
  }
  environment_.cell.duplicate(known_before);
  // What is known will not be committed again, and a publisher that hears nothing keeps its window for ever.
  if (known_before == frame.messages.size())
    out.frames.push_back({frame.publisher, delivery::ack{definition_.name(), from.cursor.seq, from.cursor.received}});
}

/// How far the subscribers are is worth no commit of its own: what the store knows may be old, never too new.
void partition::note_receipts() {
  const auto streams = outbox_.streams();
  for (auto& one : subscribers_) {
    const auto stream =
        std::find_if(streams.begin(), streams.end(), [&](const auto& it) { return it.subscriber == one.name(); });
    if (stream == streams.end() || stream->acked <= one.acked) continue;
    one.acked = stream->acked;
    one.received = stream->received;
    must(store_->save(storage::subscriber_row{one.name(), one.acked, one.received}));
  }
}

std::uint64_t partition::everybody_has() const {
  auto seq = store_->last_seq();
  const auto streams = outbox_.streams();
  for (const auto& one : subscribers_) {
    const auto stream =
        std::find_if(streams.begin(), streams.end(), [&](const auto& it) { return it.subscriber == one.name(); });
    seq = std::min(seq, stream == streams.end() ? one.acked : std::max(one.acked, stream->acked));
  }
  return seq;
}

result<void> partition::count_published() {
  const auto counts = store_->published();
  if (!counts) return failure(counts.error());
  const auto slots = store_->published_slots();
  if (!slots) return failure(slots.error());
  for (auto& one : subscribers_) one.published = published_for(one.who, *counts, *slots);
  return {};
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

/// Our half of the books of those who hear us: also when nothing is to be committed here, because theirs may be on
/// another node.
void partition::update_published() {
  const auto streams = outbox_.streams();
  for (const auto& one : subscribers_) {
    const auto stream =
        std::find_if(streams.begin(), streams.end(), [&](const auto& it) { return it.subscriber == one.name(); });
    if (stream == streams.end())
      one.ledger->published({.messages = one.published,
                             .received_there = one.received,
                             .oldest_ready = one.oldest.time_since_epoch().count()});
    else
      one.ledger->published({.messages = one.published,
                             .received_there = stream->received,
                             .in_flight = stream->in_flight,
                             .oldest_ready = stream->oldest_in_flight.time_since_epoch().count(),
                             .is_at_the_end = stream->is_at_the_end});
  }
}

}  // namespace musiccorp::service
