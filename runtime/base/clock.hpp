#pragma once

#include <atomic>
#include <chrono>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace musiccorp::base {

using namespace std::chrono_literals;

/// Wall-clock time in microseconds since 1970, UTC. Everything that is stored or sent uses it.
using instant = std::chrono::sys_time<std::chrono::microseconds>;
using duration = std::chrono::microseconds;

/// The only source of time. Thread-safe.
class clock {
 public:
  virtual ~clock() = default;
  [[nodiscard]] virtual instant now() const = 0;
};

/// Wall-clock time that neither runs backwards nor stands still: when the wall clock is set back, time goes on from
/// where it was, at the steady clock's pace. Thread-safe.
class forward_time {
 public:
  /// `wall` was read just before `steady`.
  [[nodiscard]] instant at(instant wall, duration steady);

 private:
  std::atomic<duration::rep> lead_{std::numeric_limits<duration::rep>::min()};  ///< largest of wall - steady
};

/// The machine's wall clock as `forward_time`.
class system_clock final : public clock {
 public:
  [[nodiscard]] instant now() const override;

 private:
  mutable forward_time forward_;
};

/// Simulated time: moves only when told.
class manual_clock final : public clock {
 public:
  explicit manual_clock(instant start = instant{std::chrono::days{20'000}}) : now_(start.time_since_epoch().count()) {}
  [[nodiscard]] instant now() const override { return instant{duration{now_.load(std::memory_order_relaxed)}}; }
  void advance(duration by) { now_.fetch_add(by.count(), std::memory_order_relaxed); }
  void set(instant to) { now_.store(to.time_since_epoch().count(), std::memory_order_relaxed); }

 private:
  std::atomic<instant::rep> now_;
};

/// RFC 3339 in UTC with microseconds: `2026-01-31T08:09:10.000001Z`.
[[nodiscard]] std::string to_text(instant time);
/// Reads RFC 3339 with any offset and 0 to 9 fraction digits (cut to microseconds); nothing for anything else, also
/// when the time in UTC has no year of four digits.
[[nodiscard]] std::optional<instant> parse_instant(std::string_view text);

}  // namespace musiccorp::base

namespace musiccorp {
using base::duration;
using base::instant;
}  // namespace musiccorp
