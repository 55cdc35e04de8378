// Whole trees whose events come late and in any order: children that are slow to start, deaf, immortal, crash in the
// middle of everything; commands and stops at any moment. Whatever happens: nobody runs twice, a stop goes in
// reverse, every command has one answer, a budget ends its supervisor exactly when the law says, and the tree ends.
#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "unit/supervision/rules_world.hpp"

namespace musiccorp::supervision::testing {
namespace {

class tree;

/// One run of one supervisor in the tree, with whatever it runs.
struct node {
  struct run {
    child_ref which;
    std::uint64_t position;
    bool immortal = false;
    std::shared_ptr<node> nested;
  };
  supervisor_rules rules;
  supervisor_options options;
  std::function<void(end_reason)> on_end;
  std::function<void()> on_ready;
  std::map<std::uint64_t, run> alive;  ///< by child number
  std::uint64_t last_first_start = 0;
  std::vector<moment> failures;
  std::map<command_token, int> answers;
  command_token tokens = 0;
  bool hurried = false;
  bool over = false;
};

class tree {
 public:
  explicit tree(std::uint64_t seed) : random_(seed) {}
  /// The nodes hold each other.
  ~tree() {
    for (const auto& one : nodes_) {
      one->on_end = nullptr;
      one->on_ready = nullptr;
      one->alive.clear();
    }
  }
  tree(const tree&) = delete;
  tree& operator=(const tree&) = delete;

  void run() {
    root_ = make_node(2);
    root_->on_end = [this](const end_reason&) { ended_ = true; };
    nodes_.push_back(root_);
    execute(root_, root_->rules.start(now_));
    for (int step = 0; step < 300 && !ended_; ++step) {
      if (random_.below(3) == 0) mischief();
      one_event();
    }
    if (!ended_) stop_root();
    for (int step = 0; step < 20'000 && !ended_; ++step) one_event();
    EXPECT_TRUE(ended_) << "the tree does not end";
    for (const auto& one : nodes_)
      for (command_token token = 1; token <= one->tokens; ++token)
        EXPECT_LE(one->answers[token], 1) << "token " << token;
    for (command_token token = 1; ended_ && token <= root_->tokens; ++token)
      EXPECT_EQ(root_->answers[token], 1) << "the root has not answered token " << token;
  }

 private:
  using event = std::function<void()>;

  template <class T>
  T pick(std::initializer_list<T> from) {
    return *(from.begin() + random_.below(from.size()));
  }
  bool one_in(std::uint64_t n) { return random_.below(n) == 0; }
  void later(event what) { pending_.push_back(std::move(what)); }

  void one_event() {
    if (!pending_.empty() && !one_in(8)) {
      const auto at = pending_.begin() + static_cast<std::ptrdiff_t>(random_.below(pending_.size()));
      auto what = std::move(*at);
      pending_.erase(at);
      return what();
    }
    std::optional<moment> next;
    for (const auto& one : nodes_)
      if (const auto due = one->over ? std::nullopt : one->rules.next_due(now_))
        next = next ? std::min(*next, *due) : *due;
    if (!next) return;
    now_ = std::max(now_, *next);
    const auto all = nodes_;
    for (const auto& one : all)
      if (!one->over) execute(one, one->rules.expire(now_));
  }

  std::shared_ptr<node> make_node(int levels) {
    supervisor_options options;
    options.strategy = pick({restart_strategy::one_for_one, restart_strategy::one_for_all,
                             restart_strategy::rest_for_one, restart_strategy::pool});
    options.intensity = static_cast<std::uint32_t>(random_.below(6));
    options.period = duration{static_cast<duration::rep>(1 + random_.below(10'000))};
    options.kill_grace = 1ms;
    options.backoff = {.delay_first = duration{static_cast<duration::rep>(random_.below(500))}, .delay_max = 2ms};
    std::vector<child_spec> list;
    const auto count = options.strategy == restart_strategy::pool ? 1 : random_.below(5);
    for (std::uint64_t i = 0; i < count; ++i) {
      auto one = spec("c" + std::to_string(random_.below(100)) + "-" + std::to_string(i),
                      pick({restart_kind::permanent, restart_kind::transient, restart_kind::temporary}));
      if (levels > 0 && one_in(3)) one.kind = child_kind::supervisor;
      one.rebuilds = one_in(2);
      if (one_in(2)) one.ready_within = 5ms;
      if (one.kind == child_kind::worker) one.stop = pick({stop_limit::at_once(), stop_limit::within(1ms)});
      list.push_back(one);
    }
    return std::make_shared<node>(node{supervisor_rules::make(options, list, random_.split()).value(),
                                       options,
                                       {},
                                       {},
                                       {},
                                       0,
                                       {},
                                       {},
                                       0,
                                       false,
                                       false});
  }

  void execute(std::shared_ptr<node> at, actions todo) {
    for (const auto& one : todo) std::visit([&](const auto& what) { perform(at, what); }, one);
  }

  void perform(const std::shared_ptr<node>& at, const supervision::start_child& what) {
    EXPECT_FALSE(at->alive.contains(what.child.child)) << what.id << " would run twice";
    const auto position = at->rules.position_of(what.child.child).value();
    if (at->rules.phase() == supervisor_phase::starting && what.child.run == 1) {
      EXPECT_GT(position, at->last_first_start) << "started out of order";
      at->last_first_start = position;
    }
    if (one_in(12))
      return later([this, at, which = what.child] {
        failed(at);
        execute(at, at->rules.child_start_failed(which, crash_of(), now_));
      });
    auto& run = at->alive[what.child.child];
    run = {what.child, position, one_in(40), {}};
    if (at->rules.spec_of(what.id)->kind == child_kind::supervisor) return start_nested(at, run);
    if (one_in(10)) return;  // Never says that it is up.
    later([this, at, which = what.child] { execute(at, at->rules.child_up(which, now_)); });
  }

  void start_nested(const std::shared_ptr<node>& at, node::run& run) {
    auto inner = make_node(1);
    run.nested = inner;
    run.immortal = false;
    nodes_.push_back(inner);
    const auto which = run.which;
    inner->on_ready = [this, at, which] {
      later([this, at, which] { execute(at, at->rules.child_up(which, now_)); });
    };
    inner->on_end = [this, at, which](const end_reason& why) {
      later([this, at, which, why] { down(at, which, why); });
    };
    execute(inner, inner->rules.start(now_));
  }

  void down(const std::shared_ptr<node>& at, child_ref which, const end_reason& why) {
    const auto found = at->alive.find(which.child);
    if (found == at->alive.end() || found->second.which != which) return;  // Told twice.
    at->alive.erase(found);
    failed(at);
    execute(at, at->rules.child_ended(which, why, now_));
    if (one_in(4)) execute(at, at->rules.child_ended(which, why, now_));
  }
  void failed(const std::shared_ptr<node>& at) { at->failures.push_back(now_); }

  void perform(const std::shared_ptr<node>& at, const stop_child& what) {
    const auto found = at->alive.find(what.child.child);
    if (found == at->alive.end()) return;
    const bool in_order = at->rules.phase() == supervisor_phase::stopping &&
                          at->options.strategy != restart_strategy::pool && !at->hurried;
    for (const auto& [number, other] : at->alive) {
      if (!in_order || other.position <= found->second.position) continue;
      EXPECT_TRUE(other.immortal || is_wedged(*at, number)) << "stopped out of order";
    }
    if (found->second.nested) return execute(found->second.nested, found->second.nested->rules.stop(false, now_));
    if (one_in(4) || found->second.immortal) return;  // Deaf.
    later([this, at, which = what.child] { down(at, which, asked); });
  }
  static bool is_wedged(const node& at, std::uint64_t number) {
    const auto seen = at.rules.view_of(number, wall_time{instant{}, moment{}});
    return !seen || seen->state == child_state::wedged;
  }
  void perform(const std::shared_ptr<node>& at, const kill_child& what) {
    const auto found = at->alive.find(what.child.child);
    if (found == at->alive.end()) return;
    if (found->second.immortal && !one_in(3)) return;
    if (found->second.nested) kill_tree(*found->second.nested);
    later([this, at, which = what.child] { down(at, which, {end_kind::killed, {}, {}}); });
  }
  void kill_tree(node& at) {
    at.over = true;
    at.on_end = [](const end_reason&) {};
    for (auto& [number, run] : at.alive)
      if (run.nested) kill_tree(*run.nested);
  }
  void perform(const std::shared_ptr<node>&, const rebuild_child&) {}
  void perform(const std::shared_ptr<node>&, const forget_child&) {}
  void perform(const std::shared_ptr<node>& at, const abandon_child&) { failed(at); }  // If it never came up.
  void perform(const std::shared_ptr<node>& at, const tell& what) {
    if (what.event != "budget-exhausted") return;
    const auto recent =
        std::ranges::count_if(at->failures, [&](moment when) { return when >= now_ - at->options.period; });
    EXPECT_GT(recent, static_cast<std::ptrdiff_t>(at->options.intensity)) << "exhausted too early";
  }
  void perform(const std::shared_ptr<node>& at, const give_answer& what) { ++at->answers[what.token]; }
  void perform(const std::shared_ptr<node>& at, const tell_ready&) {
    if (at->on_ready) at->on_ready();
  }
  void perform(const std::shared_ptr<node>& at, const end_self& what) {
    for (const auto& [number, run] : at->alive) EXPECT_TRUE(is_wedged(*at, number)) << "left behind";
    at->over = true;
    at->on_end(what.why);
  }

  /// Something bad, or a command, somewhere.
  void mischief() {
    const auto at = nodes_[random_.below(nodes_.size())];
    if (at->over) return;
    const auto ids = at->rules.ids();
    const std::string id =
        ids.empty() || one_in(6) ? "x" + std::to_string(random_.below(30)) : ids[random_.below(ids.size())];
    switch (random_.below(10)) {
      case 0:
        return execute(at, at->rules.start_child(spec(id), ++at->tokens, now_));
      case 1:
        return execute(at, at->rules.restart_child(id, ++at->tokens, now_));
      case 2:
        return execute(at, at->rules.terminate_child(id, ++at->tokens, now_));
      case 3:
        return execute(at, at->rules.delete_child(id, ++at->tokens, now_));
      case 4:
        return execute(at, at->rules.replace_child(id, ++at->tokens, now_));
      case 5:
        return crash_in_place(at);
      case 6:
        if (one_in(20) && at == root_) stop_root();
        return;
      default:
        if (at->alive.empty()) return;
        auto victim = std::next(at->alive.begin(), static_cast<std::ptrdiff_t>(random_.below(at->alive.size())));
        if (victim->second.nested) return;
        return down(at, victim->second.which, pick({crash_of(), work_done, asked}));
    }
  }
  void stop_root() {
    root_->hurried = root_->hurried || one_in(4);
    execute(root_, root_->rules.stop(root_->hurried, now_));
  }
  void crash_in_place(const std::shared_ptr<node>& at) {
    if (at->alive.empty()) return;
    failed(at);
    execute(at,
            at->rules.child_crashed_in_place(at->alive.begin()->second.which,
                                             {.message = std::to_string(random_.below(50)), .text = "boom"}, now_));
  }

  base::random_source random_;
  moment now_{std::chrono::hours{1}};
  std::shared_ptr<node> root_;
  std::vector<std::shared_ptr<node>> nodes_;
  std::vector<event> pending_;
  bool ended_ = false;
};

TEST(RandomTrees, KeepTheirPromisesWhateverHappens) {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    tree{seed}.run();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace musiccorp::supervision::testing
