#pragma once

#include <concepts>
#include <tuple>
#include <type_traits>

#include "storage/store.hpp"

/// Which field is in which column: one list for writing and for reading. Private to this room.
namespace musiccorp::storage::sqlite {

template <class Row, class Of>
concept row_of = std::same_as<std::remove_const_t<Row>, Of>;

auto fields_of(row_of<envelope> auto& m) {
  return std::tie(m.seq, m.occurred, m.expires, m.version, m.type, m.key, m.id, m.source, m.to, m.correlation,
                  m.causation, m.traceparent, m.reply_to, m.answers, m.idempotency, m.payload);
}

auto fields_of(row_of<cursor_row> auto& row) {
  return std::tie(row.upstream, row.seq, row.received, row.processed, row.dead, row.discarded, row.generation);
}

auto fields_of(row_of<log_generation> auto& row) { return std::tie(row.after, row.id); }

auto fields_of(row_of<subscriber_row> auto& row) { return std::tie(row.subscriber, row.acked, row.received); }

auto fields_of(row_of<waiting_row> auto& row) {
  return std::tuple_cat(std::tie(row.upstream, row.seq, row.state, row.key, row.attempts, row.due, row.first_failed,
                                 row.last_failed, row.reason, row.error, row.replay, row.attempts_before,
                                 row.deferred_since, row.awaited_type, row.awaited_key),
                        fields_of(row.message));
}

auto fields_of(row_of<waiting_mark> auto& row) {
  return std::tie(row.upstream, row.seq, row.state, row.key, row.due, row.born, row.awaited_type, row.awaited_key);
}

auto fields_of(row_of<attempt_row> auto& row) {
  return std::tie(row.upstream, row.seq, row.number, row.replay, row.started, row.ended, row.outcome, row.kind,
                  row.text, row.backtrace, row.node, row.version);
}

auto fields_of(row_of<suspect_row> auto& row) {
  return std::tie(row.upstream, row.seq, row.deaths, row.unexplained, row.kills_alone, row.condemned, row.scene,
                  row.story);
}

auto fields_of(row_of<answer_row> auto& row) {
  return std::tie(row.idempotency, row.body_hash, row.status, row.type, row.payload, row.given, row.conversation);
}

}  // namespace musiccorp::storage::sqlite
