#pragma once

#include "hospital/group_messages.hpp"
#include "hospital/settings.hpp"
#include "service/outcome.hpp"
#include "service/turn.hpp"

namespace musiccorp::hospital {

outcome answer_groups(turn& now, const list_groups& query, const ward& in);
outcome answer_group(turn& now, const show_group& query);

}  // namespace musiccorp::hospital
