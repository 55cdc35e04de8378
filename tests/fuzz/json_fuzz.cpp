#include <cstdint>

#include "fuzz/promises.hpp"
#include "unit/describe/samples.hpp"

/// Hostile bodies into described structs of every form. Whatever comes, nothing may crash or read out of bounds.
namespace {

using namespace musiccorp;

/// Our scanner and nlohmann's parser accept the same bodies and understand the same by them. (nlohmann's takes a zero
/// byte outside a text for the end and ignores what follows.)
void compare_parsers(std::string_view body) {
  if (body.find('\0') != std::string_view::npos) return;
  describe::raw_json raw;
  const auto read = describe::read_json(body, describe::shape_of<describe::raw_json>(), &raw, {.depth_max = 100'000});
  const auto other = nlohmann::json::parse(body, nullptr, false);
  fuzz::demand(read.has_value() == !other.is_discarded(), "both parsers agree whether it is JSON", body);
  if (read && !raw.text.empty())
    fuzz::demand(nlohmann::json::parse(raw.text) == other, "both parsers read the same", body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body{reinterpret_cast<const char*>(data), size};
  compare_parsers(body);
  fuzz::try_body<samples::everything>(body, describe::unknown_fields::ignore);
  fuzz::try_body<samples::customer>(body, describe::unknown_fields::refuse);
  return 0;
}
