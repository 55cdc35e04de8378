#include "hospital/owner_questions.hpp"

#include <charconv>
#include <optional>

namespace musiccorp::hospital {
namespace {

struct case_parts {
  std::string service;
  std::string upstream;
  std::uint64_t seq = 0;
};

/// The opposite of case_id_of.
std::optional<case_parts> parts_of(std::string_view case_id) {
  const auto first = case_id.find('.');
  const auto last = case_id.rfind('.');
  if (first == std::string_view::npos || first == 0 || last < first + 2) return std::nullopt;
  case_parts parts{std::string{case_id.substr(0, first)}, std::string{case_id.substr(first + 1, last - first - 1)},
                   0};
  const auto digits = case_id.substr(last + 1);
  const auto [end, trouble] = std::from_chars(digits.data(), digits.data() + digits.size(), parts.seq);
  if (trouble != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return parts;
}

}  // namespace

std::string owner_in(std::string_view case_id) {
  const auto parts = parts_of(case_id);
  return parts ? parts->service : "hospital";
}

delivery::rehearse_message rehearsal_of(const std::string& case_id, std::string payload) {
  const auto parts = parts_of(case_id).value_or(case_parts{});
  return {case_id, parts.upstream, parts.seq, std::move(payload)};
}

delivery::show_followers followers_of(const std::string& case_id) {
  const auto parts = parts_of(case_id).value_or(case_parts{});
  return {case_id, parts.upstream, parts.seq};
}

}  // namespace musiccorp::hospital
