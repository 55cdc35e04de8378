#pragma once

#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string_view>

#include "describe/json.hpp"

/// What holds for every body that is read as a described struct. A broken promise ends the fuzz program with the
/// body.
namespace musiccorp::fuzz {

inline void demand(bool holds, std::string_view promise, std::string_view body) {
  if (holds) return;
  std::cerr << "broken: " << promise << "\n" << body << "\n";
  std::abort();
}

/// What is accepted must be JSON and be the same after writing and reading again; what is refused must say why, in
/// few and valid words.
template <describe::described T>
void try_body(std::string_view body, describe::unknown_fields unknown) {
  const auto read = describe::from_json<T>(body, {.unknown = unknown});
  if (!read) {
    demand(!read.error().problems.empty() && read.error().problems.size() <= 20, "a refusal has 1 to 20 problems",
           body);
    demand(read.error().text.size() < 8000, "a refusal is short", body);
    return;
  }
  const auto text = describe::to_json(*read);
  demand(nlohmann::json::accept(text), "JSON is written", text);
  const auto again = describe::from_json<T>(text);
  demand(again.has_value(), "what was written can be read", text);
  demand(describe::to_json(*again) == text, "the same value comes back", text);
  if constexpr (requires { *again == *read; }) demand(*again == *read, "the same value comes back", text);
  const auto redacted = describe::to_json(*read, describe::personal_data::redact);
  demand(describe::from_json<T>(redacted).has_value(), "what was redacted can be read", redacted);
}

}  // namespace musiccorp::fuzz
