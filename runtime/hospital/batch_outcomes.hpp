#pragma once

#include <string>

#include "hospital/batch_file.hpp"
#include "service/turn.hpp"

namespace musiccorp::hospital {

/// Writes what became of an item that was sent, and takes the decision that hangs on it: the canary is over and the
/// rest may go, there were too many failures, or this was the last one.
void note_outcome(turn& now, const std::string& batch_id, std::int64_t item, item_outcome outcome, std::string text);

/// How many items have come to this.
[[nodiscard]] std::int64_t& count(batch_summary& batch, item_outcome outcome);

/// The item in its chunk.
void save_item(turn& now, const std::string& batch_id, std::int64_t item, item_outcome outcome, std::string text);

/// Sees whether the batch has come to an end or to its next part, after its numbers have changed; asks for its next
/// step where it goes on. Saves it.
void decide(turn& now, batch_file batch);

}  // namespace musiccorp::hospital
