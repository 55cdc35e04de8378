#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>

#include "base/ensure.hpp"
#include "bench/measurement.hpp"
#include "storage/sqlite_store.hpp"

namespace musiccorp::bench {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t payload_bytes = 300;

/// Milliseconds of each append of 4 KiB with fdatasync.
std::vector<double> sync_times(const std::filesystem::path& file, std::size_t count) {
  const int out = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  ensure(out >= 0, "the scratch folder can be written");
  const std::array<char, 4096> page{};
  std::vector<double> times;
  for (std::size_t i = 0; i < count; ++i) {
    const auto start = clock::now();
    ensure(write(out, page.data(), page.size()) == static_cast<ssize_t>(page.size()), "a page is written");
    ensure(fdatasync(out) == 0, "the disk takes it");
    times.push_back(seconds_since(start) * 1000);
  }
  close(out);
  std::filesystem::remove(file);
  return times;
}

envelope some_message(std::size_t number) {
  envelope one;
  one.id = "bench-" + std::to_string(number);
  one.type = "bench.happened";
  one.key = "key-" + std::to_string(number % 10'000);
  one.source = "bench";
  one.payload = "{\"text\":\"" + std::string(payload_bytes, 'x') + "\"}";
  return one;
}

/// What one turn writes, without the runtime: look at an entity, save it, append a message; a cursor for each group.
double cycles_per_second(storage::store& store, std::size_t cycles, std::size_t group) {
  const auto start = clock::now();
  for (std::size_t done = 0; done < cycles;) {
    bool fine = store.begin().has_value();
    for (std::size_t i = 0; i < group && done < cycles; ++i, ++done) {
      auto message = some_message(done);
      fine = fine && store.find("thing", message.key) && store.save("thing", message.key, message.payload) &&
             store.append(message);
    }
    fine = fine && store.save(storage::cursor_row{"bench", done, done, done, 0, 0}) && store.commit();
    ensure(fine, "the store works");
  }
  return static_cast<double>(cycles) / seconds_since(start);
}

}  // namespace

void measure_disk(const settings& how, measurements& into) {
  std::vector<double> halves;
  std::vector<double> tails;
  for (std::size_t run = 0; run < how.runs; ++run) {
    auto times = sync_times(how.scratch / "sync.bin", scaled(how, 400));
    halves.push_back(percentile(times, 0.5));
    tails.push_back(percentile(times, 0.99));
  }
  into.push_back(summarize("disk: fsync of 4 KiB, p50", "ms", std::move(halves)));
  into.push_back(summarize("disk: fsync of 4 KiB, p99", "ms", std::move(tails)));
}

void measure_store(const settings& how, measurements& into) {
  for (const std::size_t group : {1U, 16U, 128U, 512U}) {
    const auto cycles = scaled(how, std::min<std::size_t>(60'000, group * 400));
    std::size_t run = 0;
    into.push_back(repeat(
        how, "bare store: cycles in groups of " + std::to_string(group), "1/s",
        [&] {
          const auto file = how.scratch / ("store-" + std::to_string(group) + "-" + std::to_string(run++) + ".db");
          auto store = storage::open_sqlite_store(file);
          ensure(store.has_value(), "a store can be opened");
          return cycles_per_second(**store, cycles, group);
        },
        {}, "find, save, append of 300 B; one fsync a group"));
  }
}

}  // namespace musiccorp::bench
