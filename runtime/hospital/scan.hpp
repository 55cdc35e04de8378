#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "service/turn.hpp"

namespace musiccorp::hospital {

/// Which rows of an index to go through: keys with `prefix`, after `token` (exclusive; relative to the prefix), up to
/// and without `end` (relative; empty: to the last).
struct scan_range {
  std::string prefix;
  std::string token{};
  std::string end{};
  std::size_t rows_max = 2'000;  ///< give up after so many, and go on with the next request
};

/// Where a scan ended: the token to go on with, empty when nothing is left; and how many rows it looked at.
struct scan_end {
  std::string token{};
  std::size_t looked_at = 0;
};

/// Calls `take(row)` for each row of the range in the order of their keys, until it says that it has enough: false
/// means that this row was the last that it wanted.
template <class Row, class Take>
scan_end scan(turn& now, const scan_range& range, Take take) {
  constexpr std::size_t rows_at_once = 256;
  scan_end done;
  auto after = range.token.empty() ? std::string{} : range.prefix + range.token;
  const auto end = range.end.empty() ? std::string{} : range.prefix + range.end;
  while (done.looked_at < range.rows_max) {
    const auto limit = std::min(rows_at_once, range.rows_max - done.looked_at);
    const auto page = now.list<Row>({.prefix = range.prefix, .after = after, .limit = limit});
    for (const auto& row : page.items) {
      if (!end.empty() && row.row >= end) return {{}, done.looked_at};
      ++done.looked_at;
      after = row.row;
      if (!take(row)) return {after.substr(range.prefix.size()), done.looked_at};
    }
    if (page.next.empty()) return {{}, done.looked_at};
  }
  return {after.substr(range.prefix.size()), done.looked_at};
}

}  // namespace musiccorp::hospital
