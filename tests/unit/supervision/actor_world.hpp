#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "supervision/exit_error.hpp"
#include "supervision/supervisor_actor.hpp"
#include "telemetry/log.hpp"
#include "unit/supervision/rules_world.hpp"

/// Real supervisors and real children under CAF's test scheduler: time moves only when told, and a seed chooses which
/// actor handles its next message.
namespace musiccorp::supervision::testing {

/// What all children of one test write down.
struct toy_board {
  struct toy {
    caf::actor who;
    child_link link;
    int runs = 0;
    int alive = 0;
    bool deaf = false;       ///< ignores what asks it to stop; a kill works
    int failing_starts = 0;  ///< so many starts return a fault
    bool throwing_start = false;
    bool ignores = false;
    bool slow = false;  ///< says that it is up only when told "up"
    end_reason says = asked;
    int rebuilds = 0;
    int heard = 0;   ///< messages
    int storms = 0;  ///< of them, from itself
  };
  std::map<std::string, toy> toys;
  std::vector<std::string> trace;
};

/// Does what it is told: "crash <text>", "bad_alloc", "int", "quit", "shutdown", "leave <text>" (a shutdown with a
/// detail), "up", "in place <message>", "storm" (sends itself the same for ever).
class toy_actor final : public caf::event_based_actor {
 public:
  toy_actor(caf::actor_config& config, std::string id, std::shared_ptr<toy_board> board)
      : event_based_actor{config}, id_{std::move(id)}, board_{std::move(board)} {
    tell_crashes(*this);
    EXPECT_EQ(++me().alive, 1) << id_ << " runs twice";
    ++me().runs;
    board_->trace.push_back("start " + id_);
    set_exit_handler([this](const caf::exit_msg&) {
      if (!me().deaf) quit(to_error(me().says));
    });
  }
  const char* name() const override { return "toy"; }

  caf::behavior make_behavior() override {
    return {[this](const std::string& order) { obey(order); }};
  }
  void on_exit() override {
    --me().alive;
    board_->trace.push_back("end " + id_);
  }

 private:
  toy_board::toy& me() { return board_->toys[id_]; }
  void obey(const std::string& order) {
    ++me().heard;
    if (order.starts_with("crash ")) throw std::runtime_error{order.substr(6)};
    if (order == "bad_alloc") throw std::bad_alloc{};
    if (order == "int") throw 42;
    if (order == "quit") return quit();
    if (order == "shutdown") return quit(caf::exit_reason::user_shutdown);
    if (order.starts_with("leave ")) return quit(to_error({end_kind::shutdown, order.substr(6), {}}));
    if (order == "storm") {
      ++me().storms;
      caf::anon_send(caf::actor_cast<caf::actor>(this), order);
      return;
    }
    if (order == "up") return me().link.up();
    if (order.starts_with("in batch ")) {
      std::vector<crash_report> crashes;
      for (const char message : order.substr(9)) crashes.push_back({.message = {message}, .text = "boom"});
      return me().link.crashed_in_batch(std::move(crashes));
    }
    if (order.starts_with("in place ")) me().link.crashed({.message = order.substr(9), .text = "boom"});
  }

  std::string id_;
  std::shared_ptr<toy_board> board_;
};

class actor_world {
 public:
  explicit actor_world(std::uint64_t seed = 1) : random(seed) {
    scheduler.clock().current_time += std::chrono::hours{1};
  }
  ~actor_world() {
    frozen.clear();
    if (root) {
      caf::anon_send_exit(root, caf::exit_reason::kill);
      run();
    }
    root = nullptr;
    for (auto& [id, toy] : board->toys) {
      EXPECT_EQ(toy.alive, 0) << id << " is left behind";
      toy.who = nullptr;
    }
    while (!scheduler.clock().schedule().empty()) pass(1min);
  }
  actor_world(const actor_world&) = delete;
  actor_world& operator=(const actor_world&) = delete;

  /// A child that plays the toy of its id.
  supervised_child toy(child_spec what) {
    return {what, [board = board, id = what.id](const start_context& how) -> result<started_child> {
              auto& me = board->toys[id];
              if (me.throwing_start) throw std::runtime_error{"no strings"};
              if (me.failing_starts > 0) {
                --me.failing_starts;
                board->trace.push_back("fail " + id);
                return failure(fault_kind::unavailable, "can't start");
              }
              if (me.ignores) return started_child{};
              me.link = how.link;
              me.who = how.system.spawn<toy_actor>(id, board);
              if (!me.slow) me.link.up();
              return started_child{me.who, {}, [&me] { ++me.rebuilds; }};
            }};
  }
  /// The template of a pool: each member plays the toy of its own id.
  supervised_child pool_of(child_spec what) {
    return {what, [this](const start_context& how) {
              return toy(spec(how.path.substr(how.path.rfind('/') + 1))).start(how);
            }};
  }
  void start_pool(supervisor_options options, child_spec what, std::initializer_list<const char*> members) {
    options.strategy = restart_strategy::pool;
    start(options, {pool_of(std::move(what))});
    for (const auto* id : members) commands().start_child({spec(id), {}});
    run();
  }
  std::vector<supervised_child> toys(const std::vector<child_spec>& list) {
    std::vector<supervised_child> made;
    for (const auto& one : list) made.push_back(toy(one));
    return made;
  }

  void start(supervisor_options options, std::vector<supervised_child> children) {
    supervisor_setup setup;
    setup.path = "root";
    setup.options = options;
    setup.children = std::move(children);
    setup.board = shown;
    setup.clock = clock;
    setup.observe = [this](const std::string&, const tell& what) { tellings.push_back(what); };
    setup.on_end = [this](const end_reason& why) { ended = why; };
    root = spawn_supervisor(system, std::move(setup)).value();
    run();
  }
  [[nodiscard]] supervisor_handle commands() const { return supervisor_handle{root}; }

  /// Handles messages until none is left, those of frozen actors excepted.
  void run() {
    while (step()) {
    }
  }
  /// The same, but at most so many messages: whatever goes round and round is then in the middle of it.
  void run_steps(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count && step(); ++i) {
    }
  }
  /// Lets time pass, from timer to timer.
  void pass(duration time) {
    auto& time_now = scheduler.clock();
    const auto until = time_now.now() + time;
    for (;;) {
      run();
      const auto& timers = time_now.schedule();
      const auto next = timers.empty() ? until : std::min(until, std::max(time_now.now(), timers.begin()->first));
      const auto step = next - time_now.now();
      clock->advance(std::chrono::ceil<duration>(step));
      time_now.advance_time(step);
      if (next == until) return run();
    }
  }
  void say(const std::string& id, const std::string& order) { caf::anon_send(board->toys.at(id).who, order); }
  void tell_toy(const std::string& id, const std::string& order) {
    say(id, order);
    run();
  }
  /// A handler that does not return, as far as anybody can tell: no message of it is handled any more.
  void freeze(const std::string& id) { frozen.insert(id); }
  void thaw(const std::string& id) {
    frozen.erase(id);
    run();
  }
  /// Gives a command, `void(supervisor_handle, on_answer)`, lets everything happen, and returns the answer if it
  /// came.
  template <class Command>
  std::optional<command_answer> give(Command command) {
    const auto given = std::make_shared<std::optional<command_answer>>();
    command(commands(), [given](const command_answer& answer) { *given = answer; });
    run();
    return *given;
  }
  template <class Command>
  std::optional<outcome> answer_to(Command command) {
    const auto given = give(std::move(command));
    return given ? std::optional{given->what} : std::nullopt;
  }
  [[nodiscard]] on_answer note(std::optional<outcome>& into) const {
    return [&into](const command_answer& answer) { into = answer.what; };
  }

  [[nodiscard]] bool runs(const std::string& id) { return board->toys[id].alive == 1; }
  std::string story() {
    std::string told;
    for (const auto& line : std::exchange(board->trace, {})) told += (told.empty() ? "" : ", ") + line;
    return told;
  }
  [[nodiscard]] bool told(std::string_view event) const {
    return std::ranges::any_of(tellings, [&](const tell& one) { return one.event == event; });
  }
  /// The texts of this event, in order.
  [[nodiscard]] std::vector<std::string> texts_of(std::string_view event) const {
    std::vector<std::string> said;
    for (const auto& one : tellings)
      if (one.event == event) said.push_back(one.text);
    return said;
  }
  [[nodiscard]] std::vector<std::string> ids() const {
    std::vector<std::string> known;
    for (const auto& child : view().children) known.push_back(child.id);
    return known;
  }
  [[nodiscard]] supervisor_view view() const { return shown->tree().at(0); }
  [[nodiscard]] child_view view_of(std::string_view id) const {
    for (const auto& child : view().children)
      if (child.id == id) return child;
    return {};
  }

  struct test_config : caf::actor_system_config {
    test_config() { set("scheduler.policy", caf::atom("testing")); }
  };
  telemetry::captured_logs logs;  ///< keeps them out of the test's output
  base::random_source random;
  std::shared_ptr<toy_board> board = std::make_shared<toy_board>();
  std::shared_ptr<supervision_board> shown = std::make_shared<supervision_board>();
  std::shared_ptr<base::manual_clock> clock = std::make_shared<base::manual_clock>();
  std::vector<tell> tellings;
  std::optional<end_reason> ended;
  std::set<std::string> frozen;
  std::uint64_t steps = 0;  ///< messages handled
  test_config config;
  caf::actor_system system{config};
  caf::scheduler::test_coordinator& scheduler = dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  caf::actor root;

 private:
  bool step() {
    auto& jobs = scheduler.jobs;
    std::vector<std::size_t> ready;
    for (std::size_t i = 0; i < jobs.size(); ++i)
      if (!is_frozen(jobs[i])) ready.push_back(i);
    if (ready.empty()) return false;
    const auto at = static_cast<std::ptrdiff_t>(ready[random.below(ready.size())]);
    std::rotate(jobs.begin(), jobs.begin() + at, jobs.begin() + at + 1);
    scheduler.try_run_once();
    ++steps;
    return true;
  }
  bool is_frozen(caf::resumable* job) {
    return std::ranges::any_of(frozen, [&](const std::string& id) {
      const auto* who = caf::actor_cast<caf::abstract_actor*>(board->toys[id].who);
      return who != nullptr && dynamic_cast<caf::abstract_actor*>(job) == who;
    });
  }
};

/// Runs the claim under 30 seeds, each of which orders the events differently.
inline void under_many_orders(const std::function<void(actor_world&)>& claim) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    actor_world world{seed};
    claim(world);
  }
}

}  // namespace musiccorp::supervision::testing
