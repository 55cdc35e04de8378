#include "storage/sqlite_statements.hpp"

#include <array>

namespace musiccorp::storage::sqlite {
namespace {

struct entry {
  statement statements::*which;
  std::string_view sql;
};

// Columns stand in the order of sqlite_rows.hpp.
constexpr std::array<entry, 39> texts{{
    {&statements::begin, "BEGIN IMMEDIATE"},
    {&statements::commit, "COMMIT"},
    {&statements::rollback, "ROLLBACK"},

    {&statements::find_entity, "SELECT version, body FROM entity WHERE type = ?1 AND key = ?2"},
    {&statements::save_entity,
     "INSERT INTO entity (type, key, version, body) VALUES (?1, ?2, 1, ?3)"
     " ON CONFLICT (type, key) DO UPDATE SET version = version + 1, body = excluded.body"},
    {&statements::erase_entity, "DELETE FROM entity WHERE type = ?1 AND key = ?2"},
    {&statements::list_entities, "SELECT key, version, body FROM entity WHERE type = ?1 AND key >= ?2 ORDER BY key"},
    {&statements::count_entities, "SELECT count(*) FROM entity WHERE type = ?1"},

    {&statements::append,
     "INSERT INTO log (seq, occurred, expires, version, type, key, id, source, addressee, correlation, causation,"
     " traceparent, reply_to, answers, idempotency, payload)"
     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"},
    {&statements::read_log,
     "SELECT seq, occurred, expires, version, type, key, id, source, addressee, correlation, causation, traceparent,"
     " reply_to, answers, idempotency, payload FROM log WHERE seq > ?1 ORDER BY seq"},
    {&statements::trim_log,
     "DELETE FROM log WHERE seq <= ?1 AND seq <"
     " coalesce((SELECT seq FROM log WHERE occurred >= ?2 ORDER BY seq LIMIT 1), ?1 + 1)"},
    {&statements::oldest_after, "SELECT occurred FROM log WHERE seq > ?1 ORDER BY seq LIMIT 1"},
    {&statements::log_end, "SELECT max(seq) FROM log"},

    {&statements::published, "SELECT type, addressee, count, newest FROM published"},
    {&statements::save_published, "REPLACE INTO published (type, addressee, count, newest) VALUES (?1, ?2, ?3, ?4)"},
    {&statements::published_slots, "SELECT type, slot, count FROM published_slot"},
    {&statements::save_published_slot, "REPLACE INTO published_slot (type, slot, count) VALUES (?1, ?2, ?3)"},

    {&statements::begin_generation, "REPLACE INTO generation (after, id) VALUES (?1, ?2)"},
    {&statements::generations, "SELECT after, id FROM generation ORDER BY after"},
    {&statements::forget_generations,
     "DELETE FROM generation WHERE after < (SELECT max(after) FROM generation WHERE after <"
     " coalesce((SELECT min(seq) FROM log), ?1 + 1) - 1)"},

    {&statements::cursors, "SELECT upstream, seq, received, processed, dead, discarded, generation FROM cursor"},
    {&statements::save_cursor,
     "REPLACE INTO cursor (upstream, seq, received, processed, dead, discarded, generation)"
     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"},
    {&statements::subscribers, "SELECT subscriber, acked, received FROM subscriber"},
    {&statements::save_subscriber, "REPLACE INTO subscriber (subscriber, acked, received) VALUES (?1, ?2, ?3)"},

    {&statements::waiting,
     "SELECT upstream, seq, state, order_key, due, message_occurred, awaited_type, awaited_key"
     " FROM waiting INDEXED BY waiting_mark ORDER BY upstream, seq"},
    {&statements::find_waiting,
     "SELECT upstream, seq, state, order_key, attempts, due, first_failed, last_failed, reason, error, replay,"
     " attempts_before, deferred_since, awaited_type, awaited_key, message_seq, message_occurred, message_expires,"
     " message_version, message_type, message_key, message_id, message_source, message_addressee,"
     " message_correlation, message_causation, message_traceparent, message_reply_to, message_answers,"
     " message_idempotency, message_payload FROM waiting WHERE upstream = ?1 AND seq = ?2"},
    {&statements::save_waiting,
     "REPLACE INTO waiting (upstream, seq, state, order_key, attempts, due, first_failed, last_failed, reason, error,"
     " replay, attempts_before, deferred_since, awaited_type, awaited_key,"
     " message_seq, message_occurred, message_expires, message_version, message_type, message_key, message_id,"
     " message_source, message_addressee, message_correlation, message_causation, message_traceparent,"
     " message_reply_to, message_answers, message_idempotency, message_payload)"
     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,"
     " ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31)"},
    {&statements::erase_waiting, "DELETE FROM waiting WHERE upstream = ?1 AND seq = ?2"},

    {&statements::save_attempt,
     "REPLACE INTO attempt (upstream, seq, number, replay, started, ended, outcome, kind, text, backtrace, node,"
     " version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"},
    {&statements::attempts,
     "SELECT upstream, seq, number, replay, started, ended, outcome, kind, text, backtrace, node, version"
     " FROM attempt WHERE upstream = ?1 AND seq = ?2 ORDER BY number DESC LIMIT ?3"},
    {&statements::erase_attempt, "DELETE FROM attempt WHERE upstream = ?1 AND seq = ?2 AND number = ?3"},
    {&statements::erase_attempts, "DELETE FROM attempt WHERE upstream = ?1 AND seq = ?2"},

    {&statements::suspects,
     "SELECT upstream, seq, deaths, unexplained, kills_alone, condemned, scene, story FROM suspect"
     " ORDER BY upstream, seq"},
    {&statements::save_suspect,
     "REPLACE INTO suspect (upstream, seq, deaths, unexplained, kills_alone, condemned, scene, story)"
     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"},
    {&statements::erase_suspect, "DELETE FROM suspect WHERE upstream = ?1 AND seq = ?2"},

    {&statements::find_answer,
     "SELECT idempotency, body_hash, status, type, payload, given, conversation FROM answer WHERE idempotency = ?1"},
    {&statements::save_answer,
     "REPLACE INTO answer (idempotency, body_hash, status, type, payload, given, conversation)"
     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"},
    {&statements::old_answers,
     "SELECT idempotency, given, conversation FROM answer WHERE given < ?1 ORDER BY given LIMIT ?2"},
    {&statements::erase_answer, "DELETE FROM answer WHERE idempotency = ?1"},
}};

}  // namespace

result<statements> statements::prepare(connection& file) {
  statements all;
  for (const auto& [which, sql] : texts) {
    auto prepared = file.prepare(sql);
    if (!prepared) {
      auto found = prepared.error();
      if (found.kind == fault_kind::internal) {  // A table or column is not there.
        found.kind = fault_kind::corrupt;
        found.text += "; the file is not as this program makes it: restore it from a backup";
      }
      return failure(std::move(found));
    }
    all.*which = std::move(*prepared);
  }
  return all;
}

}  // namespace musiccorp::storage::sqlite
