#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace musiccorp::service {

/// The books of one queue, as its two ends last committed them. The publisher writes `published`, the subscriber the
/// rest; read by any thread. At rest: published = processed + dead + discarded + waiting + ready, with
/// ready = published - received.
struct queue_ledger {
  std::atomic<std::uint64_t> published{0};
  std::atomic<std::uint64_t> received{0};
  std::atomic<std::uint64_t> processed{0};
  std::atomic<std::uint64_t> dead{0};
  std::atomic<std::uint64_t> discarded{0};
  std::atomic<std::uint64_t> retrying{0};  ///< waiting for their time: retry and deferred
  std::atomic<std::uint64_t> parked{0};
  std::atomic<std::int64_t> oldest_ready{0};  ///< microseconds since 1970 of the oldest message in flight; 0: none
  std::atomic<std::int64_t> oldest_waiting{0};
  std::atomic<std::int64_t> oldest_dead{0};

  /// Published and not yet received by the subscriber. 0 while the two ends are between two of their commits.
  [[nodiscard]] std::uint64_t ready() const {
    const auto got = received.load();
    const auto said = published.load();
    return said > got ? said - got : 0;
  }
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
