#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string_view>

#include "unit/describe/samples.hpp"

/// Hostile bodies into described structs. Whatever comes, nothing may crash or read out of bounds; what is accepted
/// must be JSON and be the same after writing and reading again; what is refused must say why, in few and valid
/// words.
namespace {

using namespace musiccorp;

void demand(bool holds, std::string_view promise, std::string_view body) {
  if (holds) return;
  std::cerr << "broken: " << promise << "\n" << body << "\n";
  std::abort();
}

template <class T>
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
  demand(*again == *read, "the same value comes back", text);
  const auto redacted = describe::to_json(*read, describe::personal_data::redact);
  demand(describe::from_json<T>(redacted).has_value(), "what was redacted can be read", redacted);
}

/// Our scanner and nlohmann's parser accept the same bodies and understand the same by them. (nlohmann's takes a zero
/// byte outside a text for the end and ignores what follows.)
void compare_parsers(std::string_view body) {
  if (body.find('\0') != std::string_view::npos) return;
  describe::raw_json raw;
  const auto read = describe::read_json(body, describe::shape_of<describe::raw_json>(), &raw, {.depth_max = 100'000});
  const auto other = nlohmann::json::parse(body, nullptr, false);
  demand(read.has_value() == !other.is_discarded(), "both parsers agree whether it is JSON", body);
  if (read && !raw.text.empty()) demand(nlohmann::json::parse(raw.text) == other, "both parsers read the same", body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body{reinterpret_cast<const char*>(data), size};
  compare_parsers(body);
  try_body<samples::everything>(body, describe::unknown_fields::ignore);
  try_body<samples::customer>(body, describe::unknown_fields::refuse);
  return 0;
}
