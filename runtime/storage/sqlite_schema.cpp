#include "storage/sqlite_schema.hpp"

#include <array>

namespace musiccorp::storage::sqlite {
namespace {

// Times are microseconds since 1970 UTC. Texts that may be long stand last, so that a scan need not read them.
constexpr const char* version_1 = R"sql(
CREATE TABLE entity (
  id      INTEGER PRIMARY KEY,
  type    TEXT NOT NULL,
  key     TEXT NOT NULL,
  version INTEGER NOT NULL,      -- saves so far
  body    TEXT NOT NULL,         -- JSON
  UNIQUE (type, key)
) STRICT;

CREATE TABLE log (               -- what this service has published, in commit order
  seq         INTEGER PRIMARY KEY,
  occurred    INTEGER NOT NULL,
  expires     INTEGER NOT NULL,  -- 0: never
  version     INTEGER NOT NULL,
  type        TEXT NOT NULL,
  key         TEXT NOT NULL,
  id          TEXT NOT NULL,
  source      TEXT NOT NULL,
  addressee   TEXT NOT NULL,     -- empty: an event
  correlation TEXT NOT NULL,
  causation   TEXT NOT NULL,
  traceparent TEXT NOT NULL,
  reply_to    TEXT NOT NULL,
  answers     TEXT NOT NULL,
  idempotency TEXT NOT NULL,
  payload     TEXT NOT NULL      -- JSON
) STRICT;

CREATE TABLE published (         -- survives trimming of the log
  type      TEXT NOT NULL,
  addressee TEXT NOT NULL,
  count     INTEGER NOT NULL,
  newest    INTEGER NOT NULL,    -- seq; the greatest of all is the last seq of the log
  PRIMARY KEY (type, addressee)
) STRICT, WITHOUT ROWID;

CREATE TABLE cursor (            -- how far each upstream log has been handled here
  upstream  TEXT PRIMARY KEY,
  seq       INTEGER NOT NULL,
  received  INTEGER NOT NULL,
  processed INTEGER NOT NULL,
  dead      INTEGER NOT NULL,
  discarded INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE subscriber (        -- how far others have committed our log
  subscriber TEXT PRIMARY KEY,
  acked      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE waiting (           -- messages that could not simply be handled
  upstream            TEXT NOT NULL,
  seq                 INTEGER NOT NULL,
  state               INTEGER NOT NULL,  -- 0 retry, 1 deferred, 2 parked, 3 dead, 4 replaying, 5 alone
  order_key           TEXT NOT NULL,
  attempts            INTEGER NOT NULL,
  due                 INTEGER NOT NULL,
  first_failed        INTEGER NOT NULL,
  last_failed         INTEGER NOT NULL,
  reason              TEXT NOT NULL,
  error               TEXT NOT NULL,
  message_seq         INTEGER NOT NULL,
  message_occurred    INTEGER NOT NULL,
  message_expires     INTEGER NOT NULL,
  message_version     INTEGER NOT NULL,
  message_type        TEXT NOT NULL,
  message_key         TEXT NOT NULL,
  message_id          TEXT NOT NULL,
  message_source      TEXT NOT NULL,
  message_addressee   TEXT NOT NULL,
  message_correlation TEXT NOT NULL,
  message_causation   TEXT NOT NULL,
  message_traceparent TEXT NOT NULL,
  message_reply_to    TEXT NOT NULL,
  message_answers     TEXT NOT NULL,
  message_idempotency TEXT NOT NULL,
  message_payload     TEXT NOT NULL,
  PRIMARY KEY (upstream, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE answer (            -- answers given under an Idempotency-Key
  idempotency TEXT PRIMARY KEY,
  body_hash   INTEGER NOT NULL,
  status      INTEGER NOT NULL,
  type        TEXT NOT NULL,
  payload     TEXT NOT NULL,
  given       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX answer_by_given ON answer (given);
)sql";

// Retry, deferral by an awaited entity, replays; the story of each failure; messages that may have killed a process.
constexpr const char* version_2 = R"sql(
ALTER TABLE waiting ADD COLUMN replay INTEGER NOT NULL DEFAULT 0;           -- number of the last one
ALTER TABLE waiting ADD COLUMN attempts_before INTEGER NOT NULL DEFAULT 0;  -- failed ones before it
ALTER TABLE waiting ADD COLUMN deferred_since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE waiting ADD COLUMN awaited_type TEXT NOT NULL DEFAULT '';       -- entity that must be written first
ALTER TABLE waiting ADD COLUMN awaited_key TEXT NOT NULL DEFAULT '';
CREATE INDEX waiting_mark ON waiting                                        -- all that is read at start
  (upstream, seq, state, order_key, due, message_occurred, awaited_type, awaited_key);

CREATE TABLE attempt (           -- failed tries at waiting messages
  upstream  TEXT NOT NULL,
  seq       INTEGER NOT NULL,
  number    INTEGER NOT NULL,
  replay    INTEGER NOT NULL,
  started   INTEGER NOT NULL,
  ended     INTEGER NOT NULL,
  outcome   TEXT NOT NULL,
  kind      TEXT NOT NULL,
  text      TEXT NOT NULL,
  backtrace TEXT NOT NULL,
  node      TEXT NOT NULL,
  version   TEXT NOT NULL,       -- of the program
  PRIMARY KEY (upstream, seq, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE suspect (           -- messages that were being handled when a process died
  upstream    TEXT NOT NULL,
  seq         INTEGER NOT NULL,
  deaths      INTEGER NOT NULL,
  unexplained INTEGER NOT NULL,
  kills_alone INTEGER NOT NULL,
  condemned   INTEGER NOT NULL,
  scene       TEXT NOT NULL,
  story       TEXT NOT NULL,     -- JSON
  PRIMARY KEY (upstream, seq)
) STRICT, WITHOUT ROWID;

ALTER TABLE answer ADD COLUMN conversation TEXT NOT NULL DEFAULT '';        -- correlation of what the request caused
)sql";

// How many messages a subscriber has, because its books may be on another node.
constexpr const char* version_3 = "ALTER TABLE subscriber ADD COLUMN received INTEGER NOT NULL DEFAULT 0;";

// Events by slots of their keys, for subscribers with several partitions: each has some of the slots.
constexpr const char* version_4 = R"sql(
CREATE TABLE published_slot (    -- a part of `published`; what it does not have is older than the counting
  type  TEXT NOT NULL,
  slot  INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (type, slot)
) STRICT, WITHOUT ROWID;
)sql";

// Which opening of which copy of this store wrote what, so that nobody goes on with a log that is not the one it
// knows.
constexpr const char* version_5 = R"sql(
CREATE TABLE generation (        -- of the log, by the seq before its first message
  after INTEGER PRIMARY KEY,
  id    TEXT NOT NULL
) STRICT;
ALTER TABLE cursor ADD COLUMN generation TEXT NOT NULL DEFAULT '';          -- of the upstream's log, at seq
)sql";

constexpr std::array steps{version_1, version_2, version_3, version_4, version_5};

}  // namespace

std::span<const char* const> schema_steps() { return steps; }

result<void> migrate(connection& file, std::span<const char* const> to) {
  const auto from = file.number("PRAGMA user_version");
  if (!from) return failure(from.error());
  if (*from >= static_cast<std::int64_t>(to.size())) return {};

  std::string sql = "BEGIN IMMEDIATE;";
  for (const auto* step : to.subspan(static_cast<std::size_t>(*from))) sql.append(step).append(";");
  sql += "PRAGMA application_id = " + std::to_string(application_id) + ";";
  sql += "PRAGMA user_version = " + std::to_string(to.size()) + "; COMMIT;";
  const auto done = file.run(sql);
  if (!done && file.in_transaction()) (void)file.run("ROLLBACK");
  return done;
}

}  // namespace musiccorp::storage::sqlite
