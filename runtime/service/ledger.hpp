#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace musiccorp::service {

/// The books of one queue at one moment, as far as its ends are on this node: of a queue between two nodes, each has
/// the half of its own end. Always: ready = published - received on the publisher's node, and
/// received = processed + dead + discarded + retrying + parked on the subscriber's, when nothing was lost or counted
/// twice.
struct queue_books {
  std::uint64_t published = 0;
  std::uint64_t received = 0;  ///< on the publisher's node alone: as the subscriber last said
  std::uint64_t processed = 0;
  std::uint64_t dead = 0;
  std::uint64_t discarded = 0;
  std::uint64_t retrying = 0;  ///< waiting for their time: retry, deferred, replaying, alone
  std::uint64_t parked = 0;
  std::uint64_t ready = 0;        ///< published and not yet received
  std::uint64_t in_flight = 0;    ///< the part of `ready` that is with the subscriber and not yet committed there
  std::int64_t oldest_ready = 0;  ///< microseconds since 1970 of the oldest message in flight; 0: none
  std::int64_t oldest_waiting = 0;
  std::int64_t oldest_parked = 0;
  std::int64_t oldest_dead = 0;
  bool held = false;  ///< the subscriber gives no credit: as many are parked as may be
  bool publisher_here = false;
  bool subscriber_here = false;

  /// 0, or messages were lost (above 0) or counted twice.
  [[nodiscard]] std::int64_t imbalance() const {
    std::int64_t missing = 0;
    if (publisher_here) missing += signed_of(published) - signed_of(ready) - signed_of(received);
    if (subscriber_here) missing += signed_of(received) - signed_of(processed + dead + discarded + retrying + parked);
    return missing;
  }

 private:
  static std::int64_t signed_of(std::uint64_t count) { return static_cast<std::int64_t>(count); }
};

/// The books of one queue, as its two ends last committed them: the publisher writes what it has published and what
/// it knows of the other end, the subscriber the rest. Thread-safe.
class queue_ledger {
 public:
  void published(std::uint64_t messages, std::uint64_t received_there, std::uint64_t in_flight,
                 std::int64_t oldest_ready) {
    const std::lock_guard hold{mutex_};
    books_.published = messages;
    books_.in_flight = in_flight;
    books_.oldest_ready = oldest_ready;
    books_.publisher_here = true;
    received_there_ = received_there;
  }
  void received(const queue_books& books) {
    const std::lock_guard hold{mutex_};
    const auto publisher = books_;
    books_ = books;
    books_.published = publisher.published;
    books_.in_flight = publisher.in_flight;
    books_.oldest_ready = publisher.oldest_ready;
    books_.publisher_here = publisher.publisher_here;
    books_.subscriber_here = true;
  }
  [[nodiscard]] queue_books read() const {
    const std::lock_guard hold{mutex_};
    auto books = books_;
    if (!books.subscriber_here) books.received = received_there_;
    books.ready = books.published > books.received ? books.published - books.received : 0;
    if (books.ready == 0) books.oldest_ready = 0;
    books.in_flight =
        std::min(books.in_flight, books.ready);  // Acknowledged, but the publisher has not heard it yet.
    return books;
  }

 private:
  mutable std::mutex mutex_;
  queue_books books_;
  std::uint64_t received_there_ = 0;
};

/// All queues of a node by name. Entries are made at start and live as long as the board.
class ledger_board {
 public:
  [[nodiscard]] queue_ledger& of(const std::string& queue) {
    const std::lock_guard hold{mutex_};
    auto& entry = queues_[queue];
    if (!entry) entry = std::make_unique<queue_ledger>();
    return *entry;
  }
  [[nodiscard]] std::vector<std::pair<std::string, const queue_ledger*>> all() const {
    const std::lock_guard hold{mutex_};
    std::vector<std::pair<std::string, const queue_ledger*>> list;
    for (const auto& [name, entry] : queues_) list.emplace_back(name, entry.get());
    return list;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<queue_ledger>> queues_;
};

}  // namespace musiccorp::service
