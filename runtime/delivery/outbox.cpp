#include "delivery/outbox.hpp"

#include <algorithm>

#include "base/ensure.hpp"

namespace musiccorp::delivery {

void outbox::reset(std::uint64_t last_seq, std::vector<storage::log_generation> generations) {
  generations_ = std::move(generations);
  streams_.clear();
  tail_.clear();
  tail_bytes_ = 0;
  last_seq_ = last_seq;
}

void outbox::committed(const envelope& message) {
  ensure(message.seq == last_seq_ + 1, "the log has no gaps");
  last_seq_ = message.seq;
  tail_bytes_ += message.size();
  tail_.push_back(message);
  while (tail_.size() > limits_.tail_messages || (tail_bytes_ > limits_.tail_bytes && tail_.size() > 1)) {
    tail_bytes_ -= tail_.front().size();
    tail_.pop_front();
  }
}

std::string outbox::why_not(const subscribe& request, std::uint64_t received_before) const {
  const auto after = std::to_string(request.after);
  if (request.after > last_seq_)
    return request.subscriber + " has seen its log up to " + after + ", but the log ends at " +
           std::to_string(last_seq_) + ": the store of " + publisher_ + " has lost its end";
  // Who does not know the generation speaks of a time when there was none.
  if (!request.generation.empty() && request.generation != storage::generation_at(generations_, request.after))
    return request.subscriber + " has seen another message " + after + ": the store of " + publisher_ +
           " was replaced by an older one, and has gone on";
  if (request.received < received_before)
    return request.subscriber + " had " + std::to_string(received_before) + " messages of it, and now says " +
           std::to_string(request.received) + ": the store of " + request.subscriber +
           " was emptied or replaced by an older one";
  return {};
}

result<void> outbox::subscribed(const subscribe& request, std::uint64_t received_before) {
  if (auto why = why_not(request, received_before); !why.empty()) {
    streams_.erase(request.subscriber);
    return failure(fault_kind::conflict, std::move(why));
  }
  auto& one = streams_[request.subscriber];
  one = {};
  one.types = request.types;
  one.share = request.share;
  one.scanned = one.told = one.acked = request.after;
  one.received = request.received;
  one.window_messages = request.window_messages;
  one.window_bytes = request.window_bytes;
  return {};
}

void outbox::acknowledged(const ack& receipt) {
  const auto found = streams_.find(receipt.subscriber);
  if (found == streams_.end()) return;
  auto& one = found->second;
  while (!one.in_flight.empty() && one.in_flight.front().seq <= receipt.upto) {
    one.in_flight_bytes -= one.in_flight.front().bytes;
    one.in_flight.pop_front();
  }
  one.acked = std::max(one.acked, std::min(receipt.upto, one.scanned));
  one.received = std::max(one.received, receipt.received);
}

bool outbox::has_ready() const {
  return std::any_of(streams_.begin(), streams_.end(), [&](const auto& entry) {
    return entry.second.scanned < last_seq_ && entry.second.has_credit();
  });
}

result<std::vector<outbox::parcel>> outbox::take_ready(const log_reader& read) {
  std::vector<parcel> ready;
  for (auto& [subscriber, one] : streams_)
    if (auto filled = fill(subscriber, one, read, ready); !filled) return failure(std::move(filled.error()));
  return ready;
}

bool outbox::stream::wants(const envelope& message, std::string_view subscriber) const {
  if (!message.to.empty()) return message.to == subscriber;
  return std::find(types.begin(), types.end(), message.type) != types.end() && share.takes(message.type, message.key);
}

/// Looks at one message; false when the frame is full or the credit is used up, and the message must wait, or when it
/// needs a frame of its own generation.
bool outbox::offer(const std::string& subscriber, stream& one, const envelope& message, batch& frame,
                   std::size_t& frame_bytes) {
  const auto generation = storage::generation_at(generations_, message.seq);
  if (!frame.messages.empty() && frame.generation != generation) return false;
  if (one.wants(message, subscriber)) {
    if (!one.has_credit() || frame.messages.size() >= limits_.batch_messages || frame_bytes >= limits_.batch_bytes)
      return false;
    const auto bytes = message.size();
    frame.messages.push_back(message);
    frame_bytes += bytes;
    one.in_flight.push_back({message.seq, bytes, message.occurred});
    one.in_flight_bytes += bytes;
  }
  one.scanned = message.seq;
  if (frame.generation != generation) frame.generation = generation;
  return true;
}

result<void> outbox::fill(const std::string& subscriber, stream& one, const log_reader& read,
                          std::vector<parcel>& ready) {
  std::size_t looked_at = 0;
  while (one.scanned < last_seq_ && one.has_credit() && looked_at < limits_.scan_messages) {
    batch frame{publisher_, one.told, one.scanned, {}, {}};
    std::size_t frame_bytes = 0;
    if (in_tail(one.scanned + 1)) {
      for (auto at = one.scanned + 1 - tail_.front().seq; at < tail_.size(); ++at, ++looked_at)
        if (!offer(subscriber, one, tail_[at], frame, frame_bytes)) break;
    } else {
      auto older = read(one.scanned, {limits_.batch_messages, limits_.batch_bytes});
      if (!older) return failure(std::move(older.error()));
      if (older->empty())
        one.scanned = tail_.empty() ? last_seq_ : tail_.front().seq - 1;  // Trimmed: nobody needs it.
      for (const auto& message : *older) {
        ++looked_at;
        if (!offer(subscriber, one, message, frame, frame_bytes)) break;
      }
    }
    if (frame.messages.empty()) continue;
    frame.upto = one.told = one.scanned;
    ready.push_back({subscriber, std::move(frame)});
  }
  if (one.in_flight.empty()) one.acked = one.scanned;  // Nothing of theirs is missing over there.
  return {};
}

std::vector<outbox::stream_state> outbox::streams() const {
  std::vector<stream_state> states;
  for (const auto& [subscriber, one] : streams_)
    states.push_back(
        {subscriber, one.in_flight.empty() ? one.scanned : std::min(one.acked, one.in_flight.front().seq - 1),
         one.received, one.in_flight.size(), one.in_flight.empty() ? instant{} : one.in_flight.front().occurred,
         one.in_flight.empty() && one.scanned == last_seq_});
  return states;
}

}  // namespace musiccorp::delivery
