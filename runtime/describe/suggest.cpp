#include "describe/suggest.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace musiccorp::describe {
namespace {

constexpr std::size_t length_max = 64;

/// Optimal string alignment distance: three rows of the classic table are enough.
std::size_t edits_between(std::string_view a, std::string_view b) {
  std::array<std::array<std::size_t, length_max + 1>, 3> rows{};
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i - 1) % 3];
    const auto& two_above = rows[(i + 1) % 3];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], two_above[j - 2] + 1);
    }
  }
  return rows[a.size() % 3][b.size()];
}

}  // namespace

std::string_view closest(std::string_view word, std::span<const std::string_view> names) {
  std::string_view best;
  std::size_t edits_best = length_max;
  if (word.size() > length_max) return best;
  for (const auto name : names) {
    if (name.size() > length_max) continue;
    const auto edits = edits_between(word, name);
    const auto edits_max = std::max<std::size_t>(1, std::max(word.size(), name.size()) / 3);
    if (edits > edits_max || edits >= edits_best) continue;
    best = name;
    edits_best = edits;
  }
  return best;
}

}  // namespace musiccorp::describe
