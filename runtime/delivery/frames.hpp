#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "delivery/key_share.hpp"
#include "message/envelope.hpp"

/// What two cells say to each other about one stream. Local and remote differ only in the address they are sent to.
namespace musiccorp::delivery {

using message::envelope;

/// Publisher to a subscriber that it knows of: I am (again) here; subscribe.
struct hello {
  std::string publisher;
  friend bool operator==(const hello&, const hello&) = default;
};

/// Subscriber to publisher: send me what is mine after `after`, never more than the window unacknowledged. Starts the
/// stream anew; whatever was in flight is forgotten.
struct subscribe {
  std::string subscriber;
  std::vector<std::string> types;  ///< events; messages addressed to the subscriber come anyway
  std::uint64_t after = 0;
  std::uint64_t window_messages = 0;
  std::uint64_t window_bytes = 0;
  std::uint64_t received = 0;  ///< messages that it has committed since its store was made; for the ledger
  key_share share{};           ///< of the events: those with its keys
  std::string generation{};    ///< of the log at `after`; empty: not known
  friend bool operator==(const subscribe&, const subscribe&) = default;
};

/// Publisher to subscriber: everything of yours in (after, upto], in order.
struct batch {
  std::string publisher;
  std::uint64_t after = 0;
  std::uint64_t upto = 0;
  std::vector<envelope> messages;
  std::string generation{};  ///< of the log, for all of `messages` and at `upto`
  friend bool operator==(const batch&, const batch&) = default;
};

/// Subscriber to publisher: I have committed everything up to `upto`.
struct ack {
  std::string subscriber;
  std::uint64_t upto = 0;
  std::uint64_t received = 0;  ///< as in subscribe
  friend bool operator==(const ack&, const ack&) = default;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, hello& x) {
  return f(x.publisher);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, key_share& x) {
  return f(x.index, x.partitions, x.everywhere);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, subscribe& x) {
  return f(x.subscriber, x.types, x.after, x.window_messages, x.window_bytes, x.received, x.share, x.generation);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, batch& x) {
  return f(x.publisher, x.after, x.upto, x.messages, x.generation);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, ack& x) {
  return f(x.subscriber, x.upto, x.received);
}

}  // namespace musiccorp::delivery
