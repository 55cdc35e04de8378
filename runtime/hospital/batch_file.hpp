#pragma once

#include "hospital/batch_messages.hpp"

/// What the hospital keeps about a batch. Its cases are in chunks, so that no entity grows with the batch.
namespace musiccorp::hospital {

inline constexpr std::int64_t chunk_items = 100;

struct batch_file : batch_summary {
  std::int64_t next = 0;      ///< place of the first item that was not yet sent or skipped
  std::int64_t launched = 0;  ///< sent so far
  std::int64_t step = 0;      ///< of the continue_batch that is on its way
  instant next_at{};          ///< not before this: its rate

  static constexpr auto describe() {
    return std::apply(
        [](auto... fields) {
          return describe_as("hospital.batch", 1, fields..., musiccorp::field("next", &batch_file::next),
                             musiccorp::field("launched", &batch_file::launched),
                             musiccorp::field("step", &batch_file::step),
                             musiccorp::field("next_at", &batch_file::next_at));
        },
        batch_summary::describe().fields);
  }

  [[nodiscard]] std::int64_t failures() const { return died_again + refused; }
};

[[nodiscard]] constexpr bool is_working(batch_state state) {
  return state == batch_state::canary || state == batch_state::running;
}
[[nodiscard]] constexpr bool has_ended(batch_state state) { return state > batch_state::finishing; }

/// A hundred items of a batch: <batch_id>/<6 digits>.
struct batch_chunk {
  std::string place{};
  std::vector<batch_item> items{};

  static constexpr auto describe() {
    return describe_as("hospital.batch_chunk", 1, key("place", &batch_chunk::place),
                       field("items", &batch_chunk::items));
  }
};

[[nodiscard]] inline std::string chunk_place(const std::string& batch_id, std::int64_t item) {
  const auto number = std::to_string(item / chunk_items);
  return batch_id + "/" + std::string(number.size() < 6 ? 6 - number.size() : 0, '0') + number;
}

/// Newest first: <newest first>/<batch_id>.
struct batch_row {
  std::string row{};
  std::string batch_id{};

  static constexpr auto describe() {
    return describe_as("hospital.batch_row", 1, key("row", &batch_row::row), field("batch_id", &batch_row::batch_id));
  }
};

}  // namespace musiccorp::hospital
