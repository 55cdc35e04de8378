// Whole trees whose events come late and in any order: children that are slow to start, deaf, immortal, crash in the
// middle of everything; commands and stops at any moment. Whatever happens: nobody runs twice, a stop goes in
// reverse, every command has one answer, a budget ends its supervisor exactly when the law says, and the tree ends.
#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "unit/supervision/budget_book.hpp"
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
  budget_book book;
  std::uint64_t last_first_start = 0;
  std::size_t counted = 0;       ///< of what the book says was spent
  std::vector<moment> failures;  ///< all that may have cost something
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
    call(root_, [&] { return root_->rules.start(now_); });
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

  // By the law, and known for certain.
  std::size_t exhausted = 0;  ///< supervisors that had to end, and did
  std::size_t survived = 0;   ///< failures that cost something and ended nobody

 private:
  using event = std::function<void()>;

  template <class T>
  T pick(std::initializer_list<T> from) {
    return *(from.begin() + random_.below(from.size()));
  }
  /// So that hardly any two timers meet.
  duration some_us() { return duration{static_cast<duration::rep>(random_.below(1000))}; }
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
      if (!one->over) expire(one);
  }

  std::shared_ptr<node> make_node(int levels) {
    supervisor_options options;
    options.strategy = pick({restart_strategy::one_for_one, restart_strategy::one_for_all,
                             restart_strategy::rest_for_one, restart_strategy::pool});
    options.intensity = static_cast<std::uint32_t>(random_.below(one_in(2) ? 6 : 40));
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
      if (one_in(2)) one.ready_within = 5ms + some_us();
      if (one.kind == child_kind::worker)
        one.stop = one_in(2) ? stop_limit::at_once() : stop_limit::within(1ms + some_us());
      list.push_back(one);
    }
    return std::make_shared<node>(node{supervisor_rules::make(options, list, random_.split()).value(),
                                       options,
                                       {},
                                       {},
                                       {},
                                       budget_book{options},
                                       0,
                                       0,
                                       {},
                                       {},
                                       0,
                                       false,
                                       false});
  }

  /// Calls the rules, holds what they do against the law, and does it. `must_end`: asked before; whether what they
  /// hear now exhausts the budget.
  template <class Call>
  void call(std::shared_ptr<node> at, Call rules_call, const std::function<bool()>& must_end = {}) {
    at->book.look(at->rules);
    const bool must = must_end && must_end();
    const auto todo = rules_call();
    at->book.is_done(at->rules);
    judge(*at, must, todo);
    execute(at, todo);
  }
  /// What was killed because it did not come up, and does not end, is known only afterwards.
  void expire(const std::shared_ptr<node>& at) {
    at->book.look(at->rules);
    const auto todo = at->rules.expire(now_);
    bool must = false;
    for (const auto& one : todo) {
      if (const auto* kill = std::get_if<kill_child>(&one)) at->book.kills_at_expiry(kill->child, now_);
      if (const auto* left = std::get_if<abandon_child>(&one); left != nullptr && !must)
        must = at->book.abandons(left->child, now_);
    }
    judge(*at, must, todo);
    execute(at, todo);
  }
  static bool is_exhausted(const action& one) {
    const auto* told = std::get_if<tell>(&one);
    return told != nullptr && told->event == budget_exhausted;
  }
  void judge(node& at, bool must, const actions& todo) {
    const bool does = std::ranges::any_of(todo, is_exhausted);
    if (!at.book.certain) return;
    EXPECT_EQ(does, must) << (does ? "exhausted too early" : "exhausted too late");
    const auto spent = at.book.spent - std::exchange(at.counted, at.book.spent);
    exhausted += must ? 1 : 0;
    survived += spent - (must ? 1 : 0);
  }
  void execute(const std::shared_ptr<node>& at, const actions& todo) {
    for (const auto& one : todo) std::visit([&](const auto& what) { perform(at, what); }, one);
  }

  void perform(const std::shared_ptr<node>& at, const supervision::start_child& what) {
    EXPECT_FALSE(at->alive.contains(what.child.child)) << what.id << " would run twice";
    const auto position = at->rules.position_of(what.child.child).value();
    EXPECT_NE(at->rules.phase(), supervisor_phase::ended) << "started after the end";
    at->book.starts(at->rules, what, now_);
    if (at->rules.phase() == supervisor_phase::starting && what.child.run == 1) {
      EXPECT_GT(position, at->last_first_start) << "started out of order";
      at->last_first_start = position;
    }
    if (one_in(12))
      return later([this, at, which = what.child] {
        failed(at);
        call(
            at, [&] { return at->rules.child_start_failed(which, crash_of(), now_); },
            [&] { return at->book.start_fails(which, now_); });
      });
    auto& run = at->alive[what.child.child];
    run = {what.child, position, one_in(40), {}};
    if (at->rules.spec_of(what.id)->kind == child_kind::supervisor) return start_nested(at, run);
    if (one_in(10)) return;  // Never says that it is up.
    later([this, at, which = what.child] { comes_up(at, which); });
  }

  void start_nested(const std::shared_ptr<node>& at, node::run& run) {
    auto inner = make_node(1);
    run.nested = inner;
    run.immortal = false;
    nodes_.push_back(inner);
    const auto which = run.which;
    inner->on_ready = [this, at, which] { later([this, at, which] { comes_up(at, which); }); };
    inner->on_end = [this, at, which](const end_reason& why) {
      later([this, at, which, why] { down(at, which, why); });
    };
    call(inner, [&] { return inner->rules.start(now_); });
  }
  void comes_up(const std::shared_ptr<node>& at, child_ref which) {
    call(
        at, [&] { return at->rules.child_up(which, now_); }, [&] { return at->book.comes_up(which), false; });
  }

  void down(const std::shared_ptr<node>& at, child_ref which, const end_reason& why) {
    const auto found = at->alive.find(which.child);
    if (found == at->alive.end() || found->second.which != which) return;  // Told twice.
    at->alive.erase(found);
    failed(at);
    const auto times = one_in(4) ? 2 : 1;
    for (int i = 0; i < times; ++i)
      call(
          at, [&] { return at->rules.child_ended(which, why, now_); },
          [&] { return at->book.ends(which, why, now_); });
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
    if (found->second.nested) return stop(found->second.nested, false);
    if (one_in(4) || found->second.immortal) return;  // Deaf.
    later([this, at, which = what.child] { down(at, which, asked); });
  }
  void stop(const std::shared_ptr<node>& at, bool hurry) {
    call(at, [&] { return at->rules.stop(hurry, now_); });
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
    if (what.event != budget_exhausted) return;
    const auto recent =
        std::ranges::count_if(at->failures, [&](moment when) { return when >= now_ - at->options.period; });
    EXPECT_GT(recent, static_cast<std::ptrdiff_t>(at->options.intensity)) << "exhausted too early";
  }
  void perform(const std::shared_ptr<node>& at, const give_answer& what) { ++at->answers[what.token]; }
  void perform(const std::shared_ptr<node>& at, const tell_ready&) {
    at->book.is_ready();
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
        return call(at, [&] { return at->rules.start_child(spec(id), ++at->tokens, now_); });
      case 1:
        return call(at, [&] { return at->rules.restart_child(id, ++at->tokens, now_); });
      case 2:
        return call(
            at, [&] { return at->rules.terminate_child(id, ++at->tokens, now_); },
            [&] { return at->book.is_terminated(id), false; });
      case 3:
        return call(at, [&] { return at->rules.delete_child(id, ++at->tokens, now_); });
      case 4:
        return call(
            at, [&] { return at->rules.replace_child(id, ++at->tokens, now_); },
            [&] { return at->book.is_replaced(id), false; });
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
    stop(root_, root_->hurried);
  }
  void crash_in_place(const std::shared_ptr<node>& at) {
    if (at->alive.empty()) return;
    failed(at);
    const auto which = at->alive.begin()->second.which;
    const crash_report crash{.message = std::to_string(random_.below(50)), .text = "boom"};
    call(
        at, [&] { return at->rules.child_crashed_in_place(which, crash, now_); },
        [&] { return at->book.crashes_in_place(at->rules, which, crash.message, now_); });
  }

  base::random_source random_;
  moment now_{std::chrono::hours{1}};
  std::shared_ptr<node> root_;
  std::vector<std::shared_ptr<node>> nodes_;
  std::vector<event> pending_;
  bool ended_ = false;
};

TEST(RandomTrees, KeepTheirPromisesWhateverHappens) {
  std::size_t exhausted = 0, survived = 0;
  for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    tree one{seed};
    one.run();
    if (HasFailure()) return;
    exhausted += one.exhausted;
    survived += one.survived;
  }
  // The law was put to the test, in both directions.
  EXPECT_GT(exhausted, 1500U);
  EXPECT_GT(survived, 50'000U);
}

}  // namespace
}  // namespace musiccorp::supervision::testing
