#include "supervision/process_supervisor.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <optional>

#include "base/clock.hpp"
#include "supervision/board_writer.hpp"
#include "telemetry/log.hpp"

namespace musiccorp::supervision {
namespace {

const telemetry::logger log{"supervision"};

constexpr std::string_view ready_line = "ready ";
constexpr int gave_up = 70, not_started = 69;

moment now() { return std::chrono::time_point_cast<duration>(std::chrono::steady_clock::now()); }

sigset_t taken_signals() {
  sigset_t taken;
  sigemptyset(&taken);
  for (const int one : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) sigaddset(&taken, one);
  return taken;
}

}  // namespace

class process_supervisor::parts {
 public:
  parts(process_supervisor_setup setup, supervisor_rules rules)
      : setup_{std::move(setup)}, rules_{std::move(rules)}, wake_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
    for (auto& child : setup_.children) children_.emplace(child.spec.id, std::move(child));
    if (setup_.board) shown_ = setup_.board->add(setup_.name);
  }
  ~parts() {
    close(wake_);
    if (signals_ >= 0) close(signals_);
  }

  process_supervisor_end run() {
    if (setup_.takes_signals) {
      const auto taken = taken_signals();
      pthread_sigmask(SIG_BLOCK, &taken, nullptr);
      signals_ = signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
    }
    perform_all(rules_.start(now()));
    while (!ended_) wait_for_something();
    const int code = ended_->kind == end_kind::shutdown || ended_->kind == end_kind::normal ? 0
                     : ended_->kind == end_kind::start_failed                               ? not_started
                                                                                            : gave_up;
    return {code, *ended_};
  }

  /// From any thread.
  void ask(int signal) {
    {
      const std::lock_guard hold{mutex_};
      asked_.push_back(signal);
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(wake_, &one, sizeof one);
  }

 private:
  struct running_process {
    child_ref which;
    std::string id;
    bool stopping = false;
    bool killed = false;
    bool is_done = false;  ///< by its last word
    supervised_process process;
  };
  using processes = std::map<std::uint64_t, running_process>;  ///< by child number

  // --- what the rules say ---

  void perform_all(actions todo) {
    for (auto& one : todo) todo_.push_back(std::move(one));
    while (!todo_.empty()) {
      const auto one = std::move(todo_.front());
      todo_.pop_front();
      auto more = std::visit([this](const auto& what) { return perform(what); }, one);
      for (auto& next : more) todo_.push_back(std::move(next));
    }
    const auto at = now();
    if (shown_) write_changes(rules_, *shown_, wall_time{clock_.now(), at});
  }

  actions perform(const start_child& what) {
    auto begun = supervised_process::start(children_.at(what.id).command);
    if (!begun) return rules_.child_start_failed(what.child, {end_kind::crash, begun.error().text, {}}, now());
    log.info("process-started", {{"child", what.id}, {"pid", static_cast<std::int64_t>(begun->pid())}});
    running_.insert_or_assign(what.child.child,
                              running_process{what.child, what.id, false, false, false, std::move(*begun)});
    if (rules_.spec_of(what.id).value().ready_within) return {};
    return rules_.child_up(what.child, now());
  }
  actions perform(const stop_child& what) {
    if (auto* one = find(what.child)) {
      one->stopping = true;
      one->process.send(SIGTERM);
    }
    return {};
  }
  actions perform(const kill_child& what) {
    if (auto* one = find(what.child)) {
      one->killed = true;
      one->process.kill_group();
    }
    return {};
  }
  actions perform(const tell_ready&) {
    if (setup_.on_all_ready) setup_.on_all_ready();
    return {};
  }
  actions perform(const tell& what) {
    log.write(telemetry::level_of(what.level), what.event,
              {{"supervisor", setup_.name}, {"child", what.child}, {"text", what.text}});
    if (setup_.observe) setup_.observe(what);
    return {};
  }
  actions perform(const end_self& what) {
    ended_ = what.why;
    return {};
  }
  // Commands do not exist here, specs stay, and a process that was killed is still waited for by its descriptor.
  actions perform(const rebuild_child&) { return {}; }
  actions perform(const forget_child&) { return {}; }
  actions perform(const abandon_child&) { return {}; }
  actions perform(const give_answer&) { return {}; }

  running_process* find(child_ref which) {
    const auto at = running_.find(which.child);
    return at == running_.end() || at->second.which != which ? nullptr : &at->second;
  }

  // --- what happens ---

  void wait_for_something() {
    std::vector<pollfd> watched{{wake_, POLLIN, 0}, {signals_, POLLIN, 0}};
    for (const auto& [number, one] : running_)
      for (const int descriptor : {one.process.end_descriptor(), one.process.out(), one.process.error()})
        watched.push_back({descriptor, POLLIN, 0});  // poll() passes over negative ones.
    int timeout = -1;
    if (const auto due = rules_.next_due(now())) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*due - now()).count();
      timeout = static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
    }
    poll(watched.data(), watched.size(), timeout);
    hear_signals();
    hear_processes();
    if (!ended_) perform_all(rules_.expire(now()));
  }

  void hear_signals() {
    std::uint64_t ignored = 0;
    while (read(wake_, &ignored, sizeof ignored) > 0) {
    }
    std::deque<int> asked;
    {
      const std::lock_guard hold{mutex_};
      asked = std::exchange(asked_, {});
    }
    signalfd_siginfo info{};
    while (signals_ >= 0 && read(signals_, &info, sizeof info) == sizeof info)
      asked.push_back(static_cast<int>(info.ssi_signo));
    for (const int signal : asked) take(signal);
  }

  void take(int signal) {
    if (signal == SIGUSR1 || signal == SIGUSR2) {
      for (const auto& [number, one] : running_) one.process.send(signal);
      return;
    }
    const bool hurry = signal == SIGKILL || rules_.phase() == supervisor_phase::stopping;
    if (!ended_) perform_all(rules_.stop(hurry, now()));
  }

  void hear_processes() {
    std::vector<std::uint64_t> numbers;
    for (const auto& [number, one] : running_) numbers.push_back(number);
    for (const auto number : numbers) {
      // Looked at first: what it has said before its end is read after that.
      const bool over = running_.at(number).process.has_ended();
      hear(number);
      if (over) has_ended(number);
    }
  }

  void hear(std::uint64_t number) {
    auto& one = running_.at(number);
    for (const auto& line : one.process.read_error()) say(one.id, line, true);
    for (const auto& line : one.process.read_out()) {
      say(one.id, line, false);
      one.is_done = one.is_done || (!line.empty() && line == children_.at(one.id).last_word);
      if (!line.starts_with(ready_line)) continue;
      if (setup_.on_ready) setup_.on_ready(one.id, std::string_view{line}.substr(ready_line.size()));
      perform_all(rules_.child_up(one.which, now()));
    }
  }

  void say(const std::string& id, const std::string& line, bool is_error) {
    if (setup_.say) setup_.say(id + " | " + line, is_error);
  }

  void has_ended(std::uint64_t number) {
    auto gone = running_.extract(number);
    auto& one = gone.mapped();
    auto why = one.process.reap();
    if (one.killed)
      why.kind = end_kind::killed;
    else if (one.stopping && (why.kind == end_kind::normal || why.text.starts_with("ended by signal 15 ")))
      why.kind = end_kind::shutdown;
    else if (!children_.at(one.id).last_word.empty())
      why.kind = one.is_done ? end_kind::normal : end_kind::crash;
    for (const auto& line : one.process.read_error())
      say(one.id, line, true);  // Nobody of its group writes any more.
    for (const auto& line : one.process.read_out()) say(one.id, line, false);
    const bool is_done = one.is_done && why.kind == end_kind::normal;
    perform_all(rules_.child_ended(one.which, std::move(why), now()));
    if (is_done && setup_.on_done) setup_.on_done(one.id);
  }

  process_supervisor_setup setup_;
  supervisor_rules rules_;
  base::system_clock clock_;
  std::map<std::string, process_child> children_;  ///< by id
  processes running_;
  std::shared_ptr<board_entry> shown_;
  std::deque<action> todo_;
  std::optional<end_reason> ended_;
  int wake_;
  int signals_ = -1;
  std::mutex mutex_;
  std::deque<int> asked_;
};

process_supervisor::process_supervisor(std::unique_ptr<parts> made) : parts_{std::move(made)} {}
process_supervisor::~process_supervisor() = default;

result<std::unique_ptr<process_supervisor>> process_supervisor::make(process_supervisor_setup setup) {
  std::vector<child_spec> specs;
  for (const auto& child : setup.children) specs.push_back(child.spec);
  auto rules = supervisor_rules::make(setup.options, std::move(specs), base::random_source{setup.seed});
  if (!rules) return failure(std::move(rules.error()));
  return std::unique_ptr<process_supervisor>{
      new process_supervisor{std::make_unique<parts>(std::move(setup), std::move(*rules))}};
}

process_supervisor_end process_supervisor::run() { return parts_->run(); }
void process_supervisor::stop(bool hurry) { parts_->ask(hurry ? SIGKILL : SIGTERM); }
void process_supervisor::forward(int signal) { parts_->ask(signal); }

}  // namespace musiccorp::supervision
