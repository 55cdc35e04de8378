// The waiting room when very much waits: what its index answers, and what the store does.
#include <algorithm>
#include <string>

#include "base/ensure.hpp"
#include "base/random.hpp"
#include "bench/measurement.hpp"
#include "bench/waiting_rows.hpp"
#include "delivery/waiting_room.hpp"

namespace musiccorp::bench {
namespace {

using clock = std::chrono::steady_clock;

/// Milliseconds of each of so many calls.
template <class Call>
std::vector<double> times_of(std::size_t calls, Call call) {
  std::vector<double> times;
  for (std::size_t i = 0; i < calls; ++i) {
    const auto start = clock::now();
    call();
    times.push_back(seconds_since(start) * 1000);
  }
  return times;
}

void add(measurements& into, const std::string& what, std::size_t rows, std::vector<double> times) {
  const auto name = what + ", " + std::to_string(rows) + " rows wait";
  const auto tail = percentile(times, 0.99);
  into.push_back(summarize(name, "ms", std::move(times), 1.0, "p99 " + std::to_string(tail) + " ms"));
}

void ask_the_index(const delivery::waiting_room& room, std::size_t rows, measurements& into) {
  constexpr std::size_t calls = 2'000;
  base::random_source random{1};
  std::size_t found = 0;
  const auto any = [&] { return waiting_row_of(1 + random.below(rows)); };
  const auto now = waiting_due_of(rows / 2);
  add(into, "waiting index: due, 256 at once", rows, times_of(calls, [&] { found += room.due(now, 256).size(); }));
  add(into, "waiting index: next due", rows, times_of(calls, [&] { found += room.next_due() ? 1U : 0U; }));
  add(into, "waiting index: messages of a key", rows,
      times_of(calls, [&] { found += room.lane_size(waiting_upstream, any().key) > 0 ? 1U : 0U; }));
  add(into, "waiting index: followers, at most 1000", rows,
      times_of(calls, [&] { found += room.followers(waiting_upstream, any().seq, 1'000).size(); }));
  add(into, "waiting index: find", rows,
      times_of(calls, [&] { found += room.find(waiting_upstream, any().seq) ? 1U : 0U; }));
  add(into, "waiting index: count and oldest of a state", rows, times_of(calls, [&] {
        found += room.of(waiting_upstream, storage::waiting_state::parked).count > 0 ? 1U : 0U;
      }));
  ensure(found > calls, "there was something to find");
}

}  // namespace

void measure_waiting(const settings& how, measurements& into) {
  const auto rows = scaled(how, 1'000'000);
  const auto data = how.scratch / "waiting";
  write_waiting_rows(data, "worker", rows);
  auto store = storage::sqlite_stores(data)->open("worker");
  ensure(store.has_value(), "the store can be opened");
  base::random_source random{1};
  add(into, "waiting store: find_waiting", rows, times_of(2'000, [&] {
        const auto row = (*store)->find_waiting(waiting_upstream, 1 + random.below(rows));
        ensure(row && *row, "the row is there");
      }));
  delivery::waiting_room room;
  auto start = clock::now();
  auto marks = (*store)->waiting();
  ensure(marks.has_value(), "the marks can be read");
  into.push_back(
      summarize("waiting store: read " + std::to_string(rows) + " marks", "ms", {seconds_since(start) * 1000}));
  start = clock::now();
  room.load(std::move(*marks));
  into.push_back(
      summarize("waiting index: load " + std::to_string(rows) + " marks", "ms", {seconds_since(start) * 1000}));
  ask_the_index(room, rows, into);
  store->reset();
  std::filesystem::remove_all(data);
}

}  // namespace musiccorp::bench
