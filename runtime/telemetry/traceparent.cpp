#include "telemetry/traceparent.hpp"

#include "base/random.hpp"

namespace musiccorp::telemetry {
namespace {

constexpr std::size_t version_at = 0, trace_at = 3, span_at = 36, flags_at = 53, size_of_00 = 55;

/// By letter; 16: no digit. Each message's traceparent is read, so it is to be quick.
constexpr auto digits_of_letters = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(16);
  for (std::uint8_t i = 0; i < 16; ++i) values[static_cast<unsigned char>("0123456789abcdef"[i])] = i;
  return values;
}();

std::optional<std::uint64_t> read_hex(std::string_view digits) {
  std::uint64_t value = 0;
  std::uint8_t seen = 0;
  for (const char letter : digits) {
    const auto digit = digits_of_letters[static_cast<unsigned char>(letter)];
    seen |= digit;
    value = value << 4U | (digit & 15U);
  }
  return seen < 16 ? std::optional{value} : std::nullopt;
}

void write_hex(char* to, std::uint64_t value, std::size_t digits) {
  for (std::size_t i = digits; i-- > 0; value >>= 4U) to[i] = "0123456789abcdef"[value & 15U];
}

}  // namespace

std::optional<trace_context> read_traceparent(std::string_view text) {
  if (text.size() < size_of_00 || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  const auto version = read_hex(text.substr(version_at, 2));
  if (!version || *version == 0xff) return std::nullopt;
  if (text.size() > size_of_00 && (*version == 0 || text[size_of_00] != '-')) return std::nullopt;
  const auto trace = read_trace_id(text.substr(trace_at, 32));
  const auto span = read_hex(text.substr(span_at, 16));
  const auto flags = read_hex(text.substr(flags_at, 2));
  if (!trace || !span || *span == 0 || !flags) return std::nullopt;
  return trace_context{*trace, *span, (*flags & 1U) != 0};
}

std::string_view trace_id_in(std::string_view traceparent) {
  return read_traceparent(traceparent) ? traceparent.substr(trace_at, 32) : std::string_view{};
}

traceparent_text::traceparent_text(const trace_context& context) {
  letters_.fill('-');
  write_hex(letters_.data() + version_at, 0, 2);
  write_hex(letters_.data() + trace_at, context.trace.high, 16);
  write_hex(letters_.data() + trace_at + 16, context.trace.low, 16);
  write_hex(letters_.data() + span_at, context.span, 16);
  write_hex(letters_.data() + flags_at, context.sampled ? 1 : 0, 2);
}

std::string to_text(const trace_id& trace) { return span_text(trace.high) + span_text(trace.low); }

std::optional<trace_id> read_trace_id(std::string_view text) {
  if (text.size() != 32) return std::nullopt;
  const auto high = read_hex(text.substr(0, 16));
  const auto low = read_hex(text.substr(16));
  if (!high || !low || (*high | *low) == 0) return std::nullopt;
  return trace_id{*high, *low};
}

std::string span_text(std::uint64_t span) {
  std::string text(16, '0');
  write_hex(text.data(), span, 16);
  return text;
}

/// The words are mixed with the parent by the finaliser of MurmurHash3 (Appleby), which spreads every bit.
std::uint64_t derived_span(std::uint64_t parent, std::string_view what, std::uint64_t number) {
  auto mixed = parent + base::stable_hash(what) + number * 0x9e37'79b9'7f4a'7c15ULL;
  mixed = (mixed ^ (mixed >> 33U)) * 0xff51'afd7'ed55'8ccdULL;
  mixed = (mixed ^ (mixed >> 33U)) * 0xc4ce'b9fe'1a85'ec53ULL;
  mixed ^= mixed >> 33U;
  return mixed == 0 ? 1 : mixed;
}

}  // namespace musiccorp::telemetry
