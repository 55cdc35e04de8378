#include <atomic>
#include <string>

#include "base/ensure.hpp"
#include "bench/measurement.hpp"
#include "demo/metrics_text.hpp"
#include "demo/shop_client.hpp"
#include "node/node.hpp"

namespace musiccorp::bench {
namespace {

using clock = std::chrono::steady_clock;

struct emit {
  std::int64_t count = 0;
  std::int64_t first = 0;
  static constexpr auto describe() {
    return describe_as("emit", 1, field("count", &emit::count), field("first", &emit::first));
  }
};
struct emitted {
  std::int64_t count = 0;
  static constexpr auto describe() { return describe_as("emitted", 1, field("count", &emitted::count)); }
};
struct work_wanted {
  std::string work_id;
  std::string text;
  static constexpr auto describe() {
    return describe_as("work.wanted", 1, musiccorp::key("work_id", &work_wanted::work_id),
                       field("text", &work_wanted::text));
  }
};
struct work_done {
  std::string work_id;
  std::string text;
  static constexpr auto describe() {
    return describe_as("work.done", 1, musiccorp::key("work_id", &work_done::work_id),
                       field("text", &work_done::text));
  }
};
struct work {
  std::string work_id;
  std::int64_t times = 0;
  std::string text;
  static constexpr auto describe() {
    return describe_as("work", 1, musiccorp::key("work_id", &work::work_id), field("times", &work::times),
                       field("text", &work::text));
  }
};

constexpr std::int64_t events_per_request = 200;
const std::string text(260, 'x');  // About 300 bytes of payload with its frame.

service_definition source() {
  service_definition made{"source"};
  made.on([](turn& now, const emit& command) -> outcome {
        for (std::int64_t i = 0; i < command.count; ++i)
          now.publish(work_wanted{"work-" + std::to_string((command.first + i) % 10'000), text});
        return emitted{command.count};
      })
      .says<work_wanted>()
      .post<emit, emitted>("/emit", "Publish so many");
  return made;
}

/// One state change and one outgoing message for each event.
service_definition worker(std::atomic<std::int64_t>& handled) {
  service_definition made{"worker"};
  made.on([&handled](turn& now, const work_wanted& event) -> outcome {
        auto one = now.find<work>(event.work_id).value_or(work{event.work_id, 0, {}});
        ++one.times;
        one.text = event.text;
        now.save(one);
        now.publish(work_done{event.work_id, event.text});
        handled.fetch_add(1, std::memory_order_relaxed);
        handled.notify_one();
        return done{};
      })
      .says<work_done>();
  return made;
}

struct cycle_numbers {
  double per_second = 0;
  double messages_per_commit = 0;
};

/// From the first request to the commit of the last message's turn.
cycle_numbers run_cycles(const std::filesystem::path& data, std::int64_t cycles) {
  std::atomic<std::int64_t> handled{0};
  node::node_options options;
  options.data = data;
  std::vector<service_definition> services;
  services.push_back(source());
  services.push_back(worker(handled));
  auto running = node::node::start(std::move(options), std::move(services));
  ensure(running.has_value(), "the node starts");
  http::client connection{{.connections_per_host = 8, .requests_max = 1'000'000, .timeout = std::chrono::minutes{2}}};
  const demo::shop_client shop{connection, (*running)->url()};

  const auto start = clock::now();
  for (std::int64_t first = 0; first < cycles; first += events_per_request) {
    const emit command{std::min(events_per_request, cycles - first), first};
    ensure(connection.send(shop.post_request("/emit", describe::to_json(command)), [](const auto&) {}).has_value(),
           "a request leaves");
  }
  for (auto seen = handled.load(); seen < cycles; seen = handled.load()) handled.wait(seen);
  cycle_numbers numbers;
  for (;;) {  // The last group's commit.
    const auto metrics = shop.metrics();
    ensure(metrics.has_value(), "the node tells its numbers");
    if (metrics->sum("runtime_ledger_messages", {{"account", "processed"}}) < static_cast<double>(cycles)) continue;
    numbers.per_second = static_cast<double>(cycles) / seconds_since(start);
    numbers.messages_per_commit = metrics->sum("runtime_store_commit_batch_messages_sum") /
                                  metrics->sum("runtime_store_commit_batch_messages_count");
    return numbers;
  }
}

}  // namespace

void measure_cycle(const settings& how, measurements& into) {
  std::vector<double> rates;
  std::vector<double> groups;
  for (std::size_t run = 0; run < how.runs; ++run) {
    const auto data = how.scratch / ("cycle-" + std::to_string(run));
    const auto numbers = run_cycles(data, static_cast<std::int64_t>(scaled(how, 100'000)));
    rates.push_back(numbers.per_second);
    groups.push_back(numbers.messages_per_commit);
    std::filesystem::remove_all(data);
  }
  into.push_back(summarize("durable cycle through cells", "1/s", std::move(rates), 30'000,
                           "publish, deliver, rule with a state change and a message of 300 B, ack"));
  into.push_back(summarize("durable cycle: messages per fsync", "messages", std::move(groups)));
}

}  // namespace musiccorp::bench
