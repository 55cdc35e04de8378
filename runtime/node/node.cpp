#include "node/node.hpp"

#include <caf/all.hpp>
#include <condition_variable>
#include <thread>

#include "delivery/attribution.hpp"
#include "delivery/crash_handler.hpp"
#include "delivery/in_flight_slots.hpp"
#include "delivery/isolation.hpp"
#include "node/admin.hpp"
#include "node/gateway.hpp"
#include "node/observatory.hpp"
#include "service/cell.hpp"
#include "service/cell_types.hpp"
#include "telemetry/log.hpp"

namespace musiccorp::node {
namespace {

using namespace std::chrono_literals;

const telemetry::logger log{"node"};

struct system_config : caf::actor_system_config {
  system_config(std::size_t threads, std::size_t throughput) {
    add_message_types<caf::id_block::musiccorp>();
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", threads);
    set("scheduler.max-throughput", throughput);
  }
};

/// A cell waits for the disk on its scheduler thread, so there is one for each and two for the others.
std::size_t threads_for(const node_options& options, std::size_t services) {
  return options.threads != 0 ? options.threads : services + 2;
}

}  // namespace

class node::parts {
 public:
  parts(node_options options, std::vector<service_definition> services)
      : options_{std::move(options)},
        services_{std::move(services)},
        numbers_{*clock_, options_.version, ledgers_},
        stores_{storage::sqlite_stores(options_.data, options_.durability)},
        config_{threads_for(options_, services_.size()), options_.throughput},
        system_{config_} {}

  ~parts() {
    stop(0ms);
    server_.reset();
    gateway_.reset();
  }

  result<void> start() {
    if (const auto wrong = service::check(services_); !wrong.empty())
      return failure(fault_kind::internal, "the services do not fit together: " + wrong.front());
    delivery::install_crash_handler();
    if (auto opened = open_slots(); !opened) return opened;
    if (auto opened = open_cells(); !opened) return opened;
    for (const auto& one : services_) caf::anon_send(places_->find(one.name()), service::start_atom_v);
    for (const auto& one : statuses_) one->state.wait(service::cell_state::starting);
    if (auto serving = open_door(); !serving) return serving;
    sweeper_ = std::jthread{[this](const std::stop_token& ending) { sweep(ending); }};
    log.info("node-started", {{"node", options_.name}, {"port", port_}, {"services", services_.size()}});
    return {};
  }

  bool stop(std::chrono::milliseconds grace) {
    if (std::exchange(stopped_, true)) return whole_;
    log.info("node-stopping", {{"node", options_.name}});
    if (slots_ && slots_accepted_) slots_->draining();
    const bool finished = !server_ || server_->stop(grace);
    sweeper_ = {};
    cells_ended_ = stop_cells();
    whole_ = finished && cells_ended_;
    log.info("node-stopped", {{"node", options_.name}});
    return whole_;
  }
  [[nodiscard]] bool cells_ended() const { return cells_ended_; }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const std::string& host() const { return options_.http.host; }
  [[nodiscard]] bool is_ready() const { return !stopped_ && all_running(statuses_); }

 private:
  /// What an earlier process of this data folder left, and who is to blame for its end.
  result<void> open_slots() {
    std::error_code none;
    std::filesystem::create_directories(options_.data, none);  // The stores say it better when this fails.
    auto opened = delivery::in_flight_slots::open(options_.data / "slots");
    if (!opened) return failure(std::move(opened.error()));
    slots_ = std::move(*opened);
    if (slots_->unreadable()) log.warn("slots-unreadable", {{"error", slots_->unreadable()->text}});
    if (!slots_->earlier() || slots_->earlier()->slots.empty()) return {};
    const auto& scene = *slots_->earlier();
    death_ = delivery::attribute(scene, delivery::present_facts_of_this_machine());
    death_scene_ = scene.boot_id + " " + std::to_string(scene.pid) + " " + base::to_text(scene.started);
    log.error("process-died", {{"node", options_.name},
                               {"pid", scene.pid},
                               {"evidence", delivery::name_of(death_->why)},
                               {"messages", death_->findings.size()},
                               {"what", death_->text}});
    return {};
  }

  /// The stores know what the last death means; from now on the slots are ours.
  result<void> take_slots(std::vector<service::cell_options>& cells) {
    if (auto accepted = slots_->accepted(clock_->now()); !accepted) return accepted;
    slots_accepted_ = true;
    for (auto& cell : cells) {
      auto slot = slots_->of(cell.status->service);
      if (!slot) return failure(std::move(slot.error()));
      cell.core->use_slot(*slot);
    }
    return {};
  }

  result<void> open_cells() {
    const auto wires = service::wire(services_);
    base::random_source seeds{options_.seed};
    std::vector<service::cell_options> cells;
    for (const auto& definition : services_) {
      auto made = open_cell(definition, wires.at(definition.name()), seeds.next());
      if (!made) return failure(std::move(made.error()));
      cells.push_back(std::move(*made));
    }
    if (auto taken = take_slots(cells); !taken) return taken;
    for (auto& cell : cells) {
      const auto name = cell.status->service;
      places_->add(name, service::spawn_cell(system_, std::move(cell)));
    }
    return {};
  }

  result<service::cell_options> open_cell(const service_definition& definition, const service::wiring& wires,
                                          std::uint64_t seed) {
    const auto special = options_.services.find(definition.name());
    const auto& wanted = special == options_.services.end() ? options_.defaults : special->second;
    service::cell_options cell;
    cell.status = std::make_shared<service::cell_status>();
    cell.status->service = definition.name();
    cell.status->mailbox->limit = wanted.mailbox_limit;
    cell.status->mailbox->bytes_limit = wanted.mailbox_bytes_limit;
    cell.requests_max = wanted.mailbox_limit;
    cell.clock = clock_;
    cell.places = places_;
    auto store_numbers = numbers_.store();
    cell.core = std::make_unique<service::partition>(
        definition, wires, wanted.limits,
        service::partition_environment{*stores_, *clock_, seed, ledgers_, options_.name, options_.version,
                                       numbers_.cell(definition.name()), store_numbers,
                                       numbers_.queues(definition.name(), wires)});
    if (death_) {
      std::vector<delivery::finding> ours;
      for (const auto& found : death_->findings)
        if (found.cell == definition.name()) ours.push_back(found);
      if (!ours.empty()) cell.core->accuse(std::move(ours), death_->why, death_scene_);
    }
    cell.gate = &gate_;
    if (auto opened = cell.core->open(cell.first); !opened) return failure(std::move(opened.error()));
    numbers_.watch(cell.status, std::move(store_numbers));
    statuses_.push_back(cell.status);
    return cell;
  }

  result<void> open_door() {
    gateway_ =
        std::make_unique<gateway>(system_, places_, clock_, options_.seed ^ 0x6a7e'3a11ULL, options_.request_timeout);
    auto table = gateway_->routes(services_);
    for (auto& route : admin_routes(numbers_, statuses_, services_, options_.name, options_.version))
      table.push_back(std::move(route));
    for (const auto& route : table) numbers_.http().declare(route.pattern, route.method);
    auto handler = http::dispatch(std::move(table));
    if (!handler) return failure(std::move(handler.error()));
    auto door = options_.http;
    door.observe = [this](const http::request_record& seen) {
      const auto pattern = seen.route.pattern.empty() ? std::string_view{"none"} : seen.route.pattern;
      numbers_.http().observe(pattern, seen.method, seen.status, std::chrono::duration<double>(seen.took).count());
    };
    server_ = std::make_unique<http::server>(std::move(door), std::move(*handler));
    auto bound = server_->start();
    if (!bound) return failure(std::move(bound.error()));
    port_ = *bound;
    return {};
  }

  /// Ends requests that nobody answered in time.
  void sweep(const std::stop_token& ending) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock hold{mutex};
    for (int round = 0; !wake.wait_for(hold, ending, 50ms, [&] { return ending.stop_requested(); }); ++round) {
      if (round % 20 == 0) slots_->note(delivery::read_oom_kill_counts());
      if (const auto late = gateway_->sink().expire(clock_->now()); late > 0)
        log.warn("requests-timed-out", {{"requests", late}});
    }
  }

  /// Each cell ends after the batch that it works on. False when one did not in time.
  bool stop_cells() {
    std::size_t left = 0;
    {
      caf::scoped_actor self{system_, true};
      for (const auto& one : services_)
        if (const auto cell = places_->find(one.name())) {
          self->monitor(cell);
          caf::anon_send(cell, service::stop_atom_v);
          ++left;
        }
      bool late = false;
      while (left > 0 && !late)
        self->receive([&](const caf::down_msg&) { --left; }, caf::after(3s) >> [&] { late = true; });
    }
    places_->clear();
    if (left > 0) log.error("cells-did-not-stop", {{"cells", left}});
    return left == 0;
  }

  node_options options_;
  std::vector<service_definition> services_;
  std::shared_ptr<base::system_clock> clock_ = std::make_shared<base::system_clock>();
  service::ledger_board ledgers_;
  observatory numbers_;
  std::unique_ptr<storage::store_factory> stores_;
  std::unique_ptr<delivery::in_flight_slots> slots_;
  bool slots_accepted_ = false;
  std::optional<delivery::attribution> death_;  ///< of the process before this one
  std::string death_scene_;
  delivery::isolation gate_;
  cell_statuses statuses_;
  std::shared_ptr<service::directory> places_ = std::make_shared<service::directory>();
  system_config config_;
  caf::actor_system system_;
  std::unique_ptr<gateway> gateway_;
  std::unique_ptr<http::server> server_;
  std::jthread sweeper_;
  std::uint16_t port_ = 0;
  bool stopped_ = false;
  bool whole_ = true;  ///< stopping cut nothing
  bool cells_ended_ = true;
};

node::node(std::unique_ptr<parts> made) : parts_{std::move(made)} {}

/// CAF waits without limit for its actors. Whoever is caught in a rule that does not end must not keep the process
/// from ending, so what belongs to it is left to a thread that nobody waits for.
node::~node() {
  parts_->stop(0ms);
  if (!parts_->cells_ended()) std::thread{[left = std::move(parts_)]() mutable { left.reset(); }}.detach();
}

result<std::unique_ptr<node>> node::start(node_options options, std::vector<service_definition> services) {
  auto made = std::make_unique<parts>(std::move(options), std::move(services));
  if (auto started = made->start(); !started) return failure(std::move(started.error()));
  return std::unique_ptr<node>{new node{std::move(made)}};
}

std::uint16_t node::port() const { return parts_->port(); }
std::string node::url() const {
  const auto& host = parts_->host();
  const bool is_v6 = host.find(':') != std::string::npos;  // In brackets, or the port would be a part of it.
  return "http://" + (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(parts_->port());
}
bool node::is_ready() const { return parts_->is_ready(); }
bool node::stop(std::chrono::milliseconds grace) { return parts_->stop(grace); }

}  // namespace musiccorp::node
