#include "supervision/watchdog.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace musiccorp::supervision {

namespace {
thread_local const pid_t this_thread = gettid();
}

// A sequence lock of atomics: the writer never waits, a reader tries again when a write came in between. Whoever
// reads one new word has also read that its turn is being written, because each word is released and acquired.

void watched_handler::begin(std::string_view what, moment now) noexcept {
  std::array<std::uint64_t, words> text{};
  std::memcpy(text.data(), what.data(), std::min(what.size(), text_max));
  const auto turn = turn_.load(std::memory_order_relaxed) | 1;  // A begin without an end goes on counting.
  turn_.store(turn + 1, std::memory_order_relaxed);
  since_.store(now.time_since_epoch().count(), std::memory_order_release);
  thread_.store(this_thread, std::memory_order_release);
  for (std::size_t i = 0; i < words; ++i) text_[i].store(text[i], std::memory_order_release);
  turn_.store(turn + 2, std::memory_order_release);
}

void watched_handler::end() noexcept {
  const auto turn = turn_.load(std::memory_order_relaxed);
  turn_.store(turn + (turn & 1), std::memory_order_release);
}

watched_handler::reading watched_handler::read() const {
  for (;;) {
    const auto turn = turn_.load(std::memory_order_acquire);
    if (turn % 2 == 0) return {turn, {}, {}, 0};
    std::array<std::uint64_t, words> text;
    const moment since{duration{since_.load(std::memory_order_acquire)}};
    for (std::size_t i = 0; i < words; ++i) text[i] = text_[i].load(std::memory_order_acquire);
    const auto thread = thread_.load(std::memory_order_acquire);
    if (turn_.load(std::memory_order_relaxed) != turn) continue;
    const auto* first = reinterpret_cast<const char*>(text.data());
    return {turn, since, {first, strnlen(first, text_max)}, thread};
  }
}

std::shared_ptr<watched_handler> watchdog::watch(std::string name, duration deadline) {
  auto made = std::make_shared<watched_handler>(std::move(name), deadline);
  const std::lock_guard hold{mutex_};
  entries_.push_back({made, 0, {}});
  return made;
}

std::vector<watchdog_event> watchdog::check(moment now) {
  std::vector<watchdog_event> noticed;
  const std::lock_guard hold{mutex_};
  std::erase_if(entries_, [&](entry& one) {
    const auto handler = one.handler.lock();
    if (handler) return look(one, *handler, now, noticed), false;
    if (one.wedged_turn != 0) {
      one.last.what = watchdog_event::kind::recovered;
      noticed.push_back(one.last);
    }
    return true;
  });
  return noticed;
}

void watchdog::look(entry& one, const watched_handler& handler, moment now, std::vector<watchdog_event>& noticed) {
  const auto seen = handler.read();
  if (one.wedged_turn != 0 && one.wedged_turn != seen.turn) {
    one.wedged_turn = 0;
    one.last.what = watchdog_event::kind::recovered;
    noticed.push_back(one.last);
  }
  const duration deadline{handler.deadline_.load(std::memory_order_relaxed)};
  if (seen.turn % 2 == 0 || now - seen.since < deadline) return;
  const bool is_new = one.wedged_turn == 0;
  one.wedged_turn = seen.turn;
  one.last = {watchdog_event::kind::wedged, handler.name(), seen.what, now - seen.since, deadline, seen.thread};
  if (is_new) noticed.push_back(one.last);
}

std::vector<overdue_view> watchdog::overdue() const {
  std::vector<overdue_view> seen;
  const std::lock_guard hold{mutex_};
  for (const auto& one : entries_)
    if (one.wedged_turn != 0)
      seen.push_back({one.last.name, one.last.handling, one.last.running / std::chrono::milliseconds{1},
                      one.last.deadline / std::chrono::milliseconds{1}});
  return seen;
}

}  // namespace musiccorp::supervision
