#include "bench/waiting_rows.hpp"

#include "base/ensure.hpp"

namespace musiccorp::bench {

using enum storage::waiting_state;

storage::instant waiting_due_of(std::uint64_t seq) {
  return storage::instant{std::chrono::hours{500'000} + std::chrono::seconds{seq}};
}

storage::waiting_row waiting_row_of(std::uint64_t seq) {
  const auto lane = (seq - 1) / 10;
  storage::waiting_row row;
  row.upstream = waiting_upstream;
  row.seq = seq;
  row.message.id = "waiting-" + std::to_string(seq);
  row.message.type = "work.wanted";
  row.message.key = "lane-" + std::to_string(lane);
  row.message.source = waiting_upstream;
  row.message.seq = seq;
  row.message.payload =
      R"({"work_id":")" + row.message.key + R"(","number":0,"text":")" + std::string(260, 'x') + R"("})";
  if (lane % 2 == 0) {
    row.key = row.message.key;
    row.state = seq % 10 == 1 ? dead : parked;
  } else {
    row.due = waiting_due_of(seq);
  }
  row.attempts = row.state == parked ? 0 : 1;
  row.reason = "crash";
  row.error = "division by zero";
  return row;
}

void write_waiting_rows(const std::filesystem::path& data, const std::string& partition, std::uint64_t count,
                        const std::string& upstream) {
  auto store = storage::sqlite_stores(data, storage::durability::process)->open(partition);
  ensure(store.has_value(), "a store can be opened");
  storage::cursor_row cursor{upstream, count, count, 0, 0, 0};
  constexpr std::uint64_t group = 5'000;
  for (std::uint64_t seq = 1; seq <= count;) {
    bool fine = (*store)->begin().has_value();
    for (std::uint64_t i = 0; i < group && seq <= count; ++i, ++seq) {
      auto row = waiting_row_of(seq);
      row.upstream = row.message.source = upstream;
      cursor.dead += row.state == dead ? 1U : 0U;
      fine = fine && (*store)->save(row);
    }
    fine = fine && (*store)->save(cursor) && (*store)->commit();
    ensure(fine, "the store works");
  }
}

}  // namespace musiccorp::bench
