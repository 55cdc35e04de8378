// What a supervisor costs: from a crash to the next message handled by the new run, and thousands of children.
#include <atomic>
#include <caf/all.hpp>
#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <thread>

#include "base/ensure.hpp"
#include "bench/cycle.hpp"
#include "bench/measurement.hpp"
#include "service/managed_actor.hpp"
#include "supervision/exception_text.hpp"
#include "supervision/exit_error.hpp"
#include "supervision/supervisor_actor.hpp"
#include "support/little_world.hpp"
#include "telemetry/log.hpp"

namespace musiccorp::bench {
namespace {

using namespace supervision;
using steady = std::chrono::steady_clock;

struct configuration : caf::actor_system_config {
  configuration() {
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", std::size_t{2});
    set("scheduler.max-throughput", std::size_t{200});
  }
};

/// Ends with an exception when it is told to; each new run handles a first message that its start function sends.
class mayfly final : public caf::event_based_actor {
 public:
  mayfly(caf::actor_config& config, std::atomic<int>& handled, std::atomic<steady::rep>& handled_at,
         std::atomic<steady::rep>& crashed_at)
      : event_based_actor{config}, handled_{handled}, handled_at_{handled_at}, crashed_at_{crashed_at} {
    tell_crashes(*this);
  }
  caf::behavior make_behavior() override {
    return {[this](std::uint8_t) {
              handled_at_ = steady::now().time_since_epoch().count();
              handled_.fetch_add(1);
              handled_.notify_all();
            },
            [this](const std::string& why) {
              crashed_at_ = steady::now().time_since_epoch().count();
              throw std::runtime_error{why};
            }};
  }

 private:
  std::atomic<int>& handled_;
  std::atomic<steady::rep>& handled_at_;
  std::atomic<steady::rep>& crashed_at_;
};

class idler final : public caf::event_based_actor {
 public:
  using event_based_actor::event_based_actor;
  caf::behavior make_behavior() override {
    return {[](std::uint8_t) {}};
  }
};

void wait_for_end(std::future<void> ended) {
  ensure(ended.wait_for(std::chrono::seconds{60}) == std::future_status::ready, "the supervisor ends");
}

/// In microseconds, taken inside the two runs.
std::vector<double> measure_respawns(std::size_t times) {
  configuration config;
  caf::actor_system system{config};
  std::atomic<int> handled{0};
  std::atomic<steady::rep> crashed_at{0};
  std::atomic<steady::rep> handled_at{0};
  std::promise<void> ended;
  auto over = ended.get_future();
  std::vector<double> measured;
  {
    std::mutex mutex;
    caf::actor current;
    supervisor_setup setup;
    setup.path = "bench";
    setup.options.intensity = static_cast<std::uint32_t>(times) + 10;
    setup.on_end = [&](const end_reason&) { ended.set_value(); };
    setup.board = std::make_shared<supervision_board>();
    child_spec spec;
    spec.id = "mayfly";
    setup.children.push_back({spec, [&](const start_context& how) -> result<started_child> {
                                auto who = how.system.spawn<mayfly>(std::ref(handled), std::ref(handled_at),
                                                                    std::ref(crashed_at));
                                {
                                  const std::lock_guard hold{mutex};
                                  current = who;
                                }
                                caf::anon_send(who, std::uint8_t{0});
                                return started_child{who};
                              }});
    const auto root = spawn_supervisor(system, std::move(setup)).value();
    for (int run = 1; run <= static_cast<int>(times) + 1; ++run) {
      for (int seen = handled; seen < run; seen = handled) handled.wait(seen);
      if (run > 1)
        measured.push_back(
            std::chrono::duration<double, std::micro>(steady::duration{handled_at - crashed_at}).count());
      const std::lock_guard hold{mutex};
      caf::anon_send(current, std::string{"boom"});
    }
    supervisor_handle{root}.stop(true);
    wait_for_end(std::move(over));
  }
  return measured;
}

/// Throws at every other message; survives in place.
class sufferer final : public service::managed_actor {
 public:
  sufferer(caf::actor_config& config, std::shared_ptr<service::mailbox_state> mailbox, std::vector<double>& gaps,
           std::promise<std::size_t>& over, std::size_t wanted)
      : managed_actor{config, std::move(mailbox)}, gaps_{gaps}, done_{over}, wanted_{wanted} {}
  caf::behavior make_behavior() override {
    return {[this](std::uint32_t number) {
      const auto now = steady::now();
      ++handled_;
      if (number % 2 == 0) {
        threw_at_ = now;
        throw std::runtime_error{"boom"};
      }
      gaps_.push_back(std::chrono::duration<double, std::micro>(now - threw_at_).count());
      if (handled_ == wanted_) done_.set_value(handled_);
    }};
  }

 protected:
  void crashed(caf::mailbox_element&, std::exception_ptr why) override {
    const auto what = crash_from(why);
    link_.crashed({{}, what.text, what.backtrace, false, 1});
  }

 private:
  std::vector<double>& gaps_;
  std::promise<std::size_t>& done_;
  std::size_t wanted_;
  std::size_t handled_ = 0;
  steady::time_point threw_at_{};
  child_link link_{};
};

/// In microseconds, with everything queued beforehand.
std::vector<double> measure_survivals(std::size_t messages) {
  configuration config;
  caf::actor_system system{config};
  std::vector<double> gaps;
  gaps.reserve(messages);
  std::promise<std::size_t> done;
  auto mailbox = std::make_shared<service::mailbox_state>();
  mailbox->limit = 2 * messages;
  const auto wanted = messages / 2 * 2;
  const auto who = system.spawn<sufferer, caf::lazy_init>(mailbox, std::ref(gaps), std::ref(done), wanted);
  for (std::uint32_t i = 0; i < wanted; ++i) caf::anon_send(who, i);
  ensure(done.get_future().get() == wanted, "no message is lost");
  caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
  return gaps;
}

struct knock {
  bool crashes = false;
  static constexpr auto describe() { return describe_as("knock", 1, field("crashes", &knock::crashes)); }
};

/// From a rule's throw to the next rule of the same batch, in microseconds: a partition with its store in memory.
std::vector<double> measure_volatile_turns(std::size_t requests) {
  std::vector<double> gaps;
  std::optional<steady::time_point> threw_at;
  service_definition door{"door"};
  door.on([&](turn&, const knock& command) -> service::outcome {
    const auto now = steady::now();
    if (threw_at) gaps.push_back(std::chrono::duration<double, std::micro>(now - *threw_at).count());
    threw_at.reset();
    if (!command.crashes) return done{};
    threw_at = steady::now();
    throw std::runtime_error{"boom"};
  });
  std::vector<service_definition> services;
  services.push_back(std::move(door));
  testing::little_world world{std::move(services)};
  constexpr std::size_t batch = 256;
  for (std::size_t i = 0; i < requests; ++i) {
    world.ask("door", knock{i % 2 == 1});
    if (i % batch == batch - 1) world.settle();
  }
  world.settle();
  ensure(gaps.size() + 1 >= requests / 2, "each crash was followed by another turn");
  return gaps;
}

struct crowd {
  double start_seconds = 0;
  double stop_seconds = 0;
};

crowd measure_crowd(std::size_t children, restart_strategy strategy) {
  configuration config;
  caf::actor_system system{config};
  std::promise<void> ready, ended;
  crowd took;
  supervisor_setup setup;
  setup.path = "bench";
  setup.options.strategy = strategy;
  setup.on_end = [&](const end_reason&) { ended.set_value(); };
  setup.board = std::make_shared<supervision_board>();
  const start_function idle = [](const start_context& how) -> musiccorp::result<started_child> {
    return started_child{how.system.spawn<idler>()};
  };
  child_spec spec;
  spec.id = "idler";
  const bool is_pool = strategy == restart_strategy::pool;
  for (std::size_t i = 0; i < (is_pool ? 1 : children); ++i) {
    setup.children.push_back({spec, idle});
    setup.children.back().spec.id += std::to_string(i);
  }
  const auto begin = steady::now();
  const auto root = spawn_supervisor(system, std::move(setup)).value();
  const supervisor_handle to{root};
  for (std::size_t i = 0; is_pool && i < children; ++i) {
    spec.id = std::to_string(i);
    to.start_child({spec, {}});
  }
  to.restart_child("nobody", [&](const command_answer&) { ready.set_value(); });  // Answered when all else is done.
  ready.get_future().wait();
  took.start_seconds = seconds_since(begin);
  const auto stopping = steady::now();
  to.stop();
  wait_for_end(ended.get_future());
  took.stop_seconds = seconds_since(stopping);
  return took;
}

}  // namespace

void measure_supervision(const settings& how, measurements& into) {
  const telemetry::captured_logs quiet{nullptr, {.format = telemetry::log_format::none}};
  std::vector<double> middle, late;
  for (std::size_t run = 0; run < how.runs; ++run) {
    auto took = measure_survivals(scaled(how, 20'000));
    middle.push_back(percentile(took, 0.5));
    late.push_back(percentile(took, 0.99));
  }
  into.push_back(summarize("in place: crash to next message handled, p50", "us", std::exchange(middle, {}), 5,
                           "20000 queued, half of them crash; none is lost"));
  into.push_back(summarize("in place: crash to next message handled, p99", "us", std::exchange(late, {}), 100));
  for (std::size_t run = 0; run < how.runs; ++run) {
    auto took = measure_volatile_turns(scaled(how, 20'000));
    middle.push_back(percentile(took, 0.5));
    late.push_back(percentile(took, 0.99));
  }
  into.push_back(summarize("volatile turn: crash to next rule, p50", "us", std::exchange(middle, {}), 5,
                           "the same where a rule throws: the store is in memory, half of the requests crash"));
  into.push_back(summarize("volatile turn: crash to next rule, p99", "us", std::exchange(late, {}), 100));
  for (std::size_t run = 0; run < how.runs; ++run) {
    const auto healthy = static_cast<std::int64_t>(scaled(how, 20'000));
    auto took =
        run_cycles(how.scratch / ("turns-" + std::to_string(run)), {.healthy = healthy, .poison = healthy / 100 + 1})
            .crash_gaps_us;
    middle.push_back(percentile(took, 0.5));
    late.push_back(percentile(took, 0.99));
  }
  into.push_back(summarize("durable turn: crash to next rule, p50", "us", std::exchange(middle, {}), {},
                           "the attempt is written in between; at a batch's end also the commit"));
  into.push_back(summarize("durable turn: crash to next rule, p99", "us", std::exchange(late, {})));
  for (std::size_t run = 0; run < how.runs; ++run) {
    auto took = measure_respawns(scaled(how, 5'000));
    middle.push_back(percentile(took, 0.5));
    late.push_back(percentile(took, 0.99));
  }
  into.push_back(summarize("respawn: crash to next message handled, p50", "us", std::move(middle)));
  into.push_back(summarize("respawn: crash to next message handled, p99", "us", std::move(late), 300));

  const auto many = scaled(how, 10'000), few = std::max<std::size_t>(many / 10, 1);
  for (const auto strategy : {restart_strategy::one_for_one, restart_strategy::pool}) {
    const std::string name{describe::name_of(strategy)};
    std::vector<double> starts, stops, growth;
    for (std::size_t run = 0; run < how.runs; ++run) {
      const auto small = measure_crowd(few, strategy), large = measure_crowd(many, strategy);
      starts.push_back(static_cast<double>(many) / large.start_seconds);
      stops.push_back(static_cast<double>(many) / large.stop_seconds);
      const auto per_child = [](const crowd& took, std::size_t children) {
        return (took.start_seconds + took.stop_seconds) / static_cast<double>(children);
      };
      growth.push_back(per_child(small, few) / per_child(large, many));
    }
    into.push_back(summarize(name + ": children started", "1/s", std::move(starts)));
    into.push_back(summarize(name + ": children stopped", "1/s", std::move(stops)));
    into.push_back(summarize(name + ": cost per child, a tenth / all", "ratio", std::move(growth), 0.5,
                             std::to_string(few) + " beside " + std::to_string(many) + " children; 1 is linear"));
  }
}

}  // namespace musiccorp::bench
