#pragma once

#include <atomic>
#include <caf/event_based_actor.hpp>
#include <cstdint>
#include <exception>
#include <memory>

namespace musiccorp::service {

/// What a mailbox holds. Outlives its actor; any thread. Senders and the actor write to different cache lines, and
/// senders look at the actor's only when the mailbox seems full.
struct mailbox_state {
  static constexpr std::size_t cache_line = 64;

  alignas(cache_line) std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> finished_seen{0};  ///< `finished` as a sender last saw it
  std::atomic<std::uint64_t> refused{0};
  std::uint64_t limit = 10'000;
  alignas(cache_line) std::atomic<std::uint64_t> finished{0};

  /// Bounded messages that wait or are being handled.
  [[nodiscard]] std::uint64_t depth() const {
    const auto done = finished.load(std::memory_order_acquire);
    const auto taken = accepted.load(std::memory_order_acquire);
    return taken > done ? taken - done : 0;
  }
  /// Counts one message in, or says that there is no room.
  [[nodiscard]] bool enter() {
    const auto before = accepted.fetch_add(1, std::memory_order_relaxed);
    if (before - finished_seen.load(std::memory_order_relaxed) < limit) [[likely]]
      return true;
    const auto done = finished.load(std::memory_order_relaxed);
    finished_seen.store(done, std::memory_order_relaxed);
    if (before - done < limit) return true;
    accepted.fetch_sub(1, std::memory_order_relaxed);
    refused.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  /// Only the actor's thread.
  void leave() { finished.store(finished.load(std::memory_order_relaxed) + 1, std::memory_order_release); }
};

/// An actor with a bounded mailbox that survives its handlers' exceptions: the handle stays valid, everything queued
/// stays queued (CAF's own actor dies and silently drops it). Responses, exits, downs, errors and timeouts are never
/// bounded.
class managed_actor : public caf::event_based_actor {
 public:
  managed_actor(caf::actor_config& config, std::shared_ptr<mailbox_state> mailbox);

  void enqueue(caf::mailbox_element_ptr element, caf::execution_unit* host) override;
  caf::invoke_message_result consume(caf::mailbox_element& element) override;
  bool cleanup(caf::error&& reason, caf::execution_unit* host) override;
#ifdef __SANITIZE_THREAD__
  // Debian's CAF is not instrumented: its mailbox hands messages over without edges that ThreadSanitizer can see.
  resume_result resume(caf::execution_unit* host, std::size_t throughput) override;
#endif

 protected:
  /// Which messages count against the limit. Called by senders' threads.
  [[nodiscard]] virtual bool is_bounded(const caf::mailbox_element& element) const;
  /// A message that found the mailbox full or closed. Called by the sender's thread; must not touch the actor's
  /// state.
  virtual void refuse(caf::mailbox_element& element, caf::execution_unit* host);
  /// A handler threw. The message is spent, the mailbox intact.
  virtual void crashed(caf::mailbox_element& element, std::exception_ptr why);

  [[nodiscard]] mailbox_state& mailbox_numbers() { return *mailbox_; }

 private:
  std::shared_ptr<mailbox_state> mailbox_;
  std::atomic<bool> closed_{false};
};

}  // namespace musiccorp::service
