#pragma once

#include "service/partition.hpp"

/// What the files of a partition share. Private to this room.
namespace musiccorp::service {

/// One batch of turns: taken, decided, not yet committed.
struct partition::batch_work {
  instant now;
  std::vector<pending_request> requests{};     ///< taken; all get an answer whatever happens
  std::vector<request::reply> replies{};       ///< one per request so far
  std::vector<envelope> appended{};            ///< in log order
  std::vector<turn_effects::write> written{};  ///< for who counts entities; empty without one
  std::vector<supervision::crash_report> crashes{};
  std::size_t handled = 0;
  std::optional<std::uint64_t> everybody_has{};  ///< seq of our log, as of the first question in this batch
  bool wrote = false;
};

/// Storage trouble ends the batch from wherever it shows.
inline void must(result<void> step) {
  if (!step) throw turn_trouble{std::move(step.error())};
}
template <class T>
T must(result<T> step) {
  if (!step) throw turn_trouble{std::move(step.error())};
  return std::move(*step);
}

/// A message that just arrived, as the row that it becomes if it cannot simply be handled.
[[nodiscard]] inline storage::waiting_row row_of(const std::string& upstream, envelope message,
                                                 delivery::order_policy order) {
  storage::waiting_row row;
  row.upstream = upstream;
  row.seq = message.seq;
  if (order != delivery::order_policy::none) row.key = message.key;
  row.message = std::move(message);
  return row;
}

/// Queries that each partition answers by itself, about what it could not handle.
[[nodiscard]] inline bool is_about_dead(std::string_view type) {
  return type == describe::name_of<delivery::rehearse_message>() ||
         type == describe::name_of<delivery::show_followers>();
}

/// Nobody has tried to handle it before.
[[nodiscard]] inline bool is_first_try(const storage::waiting_row& row) {
  return row.attempts_before + row.attempts == 0 && row.deferred_since == instant{};
}

}  // namespace musiccorp::service
