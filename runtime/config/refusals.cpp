#include "config/refusals.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "config/lookup.hpp"
#include "describe/findings.hpp"
#include "describe/suggest.hpp"

namespace musiccorp::config {
namespace {

using describe::form;
constexpr std::string_view suggestion = "; did you mean ";
constexpr describe::bounds unlimited{};

std::string listed(const describe::shape& object) {
  std::string all = "one of ";
  for (const auto& field : object.fields) {
    if (&field != &object.fields.front()) all += ", ";
    all += field.name;
  }
  return all;
}

std::string range_of(const describe::bounds& limits) {
  if (limits.minimum != unlimited.minimum && limits.maximum != unlimited.maximum)
    return "an integer from " + std::to_string(limits.minimum) + " to " + std::to_string(limits.maximum);
  if (limits.minimum != unlimited.minimum) return "an integer of at least " + std::to_string(limits.minimum);
  return "an integer";
}

/// The content of a text as `describe::shown` shows it; nothing for other values.
std::optional<std::string_view> text_in(std::string_view found) {
  if (found.size() < 2 || !found.starts_with('"') || !found.ends_with('"')) return std::nullopt;
  return found.substr(1, found.size() - 2);
}

std::string number_meant(std::string_view text, const describe::bounds& limits) {
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = read.ec == std::errc{} && read.ptr == text.data() + text.size();
  return is_whole && number >= limits.minimum && number <= limits.maximum ? std::to_string(number) : std::string{};
}

std::string choice_meant(std::string_view text, std::span<const std::string_view> choices) {
  std::string small{text};
  std::ranges::transform(small, small.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return std::string{describe::closest(small, choices)};
}

void sharpen_value(problem& one, const place& at) {
  const auto text = text_in(one.found);
  std::string meant;
  if (at.type->what == form::integer) {
    one.wanted = range_of(at.limits);
    if (text) meant = number_meant(*text, at.limits);
  } else if (at.type->what == form::choice && text) {
    meant = choice_meant(*text, at.type->choices);
  }
  if (!meant.empty()) one.wanted.append(suggestion).append(meant).append("?");
}

void sharpen_field(problem& one, const describe::shape& object) {
  const auto end = std::min(one.wanted.find(suggestion), one.wanted.size());
  one.wanted.replace(0, end, listed(object));
}

/// "... at byte 17" becomes "... at line 2, column 5".
void sharpen_syntax(problem& one, std::string_view text) {
  constexpr std::string_view mark = " at byte ";
  const auto at = one.found.rfind(mark);
  if (at == std::string::npos) return;
  std::size_t byte = 0;
  std::from_chars(one.found.data() + at + mark.size(), one.found.data() + one.found.size(), byte);
  const auto before = text.substr(0, byte > 0 ? byte - 1 : 0);
  const auto line = std::ranges::count(before, '\n') + 1;
  const auto column = before.size() - (before.rfind('\n') + 1) + 1;  // Without a line feed: npos + 1 is 0.
  one.found.replace(at, std::string::npos, " at line " + std::to_string(line) + ", column " + std::to_string(column));
}

/// "unknown key; did you mean port?" for names, and "wanted ..., found ..." for values. All names are told only when
/// none is close.
std::string sentence(const problem& one) {
  const auto end = std::min(one.wanted.find(suggestion), one.wanted.size());
  const auto wanted = one.wanted.substr(0, end), meant = one.wanted.substr(end);
  if (!one.found.starts_with("an unknown ")) return "wanted " + wanted + ", found " + one.found + meant;
  constexpr std::string_view field = "an unknown field";
  const auto found =
      one.found.starts_with(field) ? "unknown key" + one.found.substr(field.size()) : one.found.substr(3);
  return found + (meant.empty() ? "; wanted " + wanted : meant);
}

}  // namespace

fault sharpened(fault trouble, std::string_view text, const describe::shape& root) {
  for (auto& one : trouble.problems) {
    const auto at = place_of(root, one.pointer);
    if (one.pointer.empty())
      sharpen_syntax(one, text);
    else if (one.found == "a second value")
      continue;
    else if (at.type)
      sharpen_value(one, at);
    else if (at.object)
      sharpen_field(one, *at.object);
  }
  return trouble.problems.empty() ? trouble : describe::refusal(std::move(trouble.problems));
}

std::string report(const base::fault& trouble, std::string_view file) {
  const auto start = std::string{file} + ": ";
  if (trouble.problems.empty()) return start + trouble.text + "\n";
  std::string lines;
  for (const auto& one : trouble.problems)
    lines += start + (one.pointer.empty() ? std::string{} : one.pointer + ": ") + sentence(one) + "\n";
  return lines;
}

}  // namespace musiccorp::config
