#pragma once

#include "storage/sqlite.hpp"

namespace musiccorp::storage::sqlite {

/// Every statement of a store, prepared once. Private to this room.
struct statements {
  statement begin, commit, rollback;
  statement find_entity, save_entity, erase_entity, list_entities, count_entities;
  statement append, read_log, trim_log, oldest_after, log_end;
  statement published, save_published, published_slots, save_published_slot;
  statement begin_generation, generations, forget_generations;
  statement cursors, save_cursor, subscribers, save_subscriber;
  statement waiting, find_waiting, save_waiting, erase_waiting;
  statement save_attempt, attempts, erase_attempt, erase_attempts;
  statement suspects, save_suspect, erase_suspect;
  statement find_answer, save_answer, old_answers, erase_answer;

  /// Fails when the file does not have the tables and columns of the current schema.
  [[nodiscard]] static result<statements> prepare(connection& file);
};

}  // namespace musiccorp::storage::sqlite
