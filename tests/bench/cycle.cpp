#include "bench/cycle.hpp"

#include <sys/resource.h>

#include <atomic>
#include <optional>
#include <string>
#include <unordered_set>

#include "base/ensure.hpp"
#include "bench/measurement.hpp"
#include "delivery/dead_letters.hpp"
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
  std::int64_t number = 0;
  std::string text;
  static constexpr auto describe() {
    return describe_as("work.wanted", 1, musiccorp::key("work_id", &work_wanted::work_id),
                       field("number", &work_wanted::number), field("text", &work_wanted::text));
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

/// The messages of a plan by number, poison among them.
class mixture {
 public:
  explicit mixture(const cycle_plan& plan) : plan_{plan} {}
  [[nodiscard]] std::int64_t size() const { return plan_.healthy + plan_.poison; }
  [[nodiscard]] bool is_poison(std::int64_t number) const {
    return plan_.poison > 0 && number * plan_.poison / size() != (number + 1) * plan_.poison / size();
  }
  [[nodiscard]] bool fails_once(std::int64_t number) const {
    return plan_.fail_once_of_1000 > 0 && number % 1000 % (1000 / plan_.fail_once_of_1000) == 7;
  }

 private:
  cycle_plan plan_;
};

service_definition source(const mixture& all) {
  service_definition made{"source"};
  made.on([&all](turn& now, const emit& command) -> outcome {
        for (std::int64_t i = command.first; i < command.first + command.count; ++i)
          now.publish(work_wanted{(all.is_poison(i) ? "poison-" : "work-") + std::to_string(i % 10'000), i, text});
        return emitted{command.count};
      })
      .says<work_wanted>()
      .post<emit, emitted>("/emit", "Publish so many");
  return made;
}

struct work_log {
  const std::int64_t wanted;
  std::atomic<std::int64_t> handled{0};
  std::unordered_set<std::int64_t> failed{};  ///< this and the following are the worker's own
  std::optional<clock::time_point> threw_at{};
  std::vector<double> gaps_us{};
};

/// One state change and one outgoing message for each event.
service_definition worker(const mixture& all, work_log& log) {
  service_definition made{"worker"};
  made.on([&all, &log](turn& now, const work_wanted& event) -> outcome {
        if (log.threw_at)
          log.gaps_us.push_back(
              std::chrono::duration<double, std::micro>(clock::now() - *std::exchange(log.threw_at, {})).count());
        if (all.is_poison(event.number)) {
          log.threw_at = clock::now();
          throw std::runtime_error{"division by zero"};
        }
        if (all.fails_once(event.number) && log.failed.insert(event.number).second)
          return fault{fault_kind::busy, "come back", {}, {}};
        auto one = now.find<work>(event.work_id).value_or(work{event.work_id, 0, {}});
        ++one.times;
        one.text = event.text;
        now.save(one);
        now.publish(work_done{event.work_id, event.text});
        if (log.handled.fetch_add(1, std::memory_order_relaxed) + 1 == log.wanted) log.handled.notify_one();
        return done{};
      })
      .says<work_done>();
  return made;
}

/// Keeps a line for each case.
service_definition hospital() {
  service_definition made{"hospital"};
  made.on([](turn& now, const delivery::message_died& event) -> outcome {
    now.save(work{event.case_id, static_cast<std::int64_t>(event.attempts_made), event.error});
    return done{};
  });
  made.gathers(std::chrono::milliseconds{100});  // As the real one.
  return made;
}

double processor_seconds() {
  rusage used{};
  ensure(getrusage(RUSAGE_SELF, &used) == 0, "the process knows what it used");
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace

cycle_numbers run_cycles(const std::filesystem::path& data, const cycle_plan& plan) {
  const mixture all{plan};
  work_log log{.wanted = plan.healthy};
  node::node_options options;
  options.data = data;
  options.defaults.limits.retry.delay_first = std::chrono::milliseconds{10};
  std::vector<service_definition> services;
  services.push_back(source(all));
  services.push_back(worker(all, log));
  services.push_back(hospital());
  auto running = node::node::start(std::move(options), std::move(services));
  ensure(running.has_value(), "the node starts");
  http::client connection{{.connections_per_host = 8, .requests_max = 1'000'000, .timeout = std::chrono::minutes{2}}};
  const demo::shop_client shop{connection, (*running)->url()};

  const auto start = clock::now();
  const auto used_before = processor_seconds();
  for (std::int64_t first = 0; first < all.size(); first += events_per_request) {
    const emit command{std::min(events_per_request, all.size() - first), first};
    ensure(connection.send(shop.post_request("/emit", describe::to_json(command)), [](const auto&) {}).has_value(),
           "a request leaves");
  }
  for (auto seen = log.handled.load(); seen < plan.healthy; seen = log.handled.load()) log.handled.wait(seen);
  cycle_numbers numbers;
  for (;;) {  // The last group's commit.
    const auto metrics = shop.metrics();
    ensure(metrics.has_value(), "the node tells its numbers");
    const auto processed =
        metrics->sum("runtime_ledger_messages", {{"queue", "source:worker"}, {"account", "processed"}});
    if (processed < static_cast<double>(plan.healthy)) continue;
    numbers.per_second = static_cast<double>(plan.healthy) / seconds_since(start);
    numbers.processor_us = (processor_seconds() - used_before) * 1e6 / static_cast<double>(plan.healthy);
    numbers.messages_per_commit = metrics->sum("runtime_store_commit_batch_messages_sum") /
                                  metrics->sum("runtime_store_commit_batch_messages_count");
    break;
  }
  running->reset();
  numbers.crash_gaps_us = std::move(log.gaps_us);
  std::filesystem::remove_all(data);
  return numbers;
}

}  // namespace musiccorp::bench
