#include "node/node.hpp"

#include <algorithm>
#include <caf/all.hpp>
#include <condition_variable>
#include <thread>

#include "delivery/crash_handler.hpp"
#include "node/admin.hpp"
#include "node/cell_factory.hpp"
#include "node/cluster_routes.hpp"
#include "node/console.hpp"
#include "node/gateway.hpp"
#include "node/log_routes.hpp"
#include "node/neighbours.hpp"
#include "node/observatory.hpp"
#include "node/operator_gate.hpp"
#include "node/shutdown.hpp"
#include "node/supervision_routes.hpp"
#include "node/trace_route.hpp"
#include "node/tree.hpp"
#include "node/tree_numbers.hpp"
#include "service/cell_types.hpp"
#include "supervision/watchdog_thread.hpp"
#include "telemetry/log.hpp"
#include "telemetry/span_metrics.hpp"

namespace musiccorp::node {
namespace {

using namespace std::chrono_literals;

const telemetry::logger log{"node"};

struct system_config : caf::actor_system_config {
  system_config(std::size_t threads, std::size_t throughput, bool has_neighbours) {
    add_message_types<caf::id_block::musiccorp>();
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", threads);
    set("scheduler.max-throughput", throughput);
    if (has_neighbours) cluster::links::prepare(*this);
  }
};

constexpr std::chrono::milliseconds last_spans_longest = 200ms;  ///< to reach their collector when the node stops
constexpr std::chrono::milliseconds tree_longest = 2s;  ///< to stop it, and to kill it, when there is no other limit

bool is_local(const node_options& options, const service_definition& one) {
  return !options.cluster || options.cluster->hosts(one.name());
}

service::partition_counts counts_of(const node_options& options) {
  return options.cluster ? options.cluster->counts : service::partition_counts{};
}

std::vector<service_definition> local_first(const node_options& options, std::vector<service_definition> services) {
  std::ranges::stable_partition(services, [&](const auto& one) { return is_local(options, one); });
  return services;
}

std::size_t count_local(const node_options& options, std::span<const service_definition> services) {
  return static_cast<std::size_t>(
      std::ranges::count_if(services, [&](const auto& one) { return is_local(options, one); }));
}

/// A cell waits for the disk on its scheduler thread, so there is one for each and two for the others.
std::size_t threads_for(const node_options& options, std::size_t services) {
  return options.threads != 0 ? options.threads : services + 2;
}

}  // namespace

class node::parts {
 public:
  parts(node_options options, std::vector<service_definition> services)
      : options_{std::move(options)},
        kinds_{std::move(services)},
        services_{local_first(options_, service::partitions_of(kinds_, counts_of(options_)))},
        local_{services_.data(), count_local(options_, services_)},
        wires_{service::wire(services_)},
        numbers_{*clock_, options_.version, ledgers_},
        tree_numbers_{numbers_.registry(), local_, board_},
        cells_{options_, local_, wires_, clock_, ledgers_, numbers_, places_, watchdog_, *asked_, spans_},
        config_{threads_for(options_, local_.size()), options_.throughput, options_.cluster.has_value()},
        system_{config_} {}

  ~parts() {
    stop(0ms);
    server_.reset();
    gateway_.reset();
  }

  result<void> start() {
    if (const auto wrong = service::check(kinds_); !wrong.empty())
      return failure(fault_kind::internal, "the services do not fit together: " + wrong.front());
    delivery::install_crash_handler();
    if (spans_ && !options_.traces.exported.endpoint.empty()) {
      auto how = options_.traces.exported;
      how.node = options_.name;
      how.version = options_.version;
      exporter_ = std::make_unique<span_exporter>(std::move(how), spans_, clock_, options_.seed ^ 0x5ba5ULL);
    }
    if (auto ours = cells_.claim(); !ours) return ours;
    gateway_ =
        std::make_unique<gateway>(system_, places_, counts_of(options_), clock_, options_.seed ^ 0x6a7e'3a11ULL,
                                  options_.request_timeout, spans_, options_.traces.begun_one_in);
    if (options_.cluster) {
      neighbours_.emplace(system_, options_, local_, wires_, places_, clock_, numbers_.registry(),
                          [this](const std::string& why) { give_up(why); });
      gateway_->act_only_if([this] { return neighbours_->may_act(); });
      if (auto joined = join_cluster(); !joined) return joined;
    }
    if (auto prepared = cells_.prepare(); !prepared) return prepared;
    watcher_.emplace(watchdog_, std::max<std::chrono::milliseconds>(options_.supervision.handler_deadline / 8, 10ms),
                     [this, follows = options_.supervision.wedged_ends_process
                                          ? supervision::end_process()
                                          : supervision::watchdog_thread::reaction{}](const auto& seen) {
                       tree_numbers_.noticed(seen);
                       if (follows) follows(seen);
                     });
    if (auto grown = grow_tree(); !grown) return grown;
    tree_numbers_.declare();
    if (auto serving = open_door(); !serving) return serving;
    log.info("node-started", {{"node", options_.name}, {"port", port_}, {"services", local_.size()}});
    return {};
  }

  bool stop(std::chrono::milliseconds longest) {
    if (stopped_.exchange(true)) return whole_;
    log.info("node-stopping", {{"node", options_.name}});
    cells_.draining();
    using patience = shutdown::patience;
    const bool at_once = longest == 0ms;  // Nobody waits for requests and turns; the tree still ends in order.
    const auto children = at_once ? tree_longest : longest * 75 / 100;
    const auto killing = at_once ? tree_longest : longest / 5;
    const auto reports = shutdown_.run({
        {"stop accepting", 0ms,
         [&](const patience&) {
           if (server_) server_->stop_accepting();
           return true;
         }},
        {"finish requests", longest * 4 / 10, [&](const patience& left) { return finish_requests(left); }},
        {"drain turns and close stores", longest * 6 / 10,
         [&](const patience& left) { return at_once || drain(left); }},
        {"stop children", children, [&](const patience& left) { return stop_tree(left); }},
        {"kill children", 0ms, [&](const patience&) { return kill_tree(killing); }},
        {"leave", 0ms,
         [&](const patience&) {
           if (exporter_ && !at_once && !exporter_->flush(last_spans_longest))
             log.warn("last-spans-not-exported", {});
           if (neighbours_) neighbours_->stop();
           places_->clear();
           watcher_.reset();
           return true;
         }},
    });
    for (const auto& one : reports) whole_ = whole_ && one.whole;
    log.info("node-stopped", {{"node", options_.name}});
    return whole_;
  }
  void hurry() { shutdown_.hurry(); }
  [[nodiscard]] bool cells_ended() const { return cells_ended_; }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const std::string& host() const { return options_.http.host; }
  [[nodiscard]] bool is_ready() const {
    return !stopped_ && all_running(cells_.statuses()) && ailments().empty() && refused_streams().empty();
  }
  [[nodiscard]] std::string gave_up() const {
    const std::lock_guard hold{mutex_};
    return gave_up_;
  }

 private:
  enum class tree_state : std::uint8_t { starting, up, ended };

  /// Before any store is opened: whoever else has this name or a share of this node's is there first.
  result<void> join_cluster() {
    if (auto opened = neighbours_->open(); !opened) return opened;
    if (auto linked = neighbours_->start(); !linked) return linked;
    log.info("node-joining", {{"node", options_.name}, {"peers", options_.cluster->links.peers.size()}});
    return neighbours_->join(options_.called_off);
  }

  /// Starts the root and waits until everything below it is up.
  result<void> grow_tree() {
    housekeeping work{.observe =
                          [this] {
                            cells_.note_memory();
                            if (exporter_) exporter_->tick();
                          },
                      .relay = {},
                      .sweep =
                          [this] {
                            if (const auto late = gateway_->sink().expire(clock_->now()); late > 0)
                              log.warn("requests-timed-out", {{"requests", late}});
                            note_drained();
                          }};
    if (neighbours_) work.relay = [this] { neighbours_->sweep(); };
    auto root = tree_of(options_, local_, cells_, std::move(work));
    root.board = board_;
    root.observe = [this](const std::string& path, const supervision::tell& what) { tree_numbers_.told(path, what); };
    root.clock = clock_;
    root.on_ready = [this] { tree_is(tree_state::up, {}); };
    root.on_end = [this](const supervision::end_reason& why) { tree_is(tree_state::ended, why.text); };
    auto spawned = supervision::spawn_supervisor(system_, std::move(root));
    if (!spawned) return failure(std::move(spawned.error()));
    root_ = std::move(*spawned);
    std::unique_lock hold{mutex_};
    changed_.wait(hold, [&] { return tree_ != tree_state::starting; });
    if (tree_ == tree_state::up) return {};
    return failure(fault_kind::unavailable, "the services could not be started: " + gave_up_);
  }

  void tree_is(tree_state now, const std::string& why) {
    bool by_itself = false;
    {
      const std::lock_guard hold{mutex_};
      by_itself = now == tree_state::ended && !stopped_;
      if (by_itself) gave_up_ = why;
      by_itself = by_itself && tree_ == tree_state::up;
      tree_ = now;
    }
    changed_.notify_all();
    if (by_itself) tell_of_giving_up(why);
  }
  /// For a reason outside the tree.
  void give_up(const std::string& why) {
    {
      const std::lock_guard hold{mutex_};
      if (stopped_ || !gave_up_.empty()) return;
      gave_up_ = why;
    }
    tell_of_giving_up(why);
  }
  void tell_of_giving_up(const std::string& why) {
    log.error("node-gave-up", {{"node", options_.name}, {"why", why}});
    if (options_.gave_up) options_.gave_up(why);
  }
  [[nodiscard]] bool tree_has_ended() const {
    const std::lock_guard hold{mutex_};
    return tree_ == tree_state::ended;
  }

  result<void> open_door() {
    auto table = gateway_->routes(kinds_);
    for (const auto& route : table)
      if (!is_for_operators(route.pattern)) numbers_.http().declare(route.pattern, route.method);
    for (auto& route : admin_routes(
             numbers_, cells_.statuses(), kinds_, options_.name, options_.version, [this] { return ailments(); },
             [this] { return refused_streams(); }))
      table.push_back(std::move(route));
    for (auto& route : supervision_routes(board_, watchdog_, asked_, clock_)) table.push_back(std::move(route));
    for (auto& route : log_routes()) table.push_back(std::move(route));
    table.push_back(cluster_route([this] {
      auto page = look_at_cluster(options_, services_, wires_, cells_.statuses(), ledgers_,
                                  neighbours_ ? &*neighbours_ : nullptr);
      page.condition = condition_;
      return page;
    }));
    table.push_back(
        drain_route(options_.name, [this](const operator_command& order) { return drain_by_order(order); }));
    table.push_back(trace_route(spans_, options_.name,
                                options_.cluster ? options_.cluster->doors : std::map<std::string, std::string>{},
                                client_, options_.operator_token));
    console_.add_routes(table);
    table = behind_gate(std::move(table), options_.operator_token);
    auto handler = http::dispatch(std::move(table));
    if (!handler) return failure(std::move(handler.error()));
    auto door = options_.http;
    door.clock = clock_;
    door.observe = [this](const http::request_record& seen) {
      const auto pattern = seen.route.pattern.empty() ? std::string_view{"none"} : counted_as(seen.route.pattern);
      numbers_.http().observe(pattern, seen.method, seen.status, std::chrono::duration<double>(seen.took).count());
    };
    server_ = std::make_unique<http::server>(std::move(door), std::move(*handler));
    numbers_.watch_disk(options_.data);
    numbers_.watch_requests([this] { return server_->requests_in_flight(); });
    auto bound = server_->start();
    if (!bound) return failure(std::move(bound.error()));
    port_ = *bound;
    return {};
  }

  /// What is wrong with the process as a whole.
  [[nodiscard]] std::vector<std::string> ailments() const {
    std::vector<std::string> found;
    if (auto why = gave_up(); !why.empty()) found.push_back("the node gave up: " + why);
    for (const auto& one : watchdog_->overdue())
      found.push_back(one.name + " is wedged: " + one.what + " has been running for " +
                      std::to_string(one.running_ms) + " ms");
    return found;
  }

  /// Streams that can't go on: a store is not the one that it was. No restart would mend it.
  [[nodiscard]] std::vector<std::string> refused_streams() const {
    std::vector<std::string> found;
    for (const auto& [queue, ledger] : ledgers_.all())
      if (auto why = ledger->refused(); !why.empty()) found.push_back("queue " + queue + " is held: " + why);
    return found;
  }

  bool finish_requests(const shutdown::patience& left) {
    if (!server_) return true;
    left.wait_for([&] { return server_->connections() == 0; });
    return server_->stop();
  }

  /// The cells finish what they have taken, take nothing more from streams, and close their stores, all at a time.
  /// False: one has not. Also then nothing is lost: it comes again from its publisher's log.
  bool drain(const shutdown::patience& left) {
    if (!root_) return true;
    begin_drain();
    return left.wait_for([&] { return all_drained(); });
  }
  void begin_drain() {
    cells_.interrupt();
    for (const auto& one : local_)
      if (const auto cell = places_->find(one.name())) caf::anon_send(cell, service::drain_atom_v);
  }
  [[nodiscard]] bool all_drained() const {
    return std::ranges::all_of(cells_.statuses(), [](const auto& one) {
      return one->state == service::cell_state::drained || one->state == service::cell_state::stopped;
    });
  }

  /// On order, while the process goes on: its door still leads to the other nodes.
  node_condition drain_by_order(const operator_command& order) {
    auto expected = node_condition::serving;
    if (!condition_.compare_exchange_strong(expected, node_condition::draining)) return expected;
    log.warn("node-draining", {{"node", options_.name}, {"by", order.by}, {"reason", order.reason}});
    if (neighbours_) neighbours_->announce(std::string{describe::name_of(node_condition::draining)});
    begin_drain();
    return node_condition::draining;
  }
  /// Looks whether the drain has come to its end.
  void note_drained() {
    if (condition_ != node_condition::draining || !all_drained()) return;
    condition_ = node_condition::drained;
    log.warn("node-drained", {{"node", options_.name}});
    if (neighbours_) neighbours_->announce(std::string{describe::name_of(node_condition::drained)});
    if (options_.drained) options_.drained();
  }

  /// The supervisors stop their children in reverse order.
  bool stop_tree(const shutdown::patience& left) {
    if (!root_) return true;
    supervision::supervisor_handle{root_}.stop();
    return left.wait_for([&] { return tree_has_ended(); });
  }

  /// Whoever has not stopped is killed, also in a hurry, and then left behind.
  bool kill_tree(std::chrono::milliseconds longest) {
    if (!root_) return true;
    const supervision::supervisor_handle root{std::exchange(root_, nullptr)};
    if (!tree_has_ended()) root.stop(true);
    {
      std::unique_lock hold{mutex_};
      changed_.wait_for(hold, longest, [&] { return tree_ == tree_state::ended; });
    }
    std::size_t behind = 0;
    for (const auto& one : cells_.statuses()) behind += std::size_t{one->state != service::cell_state::stopped};
    cells_ended_ = behind == 0 && tree_has_ended();
    if (behind > 0) log.error("cells-did-not-stop", {{"cells", behind}});
    return cells_ended_;
  }

  node_options options_;
  std::vector<service_definition> kinds_;     ///< of the whole shop
  std::vector<service_definition> services_;  ///< their partitions; those that run here first
  std::span<const service_definition> local_;
  std::map<std::string, service::wiring> wires_;
  std::shared_ptr<base::system_clock> clock_ = std::make_shared<base::system_clock>();
  service::ledger_board ledgers_;
  observatory numbers_;
  std::shared_ptr<telemetry::span_store> spans_ =
      options_.traces.recorded ? std::make_shared<telemetry::span_store>(options_.traces.limits) : nullptr;
  telemetry::span_metrics span_numbers_{numbers_.registry(), spans_};
  std::unique_ptr<span_exporter> exporter_;
  std::shared_ptr<http::client> client_ = std::make_shared<http::client>();  ///< asks the neighbours' doors
  std::shared_ptr<supervision::supervision_board> board_ = std::make_shared<supervision::supervision_board>();
  std::shared_ptr<supervision::watchdog> watchdog_ = std::make_shared<supervision::watchdog>();
  tree_numbers tree_numbers_;
  std::shared_ptr<service::dependency_board> asked_ = std::make_shared<service::dependency_board>();
  std::shared_ptr<service::directory> places_ = std::make_shared<service::directory>();
  cell_factory cells_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  tree_state tree_ = tree_state::starting;  ///< guarded by `mutex_`
  std::string gave_up_;                     ///< guarded by `mutex_`
  std::atomic<bool> stopped_{false};
  std::atomic<node_condition> condition_{node_condition::serving};
  shutdown shutdown_;
  system_config config_;
  caf::actor_system system_;
  std::unique_ptr<gateway> gateway_;
  std::optional<neighbours> neighbours_;
  console console_{*clock_, cells_.statuses(), ledgers_, options_.name};
  std::unique_ptr<http::server> server_;
  caf::actor root_;
  std::optional<supervision::watchdog_thread> watcher_;
  std::uint16_t port_ = 0;
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
std::string node::gave_up() const { return parts_->gave_up(); }
bool node::stop(std::chrono::milliseconds longest) { return parts_->stop(longest); }
void node::hurry() { parts_->hurry(); }

}  // namespace musiccorp::node
