// What people see of batches.
#include <charconv>

#include "hospital/batch_file.hpp"
#include "hospital/batch_rules.hpp"
#include "hospital/scan.hpp"

namespace musiccorp::hospital {
namespace {

std::int64_t number_in(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, trouble] = std::from_chars(text.data(), text.data() + text.size(), number);
  return trouble == std::errc{} && end == text.data() + text.size() && number > 0 ? number : 0;
}

}  // namespace

outcome answer_batches(turn& now, const list_batches& query) {
  batch_page page;
  const scan_range range{{}, query.page_token, {}, static_cast<std::size_t>(query.page_size)};
  page.next_page_token = scan<batch_row>(now, range, [&](const batch_row& row) {
                           if (auto batch = now.find<batch_file>(row.batch_id)) page.batches.push_back(*batch);
                           return true;
                         }).token;
  return page;
}

/// A page's token is the place of its first item.
outcome answer_batch(turn& now, const show_batch& query) {
  const auto batch = now.find<batch_file>(query.batch_id);
  if (!batch) return no_such("batch", query.batch_id);
  batch_detail detail;
  static_cast<batch_summary&>(detail) = *batch;
  auto place = number_in(query.page_token);
  const auto end = std::min(place + query.page_size, batch->total);
  while (place < end) {
    const auto chunk = now.find<batch_chunk>(chunk_place(batch->batch_id, place));
    if (!chunk) break;
    for (auto i = place % chunk_items; i < static_cast<std::int64_t>(chunk->items.size()) && place < end;
         ++i, ++place)
      detail.items.push_back(chunk->items[static_cast<std::size_t>(i)]);
  }
  if (end < batch->total) detail.next_page_token = std::to_string(end);
  return detail;
}

}  // namespace musiccorp::hospital
