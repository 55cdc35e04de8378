#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "describe/describe.hpp"
#include "supervision/moment.hpp"

/// Notices handlers that run over their deadline: a rule in an endless loop, a disk that does not answer. It is asked
/// from outside the scheduler, so it also notices when all of the scheduler's threads hang. Here is the mechanism;
/// `watchdog_thread` asks it.
namespace musiccorp::supervision {

/// Where one handler (a cell, say) writes what it is handling. begin() and end() are called by one thread at a time,
/// are lock-free and cost a few nanoseconds; everybody else only reads.
class watched_handler {
 public:
  static constexpr std::size_t text_max = 47;

  watched_handler(std::string name, duration deadline) : name_(std::move(name)), deadline_(deadline.count()) {}
  watched_handler(const watched_handler&) = delete;
  watched_handler& operator=(const watched_handler&) = delete;

  /// It begins to handle `what` (a message's type or id; cut to text_max bytes). Nothing personal: it is logged.
  void begin(std::string_view what, moment now) noexcept;
  void end() noexcept;
  /// Any thread.
  void set_deadline(duration deadline) { deadline_.store(deadline.count(), std::memory_order_relaxed); }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  friend class watchdog;
  struct reading {
    std::uint64_t turn;  ///< odd while handling, even between
    moment since;
    std::string what;
    pid_t thread = 0;
  };
  [[nodiscard]] reading read() const;

  static constexpr std::size_t words = (text_max + 1) / sizeof(std::uint64_t);
  std::string name_;
  std::atomic<duration::rep> deadline_;
  std::atomic<std::uint64_t> turn_{0};
  std::atomic<duration::rep> since_{0};
  std::atomic<pid_t> thread_{0};
  std::array<std::atomic<std::uint64_t>, words> text_{};  ///< padded with zeros
};

/// `begin` for the time of a scope.
class watched_turn {
 public:
  watched_turn(watched_handler& handler, std::string_view what, moment now) : handler_(handler) {
    handler_.begin(what, now);
  }
  ~watched_turn() { handler_.end(); }
  watched_turn(const watched_turn&) = delete;
  watched_turn& operator=(const watched_turn&) = delete;

 private:
  watched_handler& handler_;
};

struct overdue_view {
  std::string name;
  std::string what;
  std::int64_t running_ms = 0;
  std::int64_t deadline_ms = 0;

  static constexpr auto describe() {
    return describe_as("overdue", 1, field("name", &overdue_view::name, "of the handler"),
                       field("what", &overdue_view::what, "it is handling"),
                       field("running_ms", &overdue_view::running_ms),
                       field("deadline_ms", &overdue_view::deadline_ms));
  }
};

/// One thing that check() has noticed; once for each turn that is over its deadline, and once for its end.
struct watchdog_event {
  enum class kind : std::uint8_t { wedged, recovered } what = kind::wedged;
  std::string name;
  std::string handling;  ///< what it was, or is, doing
  duration running{};    ///< recovered: how long at least
  duration deadline{};
  pid_t thread = 0;  ///< that runs it, as the kernel counts them
};

/// All handlers of one process. Thread-safe; handlers may be added and dropped at any time.
class watchdog {
 public:
  /// The handler is watched until its last other owner lets it go.
  [[nodiscard]] std::shared_ptr<watched_handler> watch(std::string name, duration deadline);
  /// What has changed since the last call. For one caller at a time.
  [[nodiscard]] std::vector<watchdog_event> check(moment now);
  /// Everything over its deadline as of the last check.
  [[nodiscard]] std::vector<overdue_view> overdue() const;

 private:
  struct entry {
    std::weak_ptr<watched_handler> handler;
    std::uint64_t wedged_turn = 0;  ///< 0: not wedged
    watchdog_event last{};
  };
  void look(entry& one, const watched_handler& handler, moment now, std::vector<watchdog_event>& noticed);

  mutable std::mutex mutex_;
  std::vector<entry> entries_;
};

}  // namespace musiccorp::supervision
