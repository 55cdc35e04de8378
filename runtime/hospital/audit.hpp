#pragma once

#include <optional>
#include <string>

#include "hospital/audit_messages.hpp"
#include "hospital/settings.hpp"
#include "service/outcome.hpp"
#include "service/turn.hpp"

/// The audit trail: one line for each action of a person, written in the turn that acts and never changed. Each line
/// stands in the list of all, in that of its case and in that of its batch. Forgotten after audit_kept_days, a few
/// lines with each new one.
namespace musiccorp::hospital {

/// `line.entry_id` and `line.at` are set here.
void write_audit(turn& now, const hospital_settings& settings, audit_line line);

/// What is wrong with a name, or a reason, of nothing but spaces: the trail would say nothing.
[[nodiscard]] std::optional<base::rejected> wrong_signature(const std::string& by);
[[nodiscard]] std::optional<base::rejected> wrong_signature(const std::string& by, const std::string& reason);

outcome answer_audit(turn& now, const list_audit& query, const ward& in);

}  // namespace musiccorp::hospital
