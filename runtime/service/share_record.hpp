#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "service/definition.hpp"
#include "storage/store.hpp"

/// What a store says of itself: which share of the keys is in it. Private to this room.
namespace musiccorp::service {

/// fault{conflict} when the store belongs to another number of partitions; a store that says nothing is new, or older
/// than partitions.
[[nodiscard]] result<void> check_share(storage::store& state, const service_definition& partition);
/// Writes it, and that this generation of the log begins, in a transaction of its own: so a store that can be read
/// but not written shows at once. Without a generation: nothing is going to be written to its log.
[[nodiscard]] result<void> record_opening(storage::store& state, const service_definition& partition, instant now,
                                          std::string_view generation = {});

}  // namespace musiccorp::service
