#pragma once

#include <atomic>
#include <caf/event_based_actor.hpp>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace musiccorp::service {

/// What a mailbox and its actor hold. Outlives the actor; any thread. Senders and the actor write to different cache
/// lines, and senders look at the actor's only when the mailbox seems full.
struct mailbox_state {
  static constexpr std::size_t cache_line = 64;

  alignas(cache_line) std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> finished_seen{0};  ///< `finished` as a sender last saw it
  std::atomic<std::uint64_t> refused{0};
  std::uint64_t limit = 10'000;
  std::uint64_t bytes_limit = 64u << 20;
  std::atomic<std::uint64_t> bytes_accepted{0};
  alignas(cache_line) std::atomic<std::uint64_t> finished{0};
  std::atomic<std::uint64_t> bytes_finished{0};

  /// Bounded messages that wait, are being handled, or are held until their answer leaves.
  [[nodiscard]] std::uint64_t depth() const {
    const auto done = finished.load(std::memory_order_acquire);
    const auto taken = accepted.load(std::memory_order_acquire);
    return taken > done ? taken - done : 0;
  }
  /// Of those, and of what they gather meanwhile.
  [[nodiscard]] std::uint64_t bytes() const {
    const auto done = bytes_finished.load(std::memory_order_acquire);
    const auto taken = bytes_accepted.load(std::memory_order_acquire);
    return taken > done ? taken - done : 0;
  }
  /// Counts one message of so many bytes in, or says that there is no room. A message that is larger than the limit
  /// finds room when nothing else waits.
  [[nodiscard]] bool enter(std::uint64_t size = 0) {
    const auto before = accepted.fetch_add(1);
    if (has_room(before, finished_seen.load(std::memory_order_relaxed)) && take_bytes(size)) [[likely]]
      return true;
    const auto done = finished.load(std::memory_order_relaxed);
    finished_seen.store(done, std::memory_order_relaxed);
    if (has_room(before, done) && take_bytes(size)) return true;
    accepted.fetch_sub(1);
    refused.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  /// Takes back an enter() whose message did not go in.
  void withdraw(std::uint64_t size = 0) {
    if (size > 0) bytes_accepted.fetch_sub(size);
    accepted.fetch_sub(1);
  }
  /// Only the actor's thread.
  void leave(std::uint64_t size = 0) {
    lose_weight(size);
    finished.store(finished.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }
  /// What the actor holds for its messages got heavier, whatever the limit says: it is there already. Only the
  /// actor's thread, as lose_weight.
  void gain_weight(std::uint64_t size) {
    if (size > 0) bytes_accepted.fetch_add(size);
  }
  void lose_weight(std::uint64_t size) {
    if (size > 0)
      bytes_finished.store(bytes_finished.load(std::memory_order_relaxed) + size, std::memory_order_release);
  }

 private:
  [[nodiscard]] bool take_bytes(std::uint64_t size) {
    if (size == 0) return true;
    const auto before = bytes_accepted.fetch_add(size);
    const auto done = bytes_finished.load(std::memory_order_relaxed);
    if (done >= before || before - done + size <= bytes_limit) return true;
    bytes_accepted.fetch_sub(size);
    return false;
  }
  /// `done` may be ahead of `before`: others came and went since.
  [[nodiscard]] bool has_room(std::uint64_t before, std::uint64_t done) const {
    return done >= before || before - done < limit;
  }
};

/// Why a message was not taken.
enum class refusal : std::uint8_t { full, closed };

/// An actor with a bounded mailbox that survives its handlers' exceptions: the handle stays valid, everything queued
/// stays queued (CAF's own actor dies and silently drops it). Responses, exits, downs, errors and timeouts are never
/// bounded. What is left in the mailbox when it ends is refused, not dropped.
class managed_actor : public caf::event_based_actor {
 public:
  managed_actor(caf::actor_config& config, std::shared_ptr<mailbox_state> mailbox);

  void enqueue(caf::mailbox_element_ptr element, caf::execution_unit* host) override;
  caf::invoke_message_result consume(caf::mailbox_element& element) override;
  bool cleanup(caf::error&& reason, caf::execution_unit* host) override;
#ifdef __SANITIZE_THREAD__
  // Debian's CAF is not instrumented: its mailbox hands messages over without edges that ThreadSanitizer can see.
  void initialize() override;
  resume_result resume(caf::execution_unit* host, std::size_t throughput) override;
#endif

 protected:
  /// Which messages count against the limit. Called by senders' threads.
  [[nodiscard]] virtual bool is_bounded(const caf::mailbox_element& element) const;
  /// Bytes of a bounded message that count against the limit; 0: only its number counts. Called by senders' threads,
  /// and by the actor's before the message is handled.
  [[nodiscard]] virtual std::uint64_t weight(const caf::mailbox_element& element) const;
  /// No handler takes this message; nothing: it could not be read. Runs in the actor. By default it is logged.
  virtual void unexpected(const std::optional<std::string>& what);
  /// A bounded message that found the mailbox full or closed, or was left in it at the end. Called by the sender's
  /// thread or, at the end, by the actor's; must not touch the actor's state.
  virtual void refuse(caf::mailbox_element& element, refusal why, caf::execution_unit* host);
  /// A handler threw. The message is spent, the mailbox intact.
  virtual void crashed(caf::mailbox_element& element, std::exception_ptr why);

  /// The place of one bounded message: it counts against the limits for as long as this lives. Only the actor's
  /// thread; the actor gives all of them back in on_exit() at the latest.
  class place {
   public:
    place() = default;
    place(place&& other) noexcept : owner_{std::exchange(other.owner_, nullptr)}, size_{other.size_} {}
    place& operator=(place&& other) noexcept {
      std::swap(owner_, other.owner_);
      std::swap(size_, other.size_);
      return *this;
    }
    ~place() {
      if (owner_ != nullptr) owner_->give_back(size_);
    }

   private:
    friend managed_actor;
    place(managed_actor& owner, std::uint64_t size) : owner_{&owner}, size_{size} { ++owner_->placed_; }
    void stay_in_the_queue() {
      if (owner_ != nullptr) --std::exchange(owner_, nullptr)->placed_;
    }
    managed_actor* owner_ = nullptr;
    std::uint64_t size_ = 0;
  };
  /// Keeps the place of the message that is being handled beyond its handler; no place when it is not a bounded one,
  /// or when its place is kept already.
  [[nodiscard]] place keep_place() { return std::exchange(handled_, {}); }

  [[nodiscard]] mailbox_state& mailbox_numbers() { return *mailbox_; }

 private:
  struct drain;
  void give_back(std::uint64_t size) {
    --placed_;
    mailbox_->leave(size);
  }
  void put(caf::mailbox_element_ptr element, caf::execution_unit* host);
  void refuse_the_rest(const caf::error& reason, caf::execution_unit* host);

  std::shared_ptr<mailbox_state> mailbox_;
  std::atomic<bool> closed_{false};
  std::uint64_t placed_ = 0;  ///< places that are not given back; only the actor's thread
  place handled_{};           ///< of the message that is being handled
};

}  // namespace musiccorp::service
