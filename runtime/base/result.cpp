#include "base/result.hpp"

#include <algorithm>
#include <array>

namespace musiccorp::base {
namespace {

using enum severity;

constexpr auto transient = fault_class::transient;
constexpr auto permanent = fault_class::permanent;

constexpr std::array<fault_facts, 17> facts{{
    {fault_kind::invalid, "invalid", permanent, 400, info},
    {fault_kind::not_found, "not_found", permanent, 404, info},
    {fault_kind::conflict, "conflict", permanent, 409, info},
    {fault_kind::unauthorized, "unauthorized", permanent, 401, warning},
    {fault_kind::forbidden, "forbidden", permanent, 403, warning},
    {fault_kind::too_large, "too_large", permanent, 413, warning},
    {fault_kind::unsupported, "unsupported", permanent, 415, info},
    {fault_kind::busy, "busy", transient, 503, info},
    {fault_kind::overloaded, "overloaded", transient, 503, warning},
    {fault_kind::unavailable, "unavailable", transient, 503, warning},
    {fault_kind::timeout, "timeout", transient, 504, warning},
    {fault_kind::storage, "storage", transient, 503, error},
    {fault_kind::corrupt, "corrupt", permanent, 500, error},
    {fault_kind::schema, "schema", permanent, 500, error},
    {fault_kind::expired, "expired", permanent, 504, info},
    {fault_kind::crash, "crash", fault_class::crash, 500, error},
    {fault_kind::internal, "internal", permanent, 500, error},
}};

}  // namespace

rejected no_such(std::string_view what, std::string_view id) {
  return {"there is no " + std::string{what} + " " + std::string{id}, {}, std::string{id}, 404};
}

int status_of(const rejected& no) { return no.status != 0 ? no.status : no.pointer.empty() ? 409 : 422; }

const fault_facts& facts_of(fault_kind kind) { return facts.at(static_cast<std::size_t>(kind)); }

std::string_view name_of(fault_kind kind) { return facts_of(kind).name; }

fault_kind fault_kind_named(std::string_view name) {
  const auto* found = std::find_if(facts.begin(), facts.end(), [&](const auto& row) { return row.name == name; });
  return found == facts.end() ? fault_kind::internal : found->kind;
}

std::span<const fault_facts> all_fault_facts() { return facts; }

}  // namespace musiccorp::base
