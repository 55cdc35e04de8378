#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "request/reply.hpp"

namespace musiccorp::request {

using base::duration;
using base::instant;

/// When a breaker opens, for how long, and how it closes again.
struct breaker_policy {
  std::uint32_t failures_in_row = 5;  ///< it opens after so many; 0: never for that
  std::uint32_t failures_percent =
      50;                        ///< or at a failure, when so many asks of the window failed; 0: never for that
  std::uint32_t calls_min = 20;  ///< asks in the window, below which that share says nothing
  duration window = std::chrono::seconds{10};
  duration open_first = std::chrono::milliseconds{500};  ///< doubles with each probe that fails
  duration open_longest = std::chrono::seconds{10};
  int jitter_percent = 20;       ///< the part of each wait that is random
  std::uint32_t probes_max = 1;  ///< asks at once that may try whether it is back
};

/// In the order of the numbers that `runtime_breaker_state` shows.
enum class breaker_state : std::uint8_t { closed, half_open, open };
constexpr auto describe_choice(breaker_state) {
  return std::array<std::string_view, 3>{"closed", "half_open", "open"};
}

/// How an ask ended. A failure says that the other side is not there or has too much to do: unavailable, overloaded,
/// or silent until the deadline. A no, and trouble that trying again cannot mend, are answers of somebody who is
/// there.
struct ask_end {
  std::optional<base::fault_kind> failure{};
  duration retry_after{};  ///< what the other side wanted
};
[[nodiscard]] ask_end end_of(const reply& said);

/// Circuit breaker (M. Nygard, "Release It!") before one service that is asked: when it is not there, nobody waits
/// for it and it is not asked more than it can bear; a few probes find out when it is back.
///
///     closed --failures--> open --time--> half_open --a probe succeeds--> closed
///                           ^                 | a probe fails: open for twice as long
///                           +-----------------+
///
/// Every ask needs a permit, and reports its end with it. What ends after the state has changed says nothing about
/// the present one and is not counted. One owner, no locking; it must outlive its permits. Nothing here allocates.
class breaker {
 public:
  /// The right to ask once. Without an end() it counts nothing, but its probe is free for somebody else. One made by
  /// default belongs to no breaker.
  class permit {
   public:
    permit() = default;
    permit(permit&& other) noexcept : whose_{std::exchange(other.whose_, nullptr)}, generation_{other.generation_} {}
    permit& operator=(permit&& other) noexcept {
      std::swap(whose_, other.whose_);
      std::swap(generation_, other.generation_);
      return *this;
    }
    ~permit() {
      if (whose_ != nullptr) whose_->abandoned(generation_);
    }
    [[nodiscard]] explicit operator bool() const { return whose_ != nullptr; }
    /// How it ended. What comes after the first one is not counted.
    void end(const ask_end& how, instant now) {
      if (auto* const whose = std::exchange(whose_, nullptr)) whose->ended(generation_, how, now);
    }

   private:
    friend class breaker;
    permit(breaker& whose, std::uint64_t generation) : whose_{&whose}, generation_{generation} {}
    breaker* whose_ = nullptr;
    std::uint64_t generation_ = 0;
  };

  breaker(const breaker_policy& policy, std::uint64_t seed, instant now);
  breaker(const breaker&) = delete;
  breaker& operator=(const breaker&) = delete;

  /// An empty one when it may not be asked now. Probes that have not ended by the latest of their deadlines, and at
  /// most `open_longest` after the last began, count as lost: others may try.
  [[nodiscard]] permit ask(instant now, instant deadline);
  /// For a second ask of the same request, right after the first one got this permit: they go together, or a request
  /// that asks twice could never be a probe.
  [[nodiscard]] permit accompany(const permit& first);

  [[nodiscard]] breaker_state state() const { return state_; }
  [[nodiscard]] instant since() const { return since_; }
  /// When the next ask is let through as a probe. Nothing while it is closed.
  [[nodiscard]] std::optional<instant> next_probe() const;
  /// How whoever is refused now should wait; more than nothing.
  [[nodiscard]] duration wait(instant now) const;
  /// The failure that opened it last.
  [[nodiscard]] std::optional<base::fault_kind> cause() const { return cause_; }

 private:
  /// The window moves by a tenth of itself.
  static constexpr std::int64_t parts = 10;
  struct part {
    std::uint32_t calls = 0;
    std::uint32_t failures = 0;
  };

  void ended(std::uint64_t generation, const ask_end& how, instant now);
  void abandoned(std::uint64_t generation) noexcept;
  [[nodiscard]] part& part_of(instant now);
  [[nodiscard]] bool share_is_too_high() const;
  void change(breaker_state state, instant now);
  void open(const ask_end& why, instant now);
  void close(instant now);
  [[nodiscard]] duration next_wait();

  breaker_policy policy_;
  duration::rep part_length_;
  base::random_source random_;
  breaker_state state_ = breaker_state::closed;
  instant since_;
  std::uint64_t generation_ = 1;  ///< of the state; permits of older ones are out of date
  std::optional<base::fault_kind> cause_;

  std::uint32_t failed_in_row_ = 0;
  std::array<part, parts> window_{};
  std::int64_t newest_ = 0;  ///< number of the window's newest part since 1970

  std::uint32_t openings_ = 0;  ///< since it was closed
  instant open_until_{};
  std::uint32_t probes_ = 0;  ///< under way
  instant probes_lost_at_{};
};

}  // namespace musiccorp::request
