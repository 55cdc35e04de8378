// How soon a partition is ready when much is queued for it and much waits in it.
#include <string>

#include "base/ensure.hpp"
#include "bench/measurement.hpp"
#include "bench/waiting_rows.hpp"
#include "service/partition.hpp"

namespace musiccorp::bench {
namespace {

using clock = std::chrono::steady_clock;

/// The publisher's log with so many messages; the subscriber has handled those that wait over there.
void write_log(const std::filesystem::path& data, std::uint64_t count) {
  auto store = storage::sqlite_stores(data, storage::durability::process)->open(waiting_upstream);
  ensure(store.has_value(), "a store can be opened");
  constexpr std::uint64_t group = 5'000;
  for (std::uint64_t seq = 1; seq <= count;) {
    bool fine = (*store)->begin().has_value();
    for (std::uint64_t i = 0; i < group && seq <= count; ++i, ++seq) {
      auto message = waiting_row_of(seq).message;
      fine = fine && (*store)->append(message);
    }
    ensure(fine && (*store)->commit().has_value(), "the store works");
  }
}

/// A partition that only opens: its rules are never run.
struct opened {
  opened(const std::string& name, service::wiring wires, storage::store_factory& stores)
      : definition{name}, core{definition, std::move(wires), {}, {stores, clock_, 1, ledgers}} {
    ensure(core.open(out).has_value(), "the partition opens");
  }
  service_definition definition;
  base::system_clock clock_;
  service::ledger_board ledgers;
  service::outgoing out;
  service::partition core;
};

/// Milliseconds until the subscriber has the first message that is queued for it.
double time_to_first_message(const std::filesystem::path& data, std::uint64_t waiting) {
  const service::wiring::stream to_worker{"worker", {"work.wanted"}};
  const service::wiring::stream from_source{waiting_upstream, {"work.wanted"}};
  const auto stores = storage::sqlite_stores(data);
  const auto start = clock::now();
  opened source{waiting_upstream, {{}, {to_worker}}, *stores};
  opened worker{"worker", {{from_source}, {}}, *stores};
  for (const auto& frame : worker.out.frames)
    if (const auto* wish = std::get_if<delivery::subscribe>(&frame.what)) source.core.subscribed(*wish);
  source.core.run(source.out);
  for (auto& frame : source.out.frames)
    if (auto* batch = std::get_if<delivery::batch>(&frame.what)) {
      ensure(batch->messages.at(0).seq == waiting + 1, "it goes on behind what it knows");
      worker.core.received(std::move(*batch), worker.out);
      return seconds_since(start) * 1000;
    }
  ensure(false, "a message arrives");
  return 0;
}

}  // namespace

void measure_backlog(const settings& how, measurements& into) {
  const auto waiting = scaled(how, 100'000);
  const auto queued = scaled(how, 1'000'000);
  const auto data = how.scratch / "backlog";
  write_log(data, waiting + queued);
  write_waiting_rows(data, "worker", waiting);
  into.push_back(repeat(
      how, "open with " + std::to_string(queued) + " queued, " + std::to_string(waiting) + " waiting", "ms",
      [&] { return time_to_first_message(data, waiting); }, 1'000,
      "both stores opened, subscribed, and the first queued message has arrived"));
  std::filesystem::remove_all(data);
}

}  // namespace musiccorp::bench
