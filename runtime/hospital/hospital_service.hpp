#pragma once

#include "hospital/settings.hpp"
#include "service/definition.hpp"

namespace musiccorp::hospital {

/// The message hospital: a service like any other, with a store of its own. Services tell it of dead letters through
/// their logs, in the commit in which a message dies, so it may be away for a day and misses nothing. It keeps the
/// story, shows it, and asks the service to replay or to bury; the dead letter itself stays where it died.
///
/// `types` are the messages of all other services: what the hospital can read, mask and check. A message that is not
/// among them is hidden whole and can't be edited.
///
/// The hospital's own dead letters (an event that it could not handle, a step of a batch) stay in its own waiting
/// room and make no cases: it does not listen to itself, so it can't feed on its own failures. They show in its
/// ledger and in runtime_dead_letters_total as those of every service do. What strays to it and is no message at all
/// is in runtime_strays_total, and in its store as entities `runtime.stray`.
[[nodiscard]] service_definition hospital_service(message::catalogue types, hospital_settings settings = {});

}  // namespace musiccorp::hospital
