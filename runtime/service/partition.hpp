#pragma once

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "delivery/dead_letters.hpp"
#include "delivery/in_flight_slots.hpp"
#include "delivery/outbox.hpp"
#include "delivery/retry_policy.hpp"
#include "delivery/suspect_rules.hpp"
#include "delivery/waiting_room.hpp"
#include "request/gather.hpp"
#include "service/definition.hpp"
#include "service/dependencies.hpp"
#include "service/ledger.hpp"
#include "service/outgoing.hpp"
#include "service/turn_spans.hpp"
#include "service/wiring.hpp"
#include "storage/store.hpp"
#include "supervision/watchdog.hpp"
#include "telemetry/runtime_metrics.hpp"

namespace musiccorp::service {

struct partition_limits {
  delivery::retry_policy retry{};
  std::map<std::string, delivery::retry_policy, std::less<>> retry_by_type{};
  delivery::order_policy order = delivery::order_policy::park;
  std::size_t parked_per_key_max = 1'000;  ///< behind one head; at the limit the subscription gets no more credit
  std::size_t parked_max = 100'000;        ///< from one upstream; the same
  std::size_t batch_messages = 512;        ///< handled in one commit
  duration batch_time = std::chrono::milliseconds{50};
  std::uint64_t window_messages = 1024;  ///< in flight on each stream to this service
  std::uint64_t window_bytes = 1u << 20;
  std::size_t payload_bytes_max = 1u << 20;  ///< of a message that a rule sends
  /// A message whose time has come waits so much longer for a batch that runs anyway, before it gets a commit of its
  /// own: under load, retries cost no commits.
  duration retry_slack = std::chrono::milliseconds{10};
  duration answers_kept = std::chrono::hours{24};
  duration log_kept = std::chrono::hours{24};
  duration deferral_longest = std::chrono::hours{1};  ///< a message that is "not yet" for longer dies
  std::uint64_t log_messages_max = 1'000'000;         ///< not yet with every subscriber; above it requests that say
                                                      ///< something are answered fault{overloaded}
  /// Attempts of a message that are kept, and told of when it dies: the newest, beside its first. All are counted.
  std::size_t attempts_told = 50;
  delivery::outbox::limits outbox{};
  request::breaker_policy breaker{};
};

/// The world around a partition. The metrics belong to the partition's service; the boards outlive it.
struct partition_environment {
  storage::store_factory& stores;
  const base::clock& clock;
  std::uint64_t seed;
  ledger_board& ledgers;
  std::string node{};     ///< for the story of an attempt
  std::string version{};  ///< of the program
  telemetry::cell_metrics cell{};
  std::shared_ptr<telemetry::store_metrics> store_numbers = std::make_shared<telemetry::store_metrics>();
  /// By upstream: the numbers of the queue that this partition consumes.
  std::map<std::string, telemetry::queue_metrics, std::less<>> queues{};
  dependency_board* board = nullptr;  ///< shows the services that this one asks; null: nobody looks
  /// The process is stopping as planned: trouble that may pass costs a message no attempt. Null: it never does.
  const std::atomic<bool>* stopping = nullptr;
  telemetry::span_store* spans = nullptr;  ///< where its work leaves spans; null: nowhere
};

/// One service partition without its actor: takes messages in, runs rules in turns, commits many turns at once, and
/// says what may leave. A turn is a transaction: its changes, its outgoing messages and the cursor that says "done"
/// are one commit. Messages arrive at least once; effects happen once.
///
/// Inputs only queue; run() does the work and is the only function that waits for the disk. Never throws for what
/// rules or callers do. One owner thread at a time, no timers: the owner calls again at next_due().
class partition {
 public:
  partition(const service_definition& definition, wiring wires, partition_limits limits,
            partition_environment environment);
  ~partition();

  /// What the last death of the process means for messages of this partition; stored by the next open(). `scene`
  /// names that death, so that telling it twice counts once.
  void accuse(std::vector<delivery::finding> findings, delivery::evidence why, std::string scene);
  /// Where to say which message is being handled. Must outlive the partition; null: nowhere.
  void use_slot(delivery::slot* where) { slot_ = where; }
  /// Where to say what is being done since when, for a watchdog; null: nowhere.
  void use_watch(std::shared_ptr<supervision::watched_handler> watch) { watch_ = std::move(watch); }

  /// Opens the store, loads what waits, imports at the first start, subscribes to every upstream. A closed partition
  /// answers requests with fault{unavailable}.
  [[nodiscard]] result<void> open(outgoing& out);
  /// Answers everything that waits with `why` and closes the store. Nothing committed is lost.
  void close(const base::fault& why, outgoing& out);
  [[nodiscard]] bool is_open() const { return store_ != nullptr; }

  /// A command or query that wants an answer by `deadline`. Exactly one reply with this token leaves, sooner or
  /// later.
  void request(std::uint64_t token, envelope message, instant deadline, outgoing& out);
  /// The reply to a question of ours.
  void replied(std::uint64_t question, const envelope& message);
  void greeted(const delivery::hello& frame, outgoing& out);
  void subscribed(const delivery::subscribe& frame);
  void received(delivery::batch frame, outgoing& out);
  void acknowledged(const delivery::ack& frame);
  /// Something reached the cell that is no message of ours. It becomes a dead letter that can't be replayed; where
  /// nobody hears of dead letters, it is kept in our own store: the newest 100, as entities `runtime.stray`.
  void strayed(std::string what, telemetry::stray_reason reason);

  /// There is something to do for run(), or for run_alone().
  [[nodiscard]] bool has_work() const;
  /// A message must be handled while nothing else runs on the node, because it may kill the process.
  [[nodiscard]] bool wants_alone() const { return is_open() && waiting_.next_alone().has_value(); }
  /// Handles that one message, in a commit of its own.
  void run_alone(outgoing& out);
  /// One batch of turns and its commit. When the store fails, nothing of the batch happened: the partition closes
  /// itself
  /// (`last_failure` says why) and its requests are answered with fault{storage}.
  void run(outgoing& out);
  /// Ends what has passed its deadline.
  void expire(outgoing& out);
  [[nodiscard]] std::optional<instant> next_due() const;
  /// Why the store failed last; nothing when it works.
  [[nodiscard]] const std::optional<base::fault>& last_failure() const { return failure_; }

  [[nodiscard]] const service_definition& definition() const { return definition_; }
  [[nodiscard]] const delivery::waiting_room& waiting() const { return waiting_; }
  /// Whole rows of the waiting room, read from the store; for people and tests. Empty when it is closed.
  [[nodiscard]] result<std::vector<storage::waiting_row>> waiting_rows() const;
  [[nodiscard]] storage::store_statistics store_statistics() const;
  /// Requests that have no reply yet.
  [[nodiscard]] std::size_t requests_pending() const { return asking_.size() + ready_.size(); }
  /// Of the answers to our questions that are held until their request can be handled.
  [[nodiscard]] std::uint64_t answer_bytes() const { return gathers_.bytes() + ready_bytes_; }

 private:
  struct pending_request {
    std::uint64_t token = 0;
    envelope message;
    instant deadline{};
    std::vector<std::string> answers;       ///< payloads, one per ask
    std::optional<request::reply> settled;  ///< decided without a turn: an ask was refused

    [[nodiscard]] std::uint64_t answer_bytes() const {
      std::uint64_t bytes = 0;
      for (const auto& answer : answers) bytes += answer.size();
      return bytes;
    }
  };
  struct upstream;
  struct arrived_message {
    upstream* from;
    std::uint64_t cursor_after;
    envelope message;
  };
  struct upstream {
    storage::cursor_row cursor;
    std::uint64_t expected = 0;  ///< everything up to here has arrived
    std::vector<std::string> types;
    queue_ledger* ledger = nullptr;
    telemetry::queue_metrics* numbers = nullptr;
    bool moved = false;  ///< the cursor differs from the stored one
    std::deque<arrived_message>
        held{};  ///< in order; not empty: no credit until there is room behind its first's key
    struct generation {
      std::uint64_t from;  ///< it is the cursor's when that is here
      std::string id;
    };
    std::deque<generation> generations{};  ///< of what has arrived, other than the cursor's

    void move_cursor(std::uint64_t to) {
      cursor.seq = to;
      moved = true;
      for (; !generations.empty() && generations.front().from <= to; generations.pop_front())
        cursor.generation = std::move(generations.front().id);
    }
  };
  struct subscriber {
    wiring::stream who;
    std::uint64_t published = 0;
    std::uint64_t acked = 0;     ///< everything of theirs up to here is committed over there; as our store knows it
    std::uint64_t received = 0;  ///< messages of theirs that are committed over there; the same
    queue_ledger* ledger = nullptr;
    instant oldest{};  ///< when the oldest message after `acked` was written, as of the opening; 0: none

    [[nodiscard]] const std::string& name() const { return who.service; }
  };
  struct batch_work;
  using waiting_place = delivery::waiting_room::place;
  struct accusation {
    std::vector<delivery::finding> findings;
    delivery::evidence why;
    std::string scene;
  };
  struct tried {
    outcome said;
    turn_effects effects{};
    instant started{};
    instant ended{};
    std::string backtrace{};  ///< of what the rule threw, where it is known
    bool unreadable = false;  ///< the message is not what its type says
  };

  [[nodiscard]] std::optional<instant> stream_work_due() const;
  [[nodiscard]] result<void> load();
  [[nodiscard]] result<void> load_queues();
  [[nodiscard]] result<void> load_suspects();
  void note_death(const delivery::finding& found, instant now);
  void tell_of_fatal_request(const delivery::finding& found);
  [[nodiscard]] int process_deaths_max(const delivery::finding& found) const;
  void set_alone(const waiting_place& where);
  [[nodiscard]] bool is_suspect(const std::string& whose, std::uint64_t seq) const {
    return !suspects_.empty() && suspects_.contains(waiting_place{whose, seq});
  }
  void clear_suspect(const std::string& whose, std::uint64_t seq);
  void clear_suspicion(const std::string& whose, std::uint64_t seq);
  void charge_deaths(storage::waiting_row& row);
  void bury_condemned(upstream& from, storage::waiting_row row, batch_work& work);
  [[nodiscard]] result<void> revive_own_dead();
  [[nodiscard]] result<void> import();
  void subscribe_to(upstream& from, outgoing& out);
  void answer(std::uint64_t token, const request::reply& said, outgoing& out);
  void start_gather(pending_request one, const handler& rule, outgoing& out);
  void go_without(pending_request one, const handler& rule);
  void gathered(const request::gather_room::gathered& done);
  [[nodiscard]] result<std::optional<request::reply>> known_answer(const envelope& message);

  [[nodiscard]] result<void> run_transaction(batch_work& work);
  template <class Work>
  [[nodiscard]] result<void> in_transaction(batch_work& work, Work inside);
  void run_request(pending_request& one, batch_work& work);
  void run_waiting(const waiting_place& where, batch_work& work);
  void run_arrived(arrived_message one, batch_work& work);
  [[nodiscard]] tried try_rule(envelope& message, const std::vector<std::string>& answers, batch_work& work);
  enum class seriousness : std::uint8_t { real, rehearsal };
  [[nodiscard]] tried run_rule(envelope& message, const std::vector<std::string>& answers, instant now,
                               seriousness how);
  void settle(upstream& from, storage::waiting_row row, bool waited, tried one, batch_work& work);
  void settled(upstream& from, const storage::waiting_row& row, bool waited, const tried& one, batch_work& work);
  /// `text` is for supervisors, logs and terminals: nothing personal is in it.
  void note_crash(std::string message, std::string text, const tried& one, batch_work& work);
  void watch(std::string_view what) const;
  [[nodiscard]] std::optional<supervision::watched_turn> watch_batch() const;
  [[nodiscard]] bool log_is_full(batch_work& work) const;
  [[nodiscard]] std::uint64_t everybody_has() const;

  // What becomes of messages that cannot simply be handled: partition_dead_letters.cpp.
  void fail(upstream& from, storage::waiting_row row, const base::fault& trouble, const tried& one, batch_work& work);
  void put_off(storage::waiting_row row, const delivery::retry_policy& policy, batch_work& work);
  void bury(upstream& from, storage::waiting_row row, telemetry::death_reason reason, batch_work& work);
  void defer(upstream& from, storage::waiting_row row, const not_yet& said, const tried& one, batch_work& work);
  void park(upstream& from, storage::waiting_row row, batch_work& work);
  void save_waiting(const storage::waiting_row& row);
  [[nodiscard]] storage::waiting_row load_waiting(std::string_view whose, std::uint64_t seq);
  void save_attempt(const storage::attempt_row& attempt);
  [[nodiscard]] std::vector<delivery::attempt_record> attempts_of(const storage::waiting_row& row, bool this_replay);
  [[nodiscard]] std::size_t waiting_ahead_of(const upstream& from, const envelope& message) const;
  [[nodiscard]] bool must_hold(const upstream& from, std::size_t ahead) const;
  void hold(arrived_message one);
  void release_held();
  void treat(const envelope& command, batch_work& work);
  [[nodiscard]] result<void> replay(const delivery::replay_message& command);
  [[nodiscard]] result<void> discard(const delivery::discard_message& command, batch_work& work);
  void discard_row(upstream& from, std::uint64_t seq);
  void begin_replay(storage::waiting_row& row, std::int32_t number);
  [[nodiscard]] result<storage::waiting_row> dead_letter(const std::string& whose, std::uint64_t seq);
  [[nodiscard]] request::reply answer_about_dead(const envelope& query, instant now);
  [[nodiscard]] request::reply rehearse(const envelope& query, instant now);
  [[nodiscard]] request::reply name_followers(const envelope& query);
  void tell_of_strays(batch_work& work);
  void keep_strays(const std::vector<delivery::message_died>& events, batch_work& work);
  [[nodiscard]] std::string case_of(const storage::waiting_row& row) const;
  void tell_of_healing(const storage::waiting_row& row, const tried& one, batch_work& work);
  template <describe::described Event>
  void tell_hospital(const envelope& about, const Event& event, batch_work& work);
  void apply(turn_effects effects, batch_work& work);
  void append(envelope message, batch_work& work);
  [[nodiscard]] std::optional<base::fault> too_large(const envelope& message) const;
  [[nodiscard]] std::optional<base::fault> cannot_send(const envelope& message) const;
  [[nodiscard]] envelope reply_to(const envelope& message, const request::answer& said, instant at);
  [[nodiscard]] result<void> append_to_log(envelope& message);
  [[nodiscard]] result<void> count_published();
  void remember_answer(const envelope& message, const request::reply& said, batch_work& work);
  void finish(batch_work& work);
  void note_receipts();
  void forget_what_is_old(instant now);
  void forget_answers(instant now);
  void ask_for_pins(outgoing& out);
  void pinned(const request::reply& said);
  void release(batch_work& work, outgoing& out);
  void send_ready(outgoing& out);
  void store_failed(base::fault why, batch_work& work, outgoing& out);
  void update_ledgers();
  void update_published();

  const service_definition& definition_;
  partition_limits limits_;
  partition_environment environment_;
  base::random_source random_;
  turn_spans spans_;
  std::vector<std::string> sendable_;  ///< types that rules may send
  std::unique_ptr<storage::store> store_;
  std::optional<base::fault> failure_;
  std::map<std::string, upstream, std::less<>> upstreams_;
  std::vector<subscriber> subscribers_;
  partition_counts counts_;
  std::set<std::string, std::less<>> slotted_;  ///< types of events that are counted by slots
  delivery::outbox outbox_;
  delivery::waiting_room waiting_;
  std::deque<arrived_message> arrived_;
  instant arrived_since_{};  ///< when `arrived_` was last empty and got its first
  std::deque<pending_request> ready_;
  std::uint64_t ready_bytes_ = 0;  ///< of the answers in `ready_`
  dependencies dependencies_;
  std::vector<request::breaker::permit> permits_{};  ///< of the request that is being sent on; empty in between
  request::gather_room gathers_;
  std::unordered_map<std::uint64_t, pending_request> asking_;  ///< by gather
  std::optional<accusation> accused_;
  std::map<waiting_place, storage::suspect_row> suspects_;
  delivery::slot* slot_ = nullptr;
  std::shared_ptr<supervision::watched_handler> watch_{};
  std::uint64_t handled_since_crash_ = 0;
  bool alone_ = false;  ///< nothing else runs on the node
  struct stray {
    std::string what;   ///< all that is known of it
    std::string error;  ///< for a person
    telemetry::stray_reason reason = telemetry::stray_reason::unexpected;
  };
  std::deque<stray> strays_;
  std::uint64_t strays_dropped_ = 0;
  std::string hospital_;  ///< the service that hears of dead letters; empty: there is none
  instant trimmed_{};
  std::unique_ptr<entity_watcher> watcher_;  ///< null: nobody counts entities

  /// Answers that may be forgotten unless a case of their conversation is open.
  struct pin_question {
    std::vector<storage::answer_row> candidates{};
    std::optional<std::uint64_t> gather{};  ///< while the hospital is asked
    bool answered = false;
    std::size_t pinned = 0;  ///< that an open case kept last time
  };
  pin_question pins_;
};

}  // namespace musiccorp::service
