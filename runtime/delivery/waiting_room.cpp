#include "delivery/waiting_room.hpp"

namespace musiccorp::delivery {

void waiting_room::load(std::vector<waiting_row> rows) {
  *this = {};
  for (auto& row : rows) put(std::move(row));
}

bool waiting_room::blocked(std::string_view upstream, std::string_view key) const {
  if (lanes_.empty() || key.empty()) return false;
  return lanes_.contains(lane{upstream, key});
}

void waiting_room::put(waiting_row row) {
  place where{row.upstream, row.seq};
  if (const auto old = rows_.find(where); old != rows_.end()) forget(old->second);
  const auto stored = rows_.insert_or_assign(std::move(where), std::move(row)).first;
  index(stored->second);
}

void waiting_room::remove(std::string_view upstream, std::uint64_t seq) {
  const auto found = rows_.find(place{upstream, seq});
  if (found == rows_.end()) return;
  const lane where{found->second.upstream, found->second.key};
  forget(found->second);
  rows_.erase(found);
  if (!where.second.empty()) schedule_head(where);
}

const waiting_row* waiting_room::find(std::string_view upstream, std::uint64_t seq) const {
  const auto found = rows_.find(place{upstream, seq});
  return found == rows_.end() ? nullptr : &found->second;
}

std::vector<waiting_row> waiting_room::due(instant now, std::size_t limit) const {
  std::vector<waiting_row> rows;
  for (const auto& [when, where] : due_) {
    if (when > now || rows.size() >= limit) break;
    rows.push_back(rows_.at(where));
  }
  return rows;
}

std::optional<instant> waiting_room::next_due() const {
  if (due_.empty()) return std::nullopt;
  return due_.begin()->first;
}

waiting_room::population waiting_room::of(std::string_view upstream, waiting_state state) const {
  const auto found = population_.find({std::string{upstream}, state});
  if (found == population_.end() || found->second.empty()) return {};
  return {found->second.size(), *found->second.begin()};
}

std::vector<waiting_row> waiting_room::all() const {
  std::vector<waiting_row> rows;
  rows.reserve(rows_.size());
  for (const auto& [where, row] : rows_) rows.push_back(row);
  return rows;
}

void waiting_room::index(const waiting_row& row) {
  population_[{row.upstream, row.state}].insert(row.message.occurred);
  if (row.key.empty()) return schedule({row.upstream, row.seq});
  const lane where{row.upstream, row.key};
  auto& members = lanes_[where];
  if (!members.empty() && row.seq < *members.begin())  // An earlier message takes the head's place.
    if (const auto head = scheduled_.find(place{row.upstream, *members.begin()}); head != scheduled_.end()) {
      due_.erase({head->second, head->first});
      scheduled_.erase(head);
    }
  members.insert(row.seq);
  schedule_head(where);
}

void waiting_room::forget(const waiting_row& row) {
  auto& births = population_[{row.upstream, row.state}];
  births.erase(births.find(row.message.occurred));
  if (const auto planned = scheduled_.find(place{row.upstream, row.seq}); planned != scheduled_.end()) {
    due_.erase({planned->second, planned->first});
    scheduled_.erase(planned);
  }
  if (row.key.empty()) return;
  const auto members = lanes_.find(lane{row.upstream, row.key});
  if (members == lanes_.end()) return;
  members->second.erase(row.seq);
  if (members->second.empty()) lanes_.erase(members);
}

void waiting_room::schedule(const place& where) {
  const auto& row = rows_.at(where);
  if (row.state == waiting_state::dead || scheduled_.contains(where)) return;
  const auto when = row.state == waiting_state::parked ? instant{} : row.due;
  due_.insert({when, where});
  scheduled_.emplace(where, when);
}

void waiting_room::schedule_head(const lane& where) {
  const auto members = lanes_.find(where);
  if (members != lanes_.end()) schedule({where.first, *members->second.begin()});
}

}  // namespace musiccorp::delivery
