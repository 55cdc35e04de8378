#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "message/envelope.hpp"

namespace musiccorp::storage {

using base::instant;
using message::envelope;

/// One entity of a service: JSON text under a type and a key. `version` counts its saves, from 1.
struct entity_row {
  std::string type;
  std::string key;
  std::string body;
  std::uint64_t version = 0;
};

/// Which entities to list: keys with this prefix, after `after` (exclusive, empty: from the start), in key order.
struct entity_range {
  std::string prefix{};
  std::string after{};
  std::size_t limit = 100;
};

/// How far one upstream log has been handled here, and what became of its messages. At every commit:
/// received = processed + dead + discarded + (rows in the waiting room that are neither dead nor discarded).
struct cursor_row {
  std::string upstream;        ///< the service that owns the log
  std::uint64_t seq = 0;       ///< every message up to this one is settled or has a row in the waiting room
  std::uint64_t received = 0;  ///< messages of this log that were for us
  std::uint64_t processed = 0;
  std::uint64_t dead = 0;  ///< dead letters that nobody has replayed or discarded
  std::uint64_t discarded = 0;
  std::string generation{};  ///< of the log at `seq`; empty: not known
  friend bool operator==(const cursor_row&, const cursor_row&) = default;
};

/// Each opening of a store begins a generation of its log, under an id that no other has: messages with seq > after,
/// up to where the next one begins, were written by it. A file that was replaced by an older copy, or emptied, goes
/// on with numbers that it has used before, but never with the same generation.
struct log_generation {
  std::uint64_t after = 0;
  std::string id;
  friend bool operator==(const log_generation&, const log_generation&) = default;
};
/// Who wrote the message at `seq`, of generations with the oldest first; empty: nobody knows, or there is none.
[[nodiscard]] std::string_view generation_at(std::span<const log_generation> all, std::uint64_t seq);

/// How far a subscriber of our log says it has committed.
struct subscriber_row {
  std::string subscriber;
  std::uint64_t acked = 0;
  std::uint64_t received = 0;  ///< messages, since its store was made
  friend bool operator==(const subscriber_row&, const subscriber_row&) = default;
};

/// Messages of one type and addressee that this log has ever held.
struct published_row {
  std::string type;
  std::string to;  ///< empty for events
  std::uint64_t count = 0;
  friend bool operator==(const published_row&, const published_row&) = default;
};

/// Events of one type whose keys are in one slot, since somebody began to count them so: the others of their type are
/// older.
struct published_slot_row {
  std::string type;
  std::uint32_t slot = 0;
  std::uint64_t count = 0;
  friend bool operator==(const published_slot_row&, const published_slot_row&) = default;
};

enum class waiting_state : std::uint8_t {
  retry,      ///< failed; tried again when it is due
  deferred,   ///< "not yet": tried again when it is due, or when the awaited entity was written
  parked,     ///< waits behind an earlier message of its key
  dead,       ///< a dead letter: only a replay or a discard moves it
  replaying,  ///< was dead, is tried again
  alone       ///< may have killed the process: tried again only while nothing else runs on the node
};
inline constexpr std::size_t waiting_states = 6;
[[nodiscard]] std::string_view name_of(waiting_state state);

/// A message that could not simply be handled: the exception beside the cursor. Known by (upstream, seq).
struct waiting_row {
  std::string upstream;
  std::uint64_t seq = 0;
  waiting_state state = waiting_state::retry;
  std::string key;            ///< order key; empty: it has no order
  std::int32_t attempts = 0;  ///< failed ones since it arrived or since its last replay began
  instant due{};              ///< retry, replaying: not before this; deferred: no later
  instant first_failed{};
  instant last_failed{};
  std::string reason;                ///< a fault kind's name, or "attempts"
  std::string error;                 ///< the last failure's text
  std::int32_t replay = 0;           ///< number of the last replay; 0: none
  std::int32_t attempts_before = 0;  ///< failed ones before the last replay began
  instant deferred_since{};          ///< deferred: since when it says "not yet"
  std::string awaited_type;          ///< deferred: the entity that must be written first; empty: none
  std::string awaited_key;
  envelope message;
  friend bool operator==(const waiting_row&, const waiting_row&) = default;
};

/// What is kept in memory of a waiting row: enough to know whose turn it is.
struct waiting_mark {
  std::string upstream;
  std::uint64_t seq = 0;
  waiting_state state = waiting_state::retry;
  std::string key;
  instant due{};
  instant born{};  ///< when the message was written
  std::string awaited_type;
  std::string awaited_key;
  friend bool operator==(const waiting_mark&, const waiting_mark&) = default;
};
[[nodiscard]] waiting_mark mark_of(const waiting_row& row);

/// One failed try at a waiting message. Goes with its row.
struct attempt_row {
  std::string upstream;
  std::uint64_t seq = 0;
  std::int32_t number = 0;  ///< from 1 over the message's whole life
  std::int32_t replay = 0;  ///< in which replay; 0: before any
  instant started{};
  instant ended{};
  std::string outcome;
  std::string kind;
  std::string text;
  std::string backtrace;
  std::string node;
  std::string version;  ///< of the program
  friend bool operator==(const attempt_row&, const attempt_row&) = default;
};

/// A message that was being handled when a process died, until a try of it ends otherwise.
struct suspect_row {
  std::string upstream;
  std::uint64_t seq = 0;
  std::int32_t deaths = 0;       ///< of processes, proven to be its own
  std::int32_t unexplained = 0;  ///< further ones in which it was a suspect
  std::int32_t kills_alone = 0;  ///< of those, the ones without any evidence while nothing but it ran
  bool condemned = false;        ///< it is not to be run again, but buried
  std::string scene;             ///< names the last process death that was counted
  std::string story;             ///< what is known of all of them, as JSON, for its attempts
  friend bool operator==(const suspect_row&, const suspect_row&) = default;
};

/// The answer that was given for an Idempotency-Key.
struct answer_row {
  std::string idempotency;  ///< scoped key
  std::uint64_t body_hash =
      0;  ///< of the request's payload, to tell a repeat from another request under the same key
  std::int32_t status = 0;
  std::string type;
  std::string payload;
  instant given{};
  std::string conversation;  ///< correlation of everything that the request caused
  friend bool operator==(const answer_row&, const answer_row&) = default;
};

struct log_limits {
  std::size_t messages = 256;
  std::size_t bytes = 1 << 20;  ///< at least one message is always returned
};

/// What the store has done since it was opened.
struct store_statistics {
  std::uint64_t commits = 0;   ///< that wrote something
  std::uint64_t fsyncs = 0;    ///< of commits; 0 for a store in memory
  std::uint64_t messages = 0;  ///< appended to the log
  std::uint64_t bytes_on_disk = 0;
  std::uint64_t unreadable = 0;  ///< transactions at the end that could not be read when it was opened
};

/// Everything that one service partition owns, in one file. One transaction at a time: begin, then reads and writes,
/// then commit or rollback; a read outside a transaction sees the last commit. When commit returns, all of it is on
/// disk and survives power loss; when it fails, or the process dies before, none of it happened.
///
/// Trouble is fault{storage} (I/O, disk full: the transaction must be rolled back), fault{corrupt} (the file is not
/// what was written), fault{busy} (another process holds the file). After a fault inside a transaction only rollback
/// is legal. One owner thread at a time; no locking.
class store {
 public:
  virtual ~store() = default;

  [[nodiscard]] virtual result<void> begin() = 0;
  [[nodiscard]] virtual result<void> commit() = 0;
  virtual void rollback() noexcept = 0;

  [[nodiscard]] virtual result<std::optional<entity_row>> find(std::string_view type, std::string_view key) = 0;
  /// Writes `body`; the version grows by one.
  [[nodiscard]] virtual result<void> save(std::string_view type, std::string_view key, std::string_view body) = 0;
  [[nodiscard]] virtual result<void> erase(std::string_view type, std::string_view key) = 0;
  [[nodiscard]] virtual result<std::vector<entity_row>> list(std::string_view type, const entity_range& range) = 0;
  [[nodiscard]] virtual result<std::uint64_t> count(std::string_view type) = 0;

  /// Appends to the log and sets `message.seq`: 1, 2, 3 ... without gaps in commit order.
  [[nodiscard]] virtual result<void> append(envelope& message) = 0;
  /// Messages with seq > after, in order, within the limits.
  [[nodiscard]] virtual result<std::vector<envelope>> read_log(std::uint64_t after, const log_limits& limits) = 0;
  /// seq of the newest message ever appended; 0 when there was none. Survives trimming.
  [[nodiscard]] virtual std::uint64_t last_seq() const = 0;
  /// Forgets messages with seq <= upto from the oldest on, up to the first that is not older than `before`, so that
  /// the rest has no gaps. The counts in published() stay, and the generations of the newest one and of the rest.
  [[nodiscard]] virtual result<void> trim_log(std::uint64_t upto, instant before) = 0;
  /// Begins a generation at the log's end. One that has written nothing is forgotten.
  [[nodiscard]] virtual result<void> begin_generation(std::string_view id) = 0;
  /// Oldest first.
  [[nodiscard]] virtual result<std::vector<log_generation>> generations() = 0;
  [[nodiscard]] virtual result<std::vector<published_row>> published() = 0;
  /// The message that was appended last counts for this slot, too.
  [[nodiscard]] virtual result<void> count_slot(std::string_view type, std::uint32_t slot) = 0;
  [[nodiscard]] virtual result<std::vector<published_slot_row>> published_slots() = 0;
  /// When the oldest message after `after` was written; nothing when there is none.
  [[nodiscard]] virtual result<std::optional<instant>> oldest_after(std::uint64_t after) = 0;

  [[nodiscard]] virtual result<std::vector<cursor_row>> cursors() = 0;
  [[nodiscard]] virtual result<void> save(const cursor_row& cursor) = 0;
  [[nodiscard]] virtual result<std::vector<subscriber_row>> subscribers() = 0;
  [[nodiscard]] virtual result<void> save(const subscriber_row& subscriber) = 0;

  /// The marks of all rows in (upstream, seq) order; read once at start, then kept in memory by their owner.
  [[nodiscard]] virtual result<std::vector<waiting_mark>> waiting() = 0;
  [[nodiscard]] virtual result<std::optional<waiting_row>> find_waiting(std::string_view upstream,
                                                                        std::uint64_t seq) = 0;
  [[nodiscard]] virtual result<void> save(const waiting_row& row) = 0;
  /// Its attempts go with it.
  [[nodiscard]] virtual result<void> erase_waiting(std::string_view upstream, std::uint64_t seq) = 0;

  [[nodiscard]] virtual result<void> save(const attempt_row& attempt) = 0;
  [[nodiscard]] virtual result<void> erase_attempt(std::string_view upstream, std::uint64_t seq,
                                                   std::int32_t number) = 0;
  /// The newest `limit` attempts of one message, oldest first.
  [[nodiscard]] virtual result<std::vector<attempt_row>> attempts(std::string_view upstream, std::uint64_t seq,
                                                                  std::size_t limit) = 0;

  [[nodiscard]] virtual result<std::vector<suspect_row>> suspects() = 0;
  [[nodiscard]] virtual result<void> save(const suspect_row& suspect) = 0;
  [[nodiscard]] virtual result<void> erase_suspect(std::string_view upstream, std::uint64_t seq) = 0;

  [[nodiscard]] virtual result<std::optional<answer_row>> find_answer(std::string_view idempotency) = 0;
  [[nodiscard]] virtual result<void> save(const answer_row& answer) = 0;
  /// Answers given before `before`, oldest first, without their payloads; at most `limit`.
  [[nodiscard]] virtual result<std::vector<answer_row>> old_answers(instant before, std::size_t limit) = 0;
  [[nodiscard]] virtual result<void> erase_answer(std::string_view idempotency) = 0;

  [[nodiscard]] virtual store_statistics statistics() const = 0;
};

/// Opens one store per service partition. Any thread.
class store_factory {
 public:
  virtual ~store_factory() = default;
  /// Opens or creates the store of this partition ("order"). Errors name the file and what to do.
  [[nodiscard]] virtual result<std::unique_ptr<store>> open(std::string_view partition) = 0;
};

}  // namespace musiccorp::storage
