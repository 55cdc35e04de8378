#include "supervision/supervisor_actor.hpp"

#include <caf/all.hpp>
#include <deque>
#include <unordered_map>
#include <unordered_set>

#include "supervision/board_writer.hpp"
#include "supervision/exception_text.hpp"
#include "supervision/exit_error.hpp"
#include "supervision/supervisor_messages.hpp"
#include "supervision/supervisor_rules.hpp"
#include "telemetry/log.hpp"

#ifdef __SANITIZE_THREAD__
extern "C" {
void __tsan_acquire(void* address);
void __tsan_release(void* address);
}
#define MUSICCORP_TSAN(edge) __tsan_##edge(this)
#else
#define MUSICCORP_TSAN(edge) static_cast<void>(0)
#endif

namespace musiccorp::supervision {
namespace {

const telemetry::logger log{"supervision"};

void urgent_exit(const caf::actor& to, caf::exit_reason why, caf::execution_unit* host) {
  // High priority: an exit message of normal priority waits behind everything that is queued.
  to->enqueue(nullptr, caf::make_message_id(caf::message_priority::high),
              caf::make_message(caf::exit_msg{to->address(), why}), host);
}

class supervisor final : public caf::event_based_actor {
 public:
  supervisor(caf::actor_config& config, supervisor_setup setup, supervisor_rules rules)
      : event_based_actor{config}, setup_{std::move(setup)}, rules_{std::move(rules)} {
    if (setup_.options.strategy == restart_strategy::pool) template_ = setup_.children.front().start;
    for (auto& child : setup_.children) keep(child);
    setup_.children.clear();
    if (setup_.board) shown_ = setup_.board->add(setup_.path, address());
    set_down_handler([this](const caf::down_msg& down) { ended(down); });
    set_exit_handler([this](const caf::exit_msg&) { run(rules_.stop(false, now())); });
    set_error_handler([this](const caf::error& error) {
      log.warn("error-message", {{"supervisor", setup_.path}, {"error", to_reason(error).text}});
    });
    set_default_handler(caf::drop);
    tell_crashes(*this);
  }

  const char* name() const override { return "musiccorp.supervisor"; }

  caf::behavior make_behavior() override {
    caf::behavior answers{
        [this](const tick_message& tick) {
          if (tick.generation != generation_) return;
          armed_.reset();
          run(rules_.expire(now()));
        },
        [this](const up_message& what) { run(rules_.child_up(what.which, now())); },
        [this](const crash_message& what) {
          for (const auto& crash : what.crashes) run(rules_.child_crashed_in_place(what.which, crash, now()));
        },
        [this](const command_message& what) { command(what); },
        [this](orphan_limit_message) { orphans_are_late(); },
    };
    auto left = setup_.orphans ? setup_.orphans->take() : std::vector<caf::actor_addr>{};
    if (left.empty())
      run(rules_.start(now()));
    else
      await_orphans(std::move(left));
    return answers;
  }

  /// Nobody below stays behind when the supervisor itself was killed or failed; who comes after it waits for them.
  bool cleanup(caf::error&& why, caf::execution_unit* host) override {
    MUSICCORP_TSAN(acquire);
    if (!std::exchange(cleaned_, true)) {
      const auto reason = to_reason(why);
      if (!ended_) log.error("supervisor-died", {{"supervisor", setup_.path}, {"error", reason.text}});
      leave_behind(host);
      if (setup_.on_end) setup_.on_end(reason);
      let_go();
    }
    return event_based_actor::cleanup(std::move(why), host);
  }

#ifdef __SANITIZE_THREAD__
  // Debian's CAF is not instrumented: its mailbox hands messages over without edges that ThreadSanitizer can see.
  void enqueue(caf::mailbox_element_ptr element, caf::execution_unit* host) override {
    MUSICCORP_TSAN(release);
    event_based_actor::enqueue(std::move(element), host);
  }
  caf::invoke_message_result consume(caf::mailbox_element& element) override {
    MUSICCORP_TSAN(acquire);
    return event_based_actor::consume(element);
  }
  resume_result resume(caf::execution_unit* host, std::size_t throughput) override {
    MUSICCORP_TSAN(acquire);
    const auto result = event_based_actor::resume(host, throughput);
    MUSICCORP_TSAN(release);
    return result;
  }
#endif

 private:
  struct running_child {
    std::uint64_t run;
    started_child child;
  };
  struct pending_command {
    std::shared_ptr<answer_slot> answer;
    std::string id{};                          ///< of the child it adds
    std::vector<supervised_child> children{};  ///< of a change: kept when it is accepted
  };

  /// Before anybody hears of this end: the next run must know whom to wait for.
  void leave_behind(caf::execution_unit* host) {
    std::vector<caf::actor_addr> left{orphans_.begin(), orphans_.end()};
    for (const auto& [address, which] : by_address_) left.push_back(address);
    if (setup_.orphans && !left.empty()) setup_.orphans->put(std::move(left));
    for (auto at = running_.rbegin(); at != running_.rend(); ++at)
      urgent_exit(at->second.child.who, caf::exit_reason::kill, host);
  }
  /// Members live until the last handle goes.
  void let_go() {
    running_.clear();
    by_address_.clear();
    functions_.clear();
    template_ = nullptr;
    commands_.clear();
    shown_.reset();
    setup_ = {};
  }

  // --- whom a former run left behind ---

  void await_orphans(std::vector<caf::actor_addr> left) {
    log.warn("waiting-for-orphans", {{"supervisor", setup_.path}, {"children", left.size()}});
    for (auto& one : left)
      if (orphans_.insert(one).second) monitor(one);
    delayed_send(this, std::chrono::nanoseconds{setup_.options.kill_grace}, orphan_limit_message{});
  }
  void orphans_are_late() {
    if (orphans_.empty()) return;
    ended_ = end_reason{end_kind::start_failed, "children of a former run do not end", {}};
    quit(to_error(*ended_));
  }

  moment now() { return std::chrono::time_point_cast<duration>(clock().now()); }
  void keep(supervised_child& child) { functions_.insert_or_assign(child.spec.id, std::move(child.start)); }

  void ended(const caf::down_msg& down) {
    if (orphans_.erase(down.source) > 0 && orphans_.empty()) return run(rules_.start(now()));
    const auto found = by_address_.find(down.source);
    if (found == by_address_.end()) return;  // Told before.
    const auto which = found->second;
    by_address_.erase(found);
    const auto at = running_.find(which.child);
    if (at != running_.end() && at->second.run == which.run) running_.erase(at);
    run(rules_.child_ended(which, to_reason(down.reason), now()));
  }

  // --- what the rules say ---

  /// Events that follow from an action at once go behind the actions that are already there.
  void run(actions todo) {
    for (auto& one : todo) todo_.push_back(std::move(one));
    if (std::exchange(busy_, true)) return;
    while (!todo_.empty()) {
      const auto one = std::move(todo_.front());
      todo_.pop_front();
      std::visit([this](const auto& what) { perform(what); }, one);
    }
    busy_ = false;
    show();
    if (ended_)
      quit(to_error(*ended_));
    else
      arm();
  }

  void perform(const start_child& what) {
    auto begun = begin(what);
    if (!begun) return run(rules_.child_start_failed(what.child, std::move(begun.error()), now()));
    if (!begun->who) return run(rules_.child_ignored(what.child, now()));
    monitor(begun->who);
    by_address_.emplace(begun->who.address(), what.child);
    running_.insert_or_assign(what.child.child, running_child{what.child.run, std::move(*begun)});
    const auto spec = rules_.spec_of(what.id);
    if (spec && spec->restart == restart_kind::temporary) functions_.erase(what.id);  // Never needed again.
    if (!spec || !spec->ready_within) run(rules_.child_up(what.child, now()));
  }

  tl::expected<started_child, end_reason> begin(const start_child& what) {
    auto found = functions_.find(what.id);
    if (found == functions_.end())
      return tl::make_unexpected(end_reason{end_kind::crash, "it has no start function", {}});
    try {
      const auto start = found->second;  // It may be replaced by what it calls.
      auto begun = start({system(), setup_.path + "/" + what.id, what.child.run, child_link{address(), what.child},
                          setup_.board, setup_.clock, setup_.observe});
      if (begun) return std::move(*begun);
      return tl::make_unexpected(end_reason{end_kind::crash, begun.error().text, {}});
    } catch (...) {
      return tl::make_unexpected(crash_from(std::current_exception()));
    }
  }

  [[nodiscard]] running_child* find(child_ref which) {
    const auto at = running_.find(which.child);
    return at == running_.end() || at->second.run != which.run ? nullptr : &at->second;
  }
  void perform(const stop_child& what) {
    const auto* one = find(what.child);
    if (one == nullptr) return;  // Its end is on its way.
    if (!one->child.stop) return urgent_exit(one->child.who, caf::exit_reason::user_shutdown, context());
    guarded("stop", one->child.stop);
  }
  void perform(const kill_child& what) {
    if (const auto* one = find(what.child)) urgent_exit(one->child.who, caf::exit_reason::kill, context());
  }
  void perform(const rebuild_child& what) {
    const auto* one = find(what.child);
    if (one != nullptr && one->child.rebuild) guarded("rebuild", one->child.rebuild);
  }
  /// Whoever does not stop for a failed request is killed in time.
  void guarded(std::string_view what, const std::function<void()>& call) {
    try {
      call();
    } catch (...) {
      log.error("child-not-asked",
                {{"supervisor", setup_.path}, {"what", what}, {"error", text_of(std::current_exception())}});
    }
  }
  /// Its DOWN is still understood by its address.
  void perform(const abandon_child& what) { running_.erase(what.child.child); }
  void perform(const forget_child& what) { functions_.erase(what.id); }
  void perform(const tell_ready&) {
    setup_.parent.up();
    if (setup_.on_ready) setup_.on_ready();
  }
  void perform(const tell& what) {
    log.write(telemetry::level_of(what.level), what.event,
              {{"supervisor", setup_.path}, {"child", what.child}, {"text", what.text}});
    if (setup_.observe) setup_.observe(setup_.path, what);
  }
  void perform(const end_self& what) { ended_ = what.why; }
  void perform(const give_answer& what) {
    auto found = commands_.extract(what.token);
    if (found.empty()) return;
    auto& given = found.mapped();
    if (!given.id.empty() && !rules_.spec_of(given.id)) functions_.erase(given.id);
    if (what.what == outcome::done && !given.children.empty()) take_over(given.children);
    if (given.answer) given.answer->give({what.what, what.text, what.problems});
  }

  // --- commands ---

  void command(const command_message& what) {
    using kind = command_message::kind;
    if (what.what == kind::stop) return run(rules_.stop(what.hurry, now()));
    const auto token = ++tokens_;
    auto& given = commands_[token];
    given.answer = what.answer;
    switch (what.what) {
      case kind::start: {
        auto child = what.children.front();
        given.id = child.spec.id;
        if (!child.start && setup_.options.strategy == restart_strategy::pool) child.start = template_;
        functions_.try_emplace(child.spec.id, std::move(child.start));
        return run(rules_.start_child(std::move(child.spec), token, now()));
      }
      case kind::restart:
        return run(rules_.restart_child(what.id, token, now()));
      case kind::terminate:
        return run(rules_.terminate_child(what.id, token, now()));
      case kind::remove:
        return run(rules_.delete_child(what.id, token, now()));
      case kind::replace:
        return run(rules_.replace_child(what.id, token, now()));
      case kind::change: {
        given.children = what.children;
        std::vector<child_spec> specs;
        for (const auto& child : what.children) specs.push_back(child.spec);
        return run(rules_.change(what.options, std::move(specs), token, now()));
      }
      case kind::stop:
        return;
    }
  }

  void take_over(std::vector<supervised_child>& changed) {
    if (setup_.options.strategy == restart_strategy::pool)
      template_ = std::move(changed.front().start);
    else
      for (auto& child : changed) keep(child);
  }

  // --- time and looks ---

  void arm() {
    const auto at = now();
    const auto due = rules_.next_due(at);
    if (!due || (armed_ && *armed_ <= *due)) return;
    armed_ = *due;
    if (*due <= at)
      send(this, tick_message{++generation_});
    else
      delayed_send(this, std::chrono::nanoseconds{*due - at} + std::chrono::microseconds{1},
                   tick_message{++generation_});
  }

  void show() {
    if (shown_) write_changes(rules_, *shown_, wall_time{setup_.clock->now(), now()});
  }

  supervisor_setup setup_;
  supervisor_rules rules_;
  std::unordered_map<std::string, start_function> functions_;  ///< by id
  start_function template_;                                    ///< of a pool
  std::map<std::uint64_t, running_child> running_;             ///< by number, so in start order
  std::unordered_map<caf::actor_addr, child_ref> by_address_;  ///< also of those that nobody waits for
  std::unordered_set<caf::actor_addr> orphans_;
  std::unordered_map<command_token, pending_command> commands_;
  std::shared_ptr<board_entry> shown_;
  std::deque<action> todo_;
  bool busy_ = false;
  bool cleaned_ = false;
  std::optional<end_reason> ended_;
  command_token tokens_ = 0;
  std::optional<moment> armed_;
  std::uint64_t generation_ = 0;
};

}  // namespace

result<caf::actor> spawn_supervisor(caf::actor_system& system, supervisor_setup setup) {
  std::vector<child_spec> specs;
  for (const auto& child : setup.children) specs.push_back(child.spec);
  auto rules = supervisor_rules::make(setup.options, std::move(specs), base::random_source{setup.seed});
  if (!rules) return failure(std::move(rules.error()));
  if (!setup.clock) setup.clock = std::make_shared<base::system_clock>();
  return system.spawn<supervisor>(std::move(setup), std::move(*rules));
}

}  // namespace musiccorp::supervision
