#include "delivery/waiting_room.hpp"

#include "base/ensure.hpp"

namespace musiccorp::delivery {

bool waiting_room::may_follow(std::optional<waiting_state> from, waiting_state to) {
  using enum waiting_state;
  if (!from) return to != replaying;
  if (*from == dead) return to == replaying;
  return to == retry || to == deferred || to == dead || to == alone;
}

void waiting_room::load(std::vector<waiting_mark> marks) {
  *this = {};
  // What awaits an entity is looked at once more: the write that it awaited may be older than this start.
  for (auto& mark : marks) {
    if (!mark.awaited_type.empty()) mark.due = {};
    const auto room = rooms_.try_emplace(mark.upstream).first;
    auto& one = room->second.entries
                    .insert_or_assign(mark.seq, entry{mark.state,
                                                      mark.due,
                                                      mark.born,
                                                      nullptr,
                                                      {},
                                                      std::move(mark.awaited_type),
                                                      std::move(mark.awaited_key)})
                    .first->second;
    room->second.by_state[static_cast<std::size_t>(one.state)].insert(mark.seq);
    if (!one.awaited_type.empty()) awaited_[{one.awaited_type, one.awaited_key}].insert({mark.upstream, mark.seq});
    ++size_;
    if (mark.key.empty()) {
      plan(room, mark.seq, one);
      continue;
    }
    one.of = &room->second.lanes.try_emplace(mark.key, lane{mark.key, {}}).first->second;
    one.of->members.insert(mark.seq);
  }
  for (auto room = rooms_.begin(); room != rooms_.end(); ++room)
    for (const auto& [key, one] : room->second.lanes) plan_head(room, one);
}

std::size_t waiting_room::lane_size(std::string_view upstream, std::string_view key) const {
  if (size_ == 0 || key.empty()) return 0;
  const auto room = rooms_.find(upstream);
  if (room == rooms_.end()) return 0;
  const auto found = room->second.lanes.find(key);
  return found == room->second.lanes.end() ? 0 : found->second.members.size();
}

void waiting_room::put(waiting_mark mark) {
  const auto* known = entry_at(mark.upstream, mark.seq);
  if (known == nullptr) {
    ensure(may_follow(std::nullopt, mark.state),
           "no message begins to wait as " + std::string{storage::name_of(mark.state)});
  } else {
    ensure(may_follow(known->state, mark.state), "a waiting message does not go from " +
                                                     std::string{storage::name_of(known->state)} + " to " +
                                                     std::string{storage::name_of(mark.state)});
    ensure(mark.key == (known->of == nullptr ? std::string_view{} : known->of->key),
           "a waiting message keeps its key");
  }
  const auto room = rooms_.try_emplace(mark.upstream).first;
  auto& entries = room->second.entries;
  if (const auto old = entries.find(mark.seq); old != entries.end()) take_out(room, old);
  auto& one = entries
                  .emplace(mark.seq, entry{mark.state,
                                           mark.due,
                                           mark.born,
                                           nullptr,
                                           {},
                                           std::move(mark.awaited_type),
                                           std::move(mark.awaited_key)})
                  .first->second;
  ++size_;
  room->second.by_state[static_cast<std::size_t>(one.state)].insert(mark.seq);
  if (!one.awaited_type.empty()) awaited_[{one.awaited_type, one.awaited_key}].insert({mark.upstream, mark.seq});
  if (mark.key.empty()) return plan(room, mark.seq, one);
  one.of = &room->second.lanes.try_emplace(mark.key, lane{mark.key, {}}).first->second;
  auto& members = one.of->members;
  if (!members.empty() && mark.seq < *members.begin())  // An earlier message takes the head's place.
    unplan(room->first, *members.begin(), entries.at(*members.begin()));
  members.insert(mark.seq);
  plan_head(room, *one.of);
}

void waiting_room::remove(std::string_view upstream, std::uint64_t seq) {
  const auto room = rooms_.find(upstream);
  if (room == rooms_.end()) return;
  const auto found = room->second.entries.find(seq);
  if (found == room->second.entries.end()) return;
  auto* of = found->second.of;
  take_out(room, found);
  if (of == nullptr) return;
  if (of->members.empty())
    room->second.lanes.erase(std::string{of->key});
  else
    plan_head(room, *of);
}

/// Leaves an empty lane behind; whoever calls fills or erases it.
void waiting_room::take_out(rooms::iterator room, std::map<std::uint64_t, entry>::iterator found) {
  const auto seq = found->first;
  auto& one = found->second;
  unplan(room->first, seq, one);
  room->second.by_state[static_cast<std::size_t>(one.state)].erase(seq);
  if (!one.awaited_type.empty()) {
    const auto awaited = awaited_.find({one.awaited_type, one.awaited_key});
    awaited->second.erase({room->first, seq});
    if (awaited->second.empty()) awaited_.erase(awaited);
  }
  if (one.of != nullptr) one.of->members.erase(seq);
  room->second.entries.erase(found);
  --size_;
}

const waiting_room::entry* waiting_room::entry_at(std::string_view upstream, std::uint64_t seq) const {
  const auto room = rooms_.find(upstream);
  if (room == rooms_.end()) return nullptr;
  const auto found = room->second.entries.find(seq);
  return found == room->second.entries.end() ? nullptr : &found->second;
}

waiting_mark waiting_room::mark_at(const std::string& upstream, std::uint64_t seq, const entry& one) {
  return {upstream, seq,      one.state,        one.of == nullptr ? std::string{} : one.of->key,
          one.due,  one.born, one.awaited_type, one.awaited_key};
}

std::optional<waiting_mark> waiting_room::find(std::string_view upstream, std::uint64_t seq) const {
  const auto* one = entry_at(upstream, seq);
  if (one == nullptr) return std::nullopt;
  return mark_at(std::string{upstream}, seq, *one);
}

std::vector<waiting_room::place> waiting_room::due(instant now, std::size_t limit) const {
  std::vector<place> found;
  for (const auto& [when, upstream, seq] : due_) {
    if (when > now || found.size() >= limit) break;
    found.push_back({std::string{upstream}, seq});
  }
  return found;
}

std::optional<instant> waiting_room::next_due() const {
  if (due_.empty()) return std::nullopt;
  return std::get<0>(*due_.begin());
}

std::optional<waiting_room::place> waiting_room::next_alone() const {
  if (alone_.empty()) return std::nullopt;
  return place{std::string{alone_.begin()->first}, alone_.begin()->second};
}

void waiting_room::written(std::string_view type, std::string_view key) {
  if (awaited_.empty()) return;
  const auto found = awaited_.find({std::string{type}, std::string{key}});
  if (found == awaited_.end()) return;
  for (const auto& where : found->second) {
    const auto room = rooms_.find(where.upstream);
    auto& one = room->second.entries.at(where.seq);
    one.due = {};  // At once.
    if (!one.planned) continue;  // A follower, or one that must run alone and waits for no time.
    unplan(room->first, where.seq, one);
    plan(room, where.seq, one);
  }
}

std::vector<std::uint64_t> waiting_room::followers(std::string_view upstream, std::uint64_t seq,
                                                   std::size_t limit) const {
  std::vector<std::uint64_t> found;
  const auto* one = entry_at(upstream, seq);
  if (one == nullptr || one->of == nullptr) return found;
  const auto& members = one->of->members;
  for (auto at = members.upper_bound(seq); at != members.end() && found.size() < limit; ++at) found.push_back(*at);
  return found;
}

waiting_room::population waiting_room::of(std::string_view upstream, waiting_state state) const {
  if (size_ == 0) return {};
  const auto room = rooms_.find(upstream);
  if (room == rooms_.end()) return {};
  const auto& seqs = room->second.by_state[static_cast<std::size_t>(state)];
  if (seqs.empty()) return {};
  return {seqs.size(), room->second.entries.at(*seqs.begin()).born};  // A log is written in the order of time.
}

std::vector<waiting_mark> waiting_room::all() const {
  std::vector<waiting_mark> marks;
  marks.reserve(size_);
  for (const auto& [upstream, room] : rooms_)
    for (const auto& [seq, one] : room.entries) marks.push_back(mark_at(upstream, seq, one));
  return marks;
}

instant waiting_room::due_of(const entry& one) { return one.state == waiting_state::parked ? instant{} : one.due; }

void waiting_room::plan(rooms::iterator room, std::uint64_t seq, entry& one) {
  if (one.state == waiting_state::dead || one.planned) return;
  if (one.state == waiting_state::alone) {
    alone_.insert({room->first, seq});
    return;
  }
  one.planned = due_of(one);
  due_.insert({*one.planned, room->first, seq});
}

void waiting_room::unplan(std::string_view upstream, std::uint64_t seq, entry& one) {
  if (one.state == waiting_state::alone) alone_.erase({upstream, seq});
  if (!one.planned) return;
  due_.erase({*one.planned, upstream, seq});
  one.planned.reset();
}

void waiting_room::plan_head(rooms::iterator room, const lane& of) {
  const auto head = *of.members.begin();
  plan(room, head, room->second.entries.at(head));
}

}  // namespace musiccorp::delivery
