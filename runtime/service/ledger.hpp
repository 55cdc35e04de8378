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
/// the half of its own end. Always: published = ready + received on the publisher's node, and
/// received = processed + dead + discarded + retrying + parked on the subscriber's, when nothing was lost or counted
/// twice. Whether `ready` messages are really on their way is known whenever the subscriber has reached the end of
/// the log: then all of them are received, or some are `missing`.
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
  std::int64_t missing = 0;  ///< published, and neither received nor in the log for the subscriber any more
  bool held = false;         ///< nothing is sent: as many are parked as may be, or the publisher refuses (`refused`)
  bool publisher_here = false;
  bool subscriber_here = false;

  /// 0, or messages were lost (above 0) or counted twice.
  [[nodiscard]] std::int64_t imbalance() const {
    auto sum = missing;
    if (publisher_here) sum += signed_of(published) - missing - signed_of(ready) - signed_of(received);
    if (subscriber_here) sum += signed_of(received) - signed_of(processed + dead + discarded + retrying + parked);
    return sum;
  }

 private:
  static std::int64_t signed_of(std::uint64_t count) { return static_cast<std::int64_t>(count); }
};

/// What the publisher of a queue knows of it, at one of its commits or receipts.
struct publisher_books {
  std::uint64_t messages = 0;        ///< published for this subscriber, ever
  std::uint64_t received_there = 0;  ///< as it last said
  std::uint64_t in_flight = 0;
  std::int64_t oldest_ready = 0;
  bool is_at_the_end = false;  ///< it has everything of its own that is in the log
};

/// The books of one queue, as its two ends last committed them: the publisher writes what it has published and what
/// it knows of the other end, the subscriber the rest. Thread-safe.
class queue_ledger {
 public:
  void published(const publisher_books& books) {
    const std::lock_guard hold{mutex_};
    books_.published = books.messages;
    books_.in_flight = books.in_flight;
    books_.oldest_ready = books.oldest_ready;
    books_.publisher_here = true;
    received_there_ = books.received_there;
    // Between two such moments nobody knows where a message is; what is missing at one stays missing.
    if (books.is_at_the_end)
      books_.missing = static_cast<std::int64_t>(books.messages) - static_cast<std::int64_t>(books.received_there);
  }
  void received(const queue_books& books) {
    const std::lock_guard hold{mutex_};
    const auto publisher = books_;
    books_ = books;
    books_.published = publisher.published;
    books_.in_flight = publisher.in_flight;
    books_.oldest_ready = publisher.oldest_ready;
    books_.publisher_here = publisher.publisher_here;
    books_.missing = publisher.missing;
    books_.subscriber_here = true;
  }
  /// Why its publisher does not send; empty: it does.
  void refuse(std::string why) {
    const std::lock_guard hold{mutex_};
    refused_ = std::move(why);
  }
  [[nodiscard]] std::string refused() const {
    const std::lock_guard hold{mutex_};
    return refused_;
  }
  [[nodiscard]] queue_books read() const {
    const std::lock_guard hold{mutex_};
    auto books = books_;
    if (!books.subscriber_here) books.received = received_there_;
    const auto ready = static_cast<std::int64_t>(books.published - books.received) - books.missing;
    books.ready = ready > 0 ? static_cast<std::uint64_t>(ready) : 0;
    if (books.ready == 0) books.oldest_ready = 0;
    books.held = books.held || !refused_.empty();
    books.in_flight =
        std::min(books.in_flight, books.ready);  // Acknowledged, but the publisher has not heard it yet.
    return books;
  }

 private:
  mutable std::mutex mutex_;
  queue_books books_;
  std::uint64_t received_there_ = 0;
  std::string refused_;
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
