#include "service/cell.hpp"

#include <caf/all.hpp>

#include "service/cell_types.hpp"
#include "supervision/exception_text.hpp"
#include "supervision/exit_error.hpp"
#include "telemetry/log.hpp"

namespace musiccorp::service {
namespace {

using namespace std::chrono_literals;

const telemetry::logger log{"service"};

/// Timers hold their actor alive until they fire; a short longest wait keeps shutdown short.
constexpr duration timer_longest = 500ms;
constexpr duration reopen_first = 250ms;
constexpr duration reopen_longest = 30s;

message::envelope trouble(fault_kind kind, std::string text) {
  return request::to_envelope(base::fault{kind, std::move(text), {}, 1s});
}

class cell final : public managed_actor {
 public:
  cell(caf::actor_config& config, cell_options options)
      : managed_actor{config, options.status->mailbox},
        core_{std::move(options.core)},
        first_{std::move(options.first)},
        places_{std::move(options.places)},
        clock_{std::move(options.clock)},
        status_{std::move(options.status)},
        supervisor_{std::move(options.supervisor)} {
    core_->use_watch(std::move(options.watch));
    set_exit_handler([this](const caf::exit_msg&) { stop(); });  // Not for `kill`, which nobody can handle.
    if (options.gate == nullptr) return;
    seat_ = options.gate->join(status_->service, [self = address()] {
      if (const auto alive = caf::actor_cast<caf::actor>(self)) caf::anon_send(alive, run_atom_v);
    });
  }

  const char* name() const override { return "musiccorp.cell"; }

  caf::behavior make_behavior() override {
    return {
        [this](request_message& asked, const caf::actor& asker) { request(asked, asker); },
        [this](reply_message& said) {
          core_->replied(said.token, said.message);
          schedule();
        },
        [this](delivery::batch& frame) {
          if (status_->state == cell_state::draining) return;  // It comes again.
          with_outgoing([&](outgoing& out) { core_->received(std::move(frame), out); });
        },
        [this](const delivery::ack& frame) {
          core_->acknowledged(frame);
          schedule();
        },
        [this](const delivery::subscribe& frame) {
          core_->subscribed(frame);
          schedule();
        },
        [this](const delivery::hello& frame) { with_outgoing([&](outgoing& out) { core_->greeted(frame, out); }); },
        [this](run_atom) { run(); },
        [this](tick_atom, std::uint64_t generation) { tick(generation); },
        [this](start_atom) { start(); },
        [this](drain_atom) { drain(); },
        [this](stray_atom, const std::string& what) { strayed(what, telemetry::stray_reason::undecodable); },
        [this](rebuild_atom) { rebuild("it was told to begin anew"); },
    };
  }

  /// Also when it was killed: whoever asked is answered, whatever becomes of the rest.
  void on_exit() override {
    seat_.reset();
    places_.reset();
    for (auto& [token, asker] : std::exchange(askers_, {})) tell(asker, refused(refusal::closed));
    weigh_answers(0);
    status_->requests_pending = 0;
    status_->state = cell_state::stopped;
    status_->state.notify_all();
    core_.reset();
  }

 protected:
  /// Only requests are bounded here: streams are held back by their credit, the rest is control.
  bool is_bounded(const caf::mailbox_element& element) const override {
    return element.content().type_token() == caf::make_type_token<request_message, caf::actor>();
  }

  std::uint64_t weight(const caf::mailbox_element& element) const override {
    return element.content().get_as<request_message>(0).message.size();
  }

  /// Not a message of ours: it becomes a case that people can look at.
  void unexpected(const std::optional<std::string>& what) override {
    if (what)
      strayed(*what, telemetry::stray_reason::unexpected);
    else
      strayed("(undecodable)", telemetry::stray_reason::undecodable);
  }

  void refuse(caf::mailbox_element& element, refusal why, caf::execution_unit*) override {
    status_->requests_refused.fetch_add(1, std::memory_order_relaxed);
    auto content = element.move_content_to_message();
    const auto& asked = content.get_as<request_message>(0);
    caf::anon_send(content.get_as<caf::actor>(1), reply_message{asked.token, refused(why)});
  }

  /// The partition threw: a bug of ours. Its transaction is rolled back, whoever waits is told, and it begins anew
  /// from its store, so that nothing of the broken state lives on.
  void crashed(caf::mailbox_element& element, std::exception_ptr why) override {
    managed_actor::crashed(element, why);
    const auto what = supervision::crash_from(why);
    supervisor_.crashed({{}, what.text, what.backtrace, false, 0});
    rebuild("it broke down");
  }

 private:
  [[nodiscard]] message::envelope refused(refusal why) const {
    if (why == refusal::full) return trouble(fault_kind::overloaded, status_->service + " has too much to do");
    return trouble(fault_kind::unavailable, status_->service + " is stopping");
  }

  struct asking {
    caf::actor who;
    std::uint64_t token;
    place in_mailbox;
  };

  void start() {
    if (!core_->is_open())
      if (auto opened = core_->open(first_); !opened) return quit_with(opened.error());
    note_store();
    status_->state = cell_state::running;
    status_->state.notify_all();
    send_out(std::exchange(first_, {}));
    supervisor_.up();
    schedule();
  }

  void quit_with(const base::fault& why) {
    log.error("store-not-opened", {{"service", status_->service}, {"error", why.text}});
    quit(supervision::to_error({supervision::end_kind::start_failed, why.text, {}}));
  }

  void stop() {
    close_core({fault_kind::unavailable, status_->service + " is stopping", {}, 1s});
    quit(caf::exit_reason::user_shutdown);
  }

  void drain() {
    status_->state = cell_state::draining;
    finish_draining();
  }
  /// What it had taken is done: the store is closed now, while the others close theirs.
  void finish_draining() {
    if (status_->state != cell_state::draining || run_pending_) return;
    if (core_->is_open() && (core_->has_work() || core_->requests_pending() > 0)) return;
    close_core({fault_kind::unavailable, status_->service + " is stopping", {}, 1s});
    status_->state = cell_state::drained;
  }

  void close_core(const base::fault& why) {
    outgoing out;
    core_->close(why, out);
    send_out(std::move(out));
  }

  /// Closes, answers whoever waits, and opens again in a moment.
  void rebuild(std::string_view why) {
    leave_gate();
    const base::fault told{
        fault_kind::unavailable, status_->service + " begins anew: " + std::string{why}, {}, std::chrono::seconds{1}};
    close_core(told);
    for (auto& [token, asker] : std::exchange(askers_, {})) tell(asker, request::to_envelope(told));
    if (status_->state == cell_state::running) closed();
    schedule();
    finish_draining();
  }

  void strayed(const std::string& what, telemetry::stray_reason reason) {
    core_->strayed(what, reason);
    schedule();
  }

  static void tell(const asking& asker, message::envelope said) {
    caf::anon_send(asker.who, reply_message{asker.token, std::move(said)});
  }

  void request(request_message& asked, const caf::actor& who) {
    const auto token = ++tokens_;
    askers_.emplace(token, asking{who, asked.token, keep_place()});
    with_outgoing([&](outgoing& out) {
      core_->request(token, std::move(asked.message), base::instant{base::duration{asked.deadline_us}}, out);
    });
  }

  template <class Step>
  void with_outgoing(Step step) {
    outgoing out;
    step(out);
    send_out(std::move(out));
    schedule();
  }

  void run() {
    run_pending_ = false;
    run_batch();
    if (!core_->is_open() && status_->state == cell_state::running) {
      const auto& why = core_->last_failure();
      supervisor_.crashed({{}, why ? why->text : "its store has closed", {}, true, 0});
      closed();
    }
    finish_draining();
    note_store();
  }

  void note_store() {
    const std::lock_guard hold{status_->mutex};
    status_->store = core_->store_statistics();
  }

  /// Through the node's gate: among others, or alone. Whoever is refused is woken by the gate.
  void run_batch() {
    if (seat_ && core_->wants_alone()) {
      if (!seat_->ask_alone()) return wait_at_gate();
      with_outgoing([&](outgoing& out) { core_->run_alone(out); });
      return seat_->leave();
    }
    if (seat_ && !seat_->try_enter()) return wait_at_gate();
    with_outgoing([&](outgoing& out) { core_->run(out); });
    if (seat_) seat_->leave();
  }

  void wait_at_gate() { run_pending_ = true; }
  void leave_gate() {
    if (seat_) seat_->leave();
    run_pending_ = false;
  }

  void closed() {
    leave_gate();
    status_->state = cell_state::closed;
    reopen_delay_ = reopen_first;
    reopen_at_ = clock_->now() + reopen_delay_;
    arm();
  }

  void tick(std::uint64_t generation) {
    if (generation != timer_generation_) return;
    timer_due_.reset();
    if (status_->state == cell_state::closed) reopen();
    with_outgoing([&](outgoing& out) { core_->expire(out); });
  }

  void reopen() {
    if (clock_->now() < reopen_at_) return;
    outgoing out;
    if (auto opened = core_->open(out); !opened) {
      log.error("store-not-opened", {{"service", status_->service}, {"error", opened.error().text}});
      reopen_delay_ = std::min(reopen_delay_ * 2, reopen_longest);
      reopen_at_ = clock_->now() + reopen_delay_;
      return;
    }
    log.info("store-opened-again", {{"service", status_->service}});
    note_store();
    status_->state = cell_state::running;
    send_out(std::move(out));
  }

  /// They are held for requests: so they weigh, though nobody was asked for room.
  void weigh_answers(std::uint64_t bytes) {
    if (bytes > answer_bytes_) mailbox_numbers().gain_weight(bytes - answer_bytes_);
    if (bytes < answer_bytes_) mailbox_numbers().lose_weight(answer_bytes_ - bytes);
    answer_bytes_ = bytes;
  }

  /// A batch is run by a message to oneself: what arrived before it is in the batch.
  void schedule() {
    weigh_answers(core_->answer_bytes());
    status_->requests_pending.store(core_->requests_pending(), std::memory_order_relaxed);
    if (!run_pending_ && core_->has_work()) {
      run_pending_ = true;
      send(this, run_atom_v);
    }
    arm();
  }

  void arm() {
    auto due = core_->is_open() ? core_->next_due() : std::optional<base::instant>{};
    if (status_->state == cell_state::closed) due = reopen_at_;
    if (!due) return;
    const auto now = clock_->now();
    const auto when = std::min(std::max(*due, now), now + timer_longest);
    if (timer_due_ && *timer_due_ <= when) return;
    timer_due_ = when;
    delayed_send(this, std::chrono::duration_cast<std::chrono::nanoseconds>(when - now + 1us), tick_atom_v,
                 ++timer_generation_);
  }

  void send_out(outgoing out) {
    supervisor_.crashed_in_batch(std::move(out.crashes));
    for (auto& one : out.replies) {
      auto found = askers_.extract(one.token);
      if (!found.empty())
        caf::anon_send(found.mapped().who, reply_message{found.mapped().token, std::move(one.message)});
    }
    for (auto& one : out.questions) ask(std::move(one));
    for (auto& one : out.frames)
      if (const auto to = places_->find(one.service))
        std::visit([&](auto& frame) { caf::anon_send(to, std::move(frame)); }, one.what);
  }

  void ask(outgoing::question one) {
    const auto to = places_->find(one.service);
    if (!to) return core_->replied(one.id, trouble(fault_kind::unavailable, "there is no service " + one.service));
    caf::anon_send(to, request_message{one.id, one.deadline.time_since_epoch().count(), std::move(one.message)},
                   caf::actor{this});
  }

  std::unique_ptr<partition> core_;
  outgoing first_;
  std::shared_ptr<directory> places_;
  std::shared_ptr<const base::clock> clock_;
  std::shared_ptr<cell_status> status_;
  supervision::child_link supervisor_;
  std::optional<delivery::isolation::seat> seat_;
  std::unordered_map<std::uint64_t, asking> askers_;
  std::uint64_t tokens_ = 0;
  std::uint64_t answer_bytes_ = 0;  ///< of the partition, as the mailbox counts them
  bool run_pending_ = false;
  std::optional<base::instant> timer_due_;
  std::uint64_t timer_generation_ = 0;
  base::duration reopen_delay_{};
  base::instant reopen_at_{};
};

}  // namespace

void directory::add(const std::string& service, caf::actor cell) {
  const std::lock_guard hold{mutex_};
  cells_.insert_or_assign(service, std::move(cell));
}

caf::actor directory::find(std::string_view service) const {
  const std::lock_guard hold{mutex_};
  const auto found = cells_.find(service);
  return found == cells_.end() ? caf::actor{} : found->second;
}

void directory::clear() {
  const std::lock_guard hold{mutex_};
  cells_.clear();
}

std::string_view name_of(cell_state state) {
  switch (state) {
    case cell_state::starting:
      return "starting";
    case cell_state::running:
      return "running";
    case cell_state::draining:
      return "draining";
    case cell_state::drained:
      return "drained";
    case cell_state::closed:
      return "closed";
    case cell_state::stopped:
      return "stopped";
  }
  return "unknown";
}

caf::actor spawn_cell(caf::actor_system& system, cell_options options) {
  return system.spawn<cell>(std::move(options));
}

}  // namespace musiccorp::service
