// What a supervisor costs: from a crash to the next message handled by the new run, and thousands of children.
#include <caf/all.hpp>
#include <chrono>
#include <future>
#include <latch>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ensure.hpp"
#include "bench/cycle.hpp"
#include "bench/measurement.hpp"
#include "service/cell.hpp"
#include "service/cell_types.hpp"
#include "service/managed_actor.hpp"
#include "storage/memory_store.hpp"
#include "supervision/exception_text.hpp"
#include "supervision/exit_error.hpp"
#include "supervision/supervisor_actor.hpp"
#include "support/little_world.hpp"
#include "telemetry/log.hpp"

namespace musiccorp::bench {
namespace {

using namespace supervision;
using steady = std::chrono::steady_clock;

double us_since(steady::time_point begin) {
  return std::chrono::duration<double, std::micro>(steady::now() - begin).count();
}

struct configuration : caf::actor_system_config {
  configuration() {
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", std::size_t{2});
    set("scheduler.max-throughput", std::size_t{200});
  }
};

/// What all runs of one mayfly share. Only the run that lives touches it: the next begins after it has ended.
struct mayfly_life {
  std::size_t wanted = 0;
  std::vector<double> gaps;
  steady::time_point threw_at{};
  std::promise<void> over{};
};

/// Handles a first message and throws at the second; each run gets both from its start function. Nobody outside is
/// awake, so nothing but the restart is measured.
class mayfly final : public caf::event_based_actor {
 public:
  mayfly(caf::actor_config& config, mayfly_life& life) : event_based_actor{config}, life_{life} {
    tell_crashes(*this);
  }
  caf::behavior make_behavior() override {
    return {[this](std::uint8_t) {
              if (life_.threw_at != steady::time_point{}) life_.gaps.push_back(us_since(life_.threw_at));
              if (life_.gaps.size() == life_.wanted) life_.over.set_value();
            },
            [this](const std::string& why) {
              if (life_.gaps.size() >= life_.wanted) return;
              life_.threw_at = steady::now();
              throw std::runtime_error{why};
            }};
  }

 private:
  mayfly_life& life_;
};

class idler final : public caf::event_based_actor {
 public:
  using event_based_actor::event_based_actor;
  caf::behavior make_behavior() override {
    return {[](std::uint8_t) {}};
  }
};

void wait_for(std::future<void> event) {
  ensure(event.wait_for(std::chrono::seconds{60}) == std::future_status::ready, "it happens");
}

/// One supervisor, below which the children of a bench run; it has ended when this is gone.
class nursery {
 public:
  nursery(caf::actor_system& system, supervisor_options options, std::vector<supervised_child> children) {
    supervisor_setup setup;
    setup.path = "bench";
    setup.options = options;
    setup.children = std::move(children);
    setup.board = board_;
    setup.on_end = [ended = ended_](const end_reason&) { ended->set_value(); };
    root_ = spawn_supervisor(system, std::move(setup)).value();
  }
  ~nursery() {
    if (root_) stop();
  }
  nursery(const nursery&) = delete;
  nursery& operator=(const nursery&) = delete;

  [[nodiscard]] supervisor_handle commands() const { return supervisor_handle{root_}; }
  /// Until the supervisor has heard, and done, everything that was said to it before.
  void wait_until_heard() const {
    const auto heard = std::make_shared<std::promise<void>>();
    commands().restart_child("nobody", [heard](const command_answer&) { heard->set_value(); });
    wait_for(heard->get_future());
  }
  void stop() {
    commands().stop();
    wait_for(ended_->get_future());
    root_ = nullptr;
  }
  [[nodiscard]] child_view child() const { return board_->tree().at(0).children.at(0); }

 private:
  std::shared_ptr<supervision_board> board_ = std::make_shared<supervision_board>();
  std::shared_ptr<std::promise<void>> ended_ = std::make_shared<std::promise<void>>();
  caf::actor root_;
};

/// In microseconds, from the throw of one run to the first message of the next.
std::vector<double> measure_respawns(std::size_t times) {
  configuration config;
  caf::actor_system system{config};
  mayfly_life life{.wanted = times, .gaps = {}};
  life.gaps.reserve(times);
  auto over = life.over.get_future();
  supervisor_options options;
  options.intensity = static_cast<std::uint32_t>(times) + 1;
  child_spec spec;
  spec.id = "mayfly";
  const nursery all{system, options, {{spec, [&](const start_context& how) -> musiccorp::result<started_child> {
                                         auto who = how.system.spawn<mayfly>(std::ref(life));
                                         caf::anon_send(who, std::uint8_t{0});
                                         caf::anon_send(who, std::string{"boom"});
                                         return started_child{who};
                                       }}}};
  wait_for(std::move(over));
  return life.gaps;
}

/// As a node's supervisors of services: single poison spends nothing.
supervisor_options lenient() {
  supervisor_options options;
  options.differing_in_row = 3;
  return options;
}

/// Throws at every other message, survives in place, and tells its supervisor about it with text and backtrace.
class sufferer final : public service::managed_actor {
 public:
  struct story {
    std::size_t wanted = 0;
    std::vector<double> gaps;
    std::latch all_queued{1};
    std::promise<void> over{};
  };
  sufferer(caf::actor_config& config, std::shared_ptr<service::mailbox_state> mailbox, story& told, child_link link)
      : managed_actor{config, std::move(mailbox)}, story_{told}, link_{std::move(link)} {}
  caf::behavior make_behavior() override {
    return {[this](std::uint8_t) { story_.all_queued.wait(); },
            [this](std::uint32_t number) {
              const auto now = steady::now();
              ensure(number == handled_++, "no message is lost, none comes twice");
              handling_ = number;
              if (number % 2 == 0) {
                threw_at_ = now;
                throw std::runtime_error{"boom"};
              }
              story_.gaps.push_back(std::chrono::duration<double, std::micro>(now - threw_at_).count());
              if (handled_ == story_.wanted) story_.over.set_value();
            }};
  }

 protected:
  void crashed(caf::mailbox_element&, std::exception_ptr why) override {
    auto what = crash_from(why);
    link_.crashed({std::to_string(handling_), std::move(what.text), std::move(what.backtrace), false, 1});
  }

 private:
  story& story_;
  child_link link_;
  std::uint32_t handling_ = 0;
  std::size_t handled_ = 0;
  steady::time_point threw_at_{};
};

/// In microseconds, below a supervisor that hears of each crash, with everything queued beforehand.
std::vector<double> measure_survivals(std::size_t messages) {
  configuration config;
  caf::actor_system system{config};
  sufferer::story told{.wanted = messages / 2 * 2, .gaps = {}};
  told.gaps.reserve(told.wanted);
  auto mailbox = std::make_shared<service::mailbox_state>();
  mailbox->limit = 2 * messages;
  std::promise<caf::actor> started;
  child_spec spec;
  spec.id = "sufferer";
  spec.rebuilds = true;
  const nursery all{system, lenient(), {{spec, [&](const start_context& how) -> musiccorp::result<started_child> {
                                           auto who = how.system.spawn<sufferer>(mailbox, std::ref(told), how.link);
                                           started.set_value(who);
                                           return started_child{who};
                                         }}}};
  {
    const auto who = started.get_future().get();
    caf::anon_send(who, std::uint8_t{0});
    for (std::uint32_t i = 0; i < told.wanted; ++i) caf::anon_send(who, i);
  }
  told.all_queued.count_down();
  wait_for(told.over.get_future());
  all.wait_until_heard();
  ensure(all.child().rebuilds == static_cast<std::int64_t>(told.wanted / 2), "the supervisor heard of each crash");
  ensure(all.child().restarts == 0, "it survived in place");
  return told.gaps;
}

struct knock {
  bool crashes = false;
  static constexpr auto describe() { return describe_as("knock", 1, field("crashes", &knock::crashes)); }
};

/// The rule that hears the knocks, and the time from each throw to its next turn, in microseconds.
struct doorkeeper {
  std::vector<double> gaps;
  std::optional<steady::time_point> threw_at;

  service::outcome hear(const knock& command) {
    if (threw_at) gaps.push_back(us_since(*threw_at));
    threw_at.reset();
    if (!command.crashes) return done{};
    threw_at = steady::now();
    throw std::runtime_error{"boom"};
  }
};

/// A partition with its store in memory, without its cell: what the turn itself costs.
std::vector<double> measure_volatile_turns(std::size_t requests) {
  doorkeeper keeper;
  service_definition door{"door"};
  door.on([&](turn&, const knock& command) { return keeper.hear(command); });
  std::vector<service_definition> services;
  services.push_back(std::move(door));
  testing::little_world world{std::move(services)};
  constexpr std::size_t batch = 256;
  for (std::size_t i = 0; i < requests; ++i) {
    world.ask("door", knock{i % 2 == 1});
    if (i % batch == batch - 1) world.settle();
  }
  world.settle();
  ensure(keeper.gaps.size() + 1 >= requests / 2, "each crash was followed by another turn");
  return keeper.gaps;
}

/// Counts answers.
class asker final : public caf::event_based_actor {
 public:
  asker(caf::actor_config& config, std::size_t wanted, std::shared_ptr<std::promise<void>> over)
      : event_based_actor{config}, wanted_{wanted}, over_{std::move(over)} {}
  caf::behavior make_behavior() override {
    return {[this](const service::reply_message&) {
      if (--wanted_ == 0) over_->set_value();
    }};
  }

 private:
  std::size_t wanted_;
  std::shared_ptr<std::promise<void>> over_;
};

/// A real cell below a real supervisor, its store in memory, and all requests in its mailbox beforehand. Half of them
/// crash; the supervisor hears of each, and each asker is answered.
std::vector<double> measure_cells(std::size_t requests) {
  configuration config;
  config.add_message_types<caf::id_block::musiccorp>();
  caf::actor_system system{config};
  doorkeeper keeper;
  std::latch all_queued{1};
  bool waited = false;
  service_definition door{"door"};
  door.on([&](turn&, const knock& command) {
    if (!std::exchange(waited, true)) all_queued.wait();
    return keeper.hear(command);
  });
  std::vector<service_definition> services;
  services.push_back(std::move(door));
  const auto stores = storage::memory_stores();
  const auto clock = std::make_shared<base::system_clock>();
  service::ledger_board ledgers;
  const auto places = std::make_shared<service::directory>();
  const auto status = std::make_shared<service::cell_status>();
  status->service = "door";
  status->mailbox->limit = 2 * requests;
  std::promise<caf::actor> started;
  child_spec spec;
  spec.id = "door";
  spec.rebuilds = true;
  spec.ready_within = std::chrono::seconds{10};
  const nursery all{system, lenient(), {{spec, [&](const start_context& how) -> musiccorp::result<started_child> {
                                           service::cell_options options;
                                           options.core = std::make_unique<service::partition>(
                                               services.front(), service::wire(services).at("door"),
                                               service::partition_limits{},
                                               service::partition_environment{*stores, *clock, 1, ledgers});
                                           options.places = places;
                                           options.clock = clock;
                                           options.status = status;
                                           options.supervisor = how.link;
                                           auto who = service::spawn_cell(how.system, std::move(options));
                                           caf::anon_send(who, service::start_atom_v);
                                           started.set_value(who);
                                           return started_child{who};
                                         }}}};
  const auto over = std::make_shared<std::promise<void>>();
  const auto answered = system.spawn<asker>(requests, over);
  {
    const auto who = started.get_future().get();
    const auto deadline = (clock->now() + std::chrono::minutes{10}).time_since_epoch().count();
    for (std::size_t i = 0; i < requests; ++i) {
      message::envelope asked;
      asked.id = "knock-" + std::to_string(i);
      asked.type = describe::name_of<knock>();
      asked.source = "bench";
      asked.payload = describe::to_json(knock{i % 2 == 1});
      caf::anon_send(who, service::request_message{i, deadline, std::move(asked)}, answered);
    }
  }
  all_queued.count_down();
  wait_for(over->get_future());
  all.wait_until_heard();
  ensure(all.child().rebuilds == static_cast<std::int64_t>(requests / 2), "the supervisor heard of each crash");
  ensure(all.child().restarts == 0, "the cell kept its address");
  ensure(keeper.gaps.size() + 1 >= requests / 2, "each crash was followed by another turn");
  return keeper.gaps;
}

struct crowd {
  double start_seconds = 0;
  double stop_seconds = 0;
};

/// `killed`: without being asked, as children that may take no time to stop.
crowd measure_crowd(std::size_t children, restart_strategy strategy, bool killed) {
  configuration config;
  caf::actor_system system{config};
  supervisor_options options;
  options.strategy = strategy;
  const start_function idle = [](const start_context& how) -> musiccorp::result<started_child> {
    return started_child{how.system.spawn<idler>()};
  };
  child_spec spec;
  if (killed) spec.stop = stop_limit::at_once();
  const bool is_pool = strategy == restart_strategy::pool;
  std::vector<supervised_child> list;
  for (std::size_t i = 0; i < (is_pool ? 1 : children); ++i) {
    spec.id = "idler" + std::to_string(i);
    list.push_back({spec, idle});
  }
  crowd took;
  const auto begin = steady::now();
  nursery all{system, options, std::move(list)};
  for (std::size_t i = 0; is_pool && i < children; ++i) {
    spec.id = std::to_string(i);
    all.commands().start_child({spec, {}});
  }
  all.wait_until_heard();
  took.start_seconds = seconds_since(begin);
  const auto stopping = steady::now();
  all.stop();
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
                           "20000 queued, half of them crash; none is lost, the supervisor hears of each"));
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
    auto took = measure_cells(scaled(how, 20'000));
    middle.push_back(percentile(took, 0.5));
    late.push_back(percentile(took, 0.99));
  }
  into.push_back(
      summarize("cell: crash to next rule, p50", "us", std::exchange(middle, {}), 5,
                "20000 requests queued, half of them crash; all are answered, the supervisor hears of each"));
  into.push_back(summarize("cell: crash to next rule, p99", "us", std::exchange(late, {}), 100));
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
  for (const auto& [strategy, killed] :
       {std::pair{restart_strategy::one_for_one, false}, std::pair{restart_strategy::pool, false},
        std::pair{restart_strategy::pool, true}}) {
    const std::string name{describe::name_of(strategy)};
    std::vector<double> starts, stops, growth;
    for (std::size_t run = 0; run < how.runs; ++run) {
      const auto small = measure_crowd(few, strategy, killed), large = measure_crowd(many, strategy, killed);
      starts.push_back(static_cast<double>(many) / large.start_seconds);
      stops.push_back(static_cast<double>(many) / large.stop_seconds);
      const auto per_child = [](const crowd& took, std::size_t children) {
        return (took.start_seconds + took.stop_seconds) / static_cast<double>(children);
      };
      growth.push_back(per_child(small, few) / per_child(large, many));
    }
    const std::string end = killed ? "killed" : "stopped";
    if (!killed) into.push_back(summarize(name + ": children started", "1/s", std::move(starts)));
    into.push_back(summarize(name + ": children " + end, "1/s", std::move(stops)));
    into.push_back(summarize(name + ": cost per child started and " + end + ", a tenth / all", "ratio",
                             std::move(growth), 0.5,
                             std::to_string(few) + " beside " + std::to_string(many) + " children; 1 is linear"));
  }
}

}  // namespace musiccorp::bench
