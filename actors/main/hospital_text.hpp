#pragma once

#include <string>
#include <vector>

#include "hospital/audit_messages.hpp"
#include "hospital/batch_messages.hpp"
#include "hospital/case_messages.hpp"
#include "hospital/group_messages.hpp"
#include "hospital/rehearsal_messages.hpp"

/// The hospital's answers for people at a terminal. Control characters of texts are shown as `?`, so that a dead
/// letter can't play with the terminal.
namespace musiccorp::program {

[[nodiscard]] std::string text_of(const std::vector<hospital::case_summary>& cases);
[[nodiscard]] std::string text_of(const std::vector<hospital::group_summary>& groups);
[[nodiscard]] std::string text_of(const std::vector<hospital::audit_line>& lines);
[[nodiscard]] std::string text_of(const std::vector<hospital::batch_summary>& batches);
[[nodiscard]] std::string text_of(const hospital::case_detail& one);
[[nodiscard]] std::string text_of(const hospital::batch_detail& batch);
[[nodiscard]] std::string text_of(const hospital::rehearsal_view& played);
/// One line each, after an action.
[[nodiscard]] std::string text_of(const hospital::case_summary& one);
[[nodiscard]] std::string text_of(const hospital::batch_summary& batch);

}  // namespace musiccorp::program
