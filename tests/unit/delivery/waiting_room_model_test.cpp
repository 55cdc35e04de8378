// The waiting room beside a list of marks in which everything is looked for from the beginning: both must say the
// same after every move, and an illegal move must leave no trace.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "base/random.hpp"
#include "delivery/waiting_room.hpp"

namespace musiccorp::delivery {

/// For messages of a failed test.
void PrintTo(const waiting_room::place& where, std::ostream* out) { *out << where.upstream << " " << where.seq; }

namespace {

using enum waiting_state;
using place = waiting_room::place;

constexpr std::array all_states{retry, deferred, parked, dead, replaying, alone};
constexpr std::array<const char*, 2> upstreams{"order", "payment"};
constexpr std::array<const char*, 4> keys{"", "a", "b", "c"};
constexpr std::uint64_t seqs_max = 12;

/// What the comment of the waiting room says, line by line.
bool is_legal(std::optional<waiting_state> from, waiting_state to) {
  using states = std::vector<waiting_state>;
  const auto listed = [&](const states& allowed) { return std::ranges::find(allowed, to) != allowed.end(); };
  if (!from) return listed({retry, deferred, parked, dead, alone});
  return listed(*from == dead ? states{replaying} : states{retry, deferred, dead, alone});
}

class reference_room {
 public:
  std::vector<waiting_mark> marks;  ///< in (upstream, seq) order

  waiting_mark* find(const std::string& upstream, std::uint64_t seq) {
    for (auto& mark : marks)
      if (mark.upstream == upstream && mark.seq == seq) return &mark;
    return nullptr;
  }
  void put(const waiting_mark& mark) {
    remove(mark.upstream, mark.seq);
    marks.push_back(mark);
    std::ranges::sort(marks, {}, place_of);
  }
  void remove(const std::string& upstream, std::uint64_t seq) {
    std::erase_if(marks, [&](const auto& mark) { return mark.upstream == upstream && mark.seq == seq; });
  }
  void written(const std::string& type, const std::string& key) {
    for (auto& mark : marks)
      if (mark.awaited_type == type && mark.awaited_key == key) mark.due = {};
  }
  void reload() {
    for (auto& mark : marks)
      if (!mark.awaited_type.empty()) mark.due = {};
  }

  [[nodiscard]] bool is_head(const waiting_mark& one) const {
    for (const auto& mark : marks)
      if (!one.key.empty() && mark.upstream == one.upstream && mark.key == one.key && mark.seq < one.seq)
        return false;
    return true;
  }
  /// Heads that wait for a moment only, in the order of their turns.
  [[nodiscard]] std::vector<waiting_mark> waiting_for_time() const {
    std::vector<waiting_mark> found;
    for (auto mark : marks) {
      if (!is_head(mark) || mark.state == dead || mark.state == alone) continue;
      if (mark.state == parked) mark.due = {};
      found.push_back(std::move(mark));
    }
    std::ranges::stable_sort(found, {}, &waiting_mark::due);
    return found;
  }
  [[nodiscard]] std::vector<place> due(instant now, std::size_t limit) const {
    std::vector<place> found;
    for (const auto& mark : waiting_for_time())
      if (mark.due <= now && found.size() < limit) found.push_back(place_of(mark));
    return found;
  }
  [[nodiscard]] std::optional<instant> next_due() const {
    const auto heads = waiting_for_time();
    return heads.empty() ? std::nullopt : std::optional{heads.front().due};
  }
  [[nodiscard]] std::optional<place> next_alone() const {
    for (const auto& mark : marks)
      if (mark.state == alone && is_head(mark)) return place_of(mark);
    return std::nullopt;
  }
  [[nodiscard]] std::vector<std::uint64_t> lane(const std::string& upstream, const std::string& key) const {
    std::vector<std::uint64_t> found;
    for (const auto& mark : marks)
      if (!key.empty() && mark.upstream == upstream && mark.key == key) found.push_back(mark.seq);
    return found;
  }
  [[nodiscard]] std::vector<std::uint64_t> followers(const std::string& upstream, std::uint64_t seq,
                                                     std::size_t limit) {
    const auto* one = find(upstream, seq);
    auto found = one == nullptr ? std::vector<std::uint64_t>{} : lane(upstream, one->key);
    std::erase_if(found, [&](auto other) { return other <= seq; });
    found.resize(std::min(found.size(), limit));
    return found;
  }

 private:
  static place place_of(const waiting_mark& mark) { return {mark.upstream, mark.seq}; }
};

/// Both rooms, and random moves of messages through them.
class twin_rooms {
 public:
  explicit twin_rooms(std::uint64_t seed) : random_{seed} {}

  void step() {
    now_ += std::chrono::microseconds{random_.below(4)};
    const auto choice = random_.below(20);
    if (choice < 11) return put(any_move());
    if (choice < 16) return remove(any(upstreams), 1 + random_.below(seqs_max));
    if (choice < 19) return write(any_entity());
    reload();
  }

  void expect_the_same() {
    EXPECT_EQ(room_.all(), model_.marks);
    EXPECT_EQ(room_.size(), model_.marks.size());
    EXPECT_EQ(room_.next_due(), model_.next_due());
    EXPECT_EQ(room_.next_alone(), model_.next_alone());
    for (const auto when : {instant{}, now_, now_ + std::chrono::microseconds{5}, instant::max()})
      for (const std::size_t limit : {0U, 1U, 3U, 100U}) EXPECT_EQ(room_.due(when, limit), model_.due(when, limit));
    for (const std::string upstream : upstreams) expect_the_same(upstream);
    EXPECT_EQ(room_.of("nobody", retry).count, 0U);
    EXPECT_EQ(room_.lane_size("nobody", "a"), 0U);
  }

  std::size_t legal = 0;
  std::size_t illegal = 0;

 private:
  void expect_the_same(const std::string& upstream) {
    for (const std::string key : keys) {
      EXPECT_EQ(room_.lane_size(upstream, key), model_.lane(upstream, key).size());
    }
    for (std::uint64_t seq = 1; seq <= seqs_max; ++seq) {
      const auto* mark = model_.find(upstream, seq);
      EXPECT_EQ(room_.find(upstream, seq), mark == nullptr ? std::nullopt : std::optional{*mark});
      for (const std::size_t limit : {0U, 1U, 100U})
        EXPECT_EQ(room_.followers(upstream, seq, limit), model_.followers(upstream, seq, limit));
    }
    for (const auto state : all_states) {
      waiting_room::population expected;
      for (const auto& mark : model_.marks)
        if (mark.upstream == upstream && mark.state == state && expected.count++ == 0) expected.oldest = mark.born;
      EXPECT_EQ(room_.of(upstream, state).count, expected.count);
      EXPECT_EQ(room_.of(upstream, state).oldest, expected.oldest);
    }
  }

  void put(const waiting_mark& mark) {
    const auto* old = model_.find(mark.upstream, mark.seq);
    const auto from = old == nullptr ? std::nullopt : std::optional{old->state};
    EXPECT_EQ(waiting_room::may_follow(from, mark.state), is_legal(from, mark.state));
    if (is_legal(from, mark.state) && (old == nullptr || old->key == mark.key)) {
      ++legal;
      room_.put(mark);
      model_.put(mark);
    } else {
      ++illegal;
      EXPECT_THROW(room_.put(mark), std::logic_error);
    }
  }
  void remove(const std::string& upstream, std::uint64_t seq) {
    room_.remove(upstream, seq);
    model_.remove(upstream, seq);
  }
  void write(const std::string& key) {
    room_.written("entity", key);
    model_.written("entity", key);
  }
  void reload() {
    room_.load(room_.all());
    model_.reload();
  }

  waiting_mark any_move() {
    waiting_mark mark;
    mark.upstream = any(upstreams);
    mark.seq = 1 + random_.below(seqs_max);
    const auto* old = model_.find(mark.upstream, mark.seq);
    mark.key = old == nullptr || random_.below(30) == 0 ? any(keys) : old->key;
    mark.state = all_states[random_.below(all_states.size())];
    mark.due = now_ + std::chrono::microseconds{random_.below(10)};
    mark.born = instant{std::chrono::microseconds{mark.seq}};
    if (random_.below(3) == 0) {
      mark.awaited_type = "entity";
      mark.awaited_key = any_entity();
    }
    return mark;
  }
  std::string any_entity() { return std::to_string(random_.below(3)); }
  template <class List>
  std::string any(const List& list) {
    return list[random_.below(list.size())];
  }

  base::random_source random_;
  instant now_{};
  waiting_room room_;
  reference_room model_;
};

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const auto* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// For longer: MUSICCORP_STORIES=10000, and MUSICCORP_SEED for the first one.
TEST(WaitingRoomModel, AgreesWithAPlainListAfterEveryMove) {
  const auto first = number_from("MUSICCORP_SEED", 1);
  const auto stories = number_from("MUSICCORP_STORIES", 60);
  std::size_t legal = 0;
  std::size_t illegal = 0;
  for (auto seed = first; seed < first + stories && !HasFailure(); ++seed) {
    twin_rooms rooms{seed};
    for (int step = 1; step <= 200 && !HasFailure(); ++step) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", step " + std::to_string(step));
      rooms.step();
      rooms.expect_the_same();
    }
    legal += rooms.legal;
    illegal += rooms.illegal;
  }
  if (HasFailure()) return;
  EXPECT_GT(legal, stories * 20) << "this test says little about legal moves";
  EXPECT_GT(illegal, stories * 20) << "this test says little about illegal moves";
}

TEST(WaitingRoom, AMessageKeepsItsKey) {
  waiting_room room;
  room.put({"order", 1, retry, "a", {}, {}, {}, {}});
  room.put({"order", 2, parked, "a", {}, {}, {}, {}});
  EXPECT_THROW(room.put({"order", 1, retry, "b", {}, {}, {}, {}}), std::logic_error)
      << "its followers would wait behind nobody";
  room.remove("order", 1);
  EXPECT_EQ(room.due({}, 9), (std::vector<place>{{"order", 2}}));
}

}  // namespace
}  // namespace musiccorp::delivery
