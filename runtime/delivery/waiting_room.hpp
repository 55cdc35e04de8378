#pragma once

#include <array>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/store.hpp"

namespace musiccorp::delivery {

using base::instant;
using storage::waiting_mark;
using storage::waiting_state;

/// The messages of one partition that could not be handled at once, in lanes: messages of one key from one upstream
/// are handled in their order, so while the head of a lane waits (retry, deferred, replaying, alone) or is dead, its
/// followers are parked behind it; other keys flow. A dead head keeps its lane closed until it is replayed or
/// removed.
///
/// Only an index of marks: the rows are in the store, and are saved by whoever changes them, in the same transaction.
/// After a rolled-back transaction load it again. Times are an argument. One owner, no locking.
///
/// States of one message and what may follow (the owner's moves; `put` refuses others):
///
///     (new)     -> retry, deferred, parked, dead, alone
///     retry     -> retry, deferred, dead, alone, removed           replaying -> as retry
///     deferred  -> retry, deferred, dead, alone, removed
///     parked    -> retry, deferred, dead, alone, removed           (only as head, or discarded with its head)
///     alone     -> retry, deferred, dead, alone, removed
///     dead      -> replaying, removed
class waiting_room {
 public:
  struct place {
    std::string upstream;
    std::uint64_t seq = 0;
    friend auto operator<=>(const place&, const place&) = default;
  };

  void load(std::vector<waiting_mark> marks);

  [[nodiscard]] static bool may_follow(std::optional<waiting_state> from, waiting_state to);

  /// Adds a mark or replaces the one of the same place. Throws for a move that the table above does not have and for
  /// another key than before; then nothing has changed.
  void put(waiting_mark mark);
  /// Removes a settled message. The next one of its lane becomes due at once.
  void remove(std::string_view upstream, std::uint64_t seq);
  [[nodiscard]] std::optional<waiting_mark> find(std::string_view upstream, std::uint64_t seq) const;

  /// What may be handled now, longest due first: heads of their lanes whose time has come, and parked messages that
  /// have become head. At most one per lane, at most `limit`.
  [[nodiscard]] std::vector<place> due(instant now, std::size_t limit) const;
  /// When due() will next have something; nothing when only time can't help.
  [[nodiscard]] std::optional<instant> next_due() const;
  /// The head that must run alone and whose turn it is; nothing when there is none.
  [[nodiscard]] std::optional<place> next_alone() const;

  /// An entity was written: what awaits it is due at once (instant{}). Cheap when nobody awaits anything.
  void written(std::string_view type, std::string_view key);

  /// The messages of one key behind this one, in order, at most `limit`.
  [[nodiscard]] std::vector<std::uint64_t> followers(
      std::string_view upstream, std::uint64_t seq,
      std::size_t limit = std::numeric_limits<std::size_t>::max()) const;
  /// Messages of one key that wait, are parked or dead; while there are any, another one may not be handled. Messages
  /// without a key have no order: 0. Cheap when nothing waits.
  [[nodiscard]] std::size_t lane_size(std::string_view upstream, std::string_view key) const;

  struct population {
    std::uint64_t count = 0;
    instant oldest{};  ///< birth of the oldest message; 0 when empty
  };
  [[nodiscard]] population of(std::string_view upstream, waiting_state state) const;
  [[nodiscard]] std::size_t size() const { return size_; }
  /// In (upstream, seq) order.
  [[nodiscard]] std::vector<waiting_mark> all() const;

 private:
  struct lane {
    std::string key;
    std::set<std::uint64_t> members;
  };
  /// A key is looked up for each message that arrives: without making a string of it.
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct entry {
    waiting_state state;
    instant due;
    instant born;
    lane* of;                          ///< null: no order
    std::optional<instant> planned{};  ///< its place in due_, when it has one
    std::string awaited_type{};
    std::string awaited_key{};
  };
  struct upstream_room {
    std::map<std::uint64_t, entry> entries;
    std::unordered_map<std::string, lane, text_hash, std::equal_to<>> lanes;
    std::array<std::set<std::uint64_t>, storage::waiting_states> by_state;
  };
  using rooms = std::map<std::string, upstream_room, std::less<>>;
  using due_entry = std::tuple<instant, std::string_view, std::uint64_t>;  // The name is the key in rooms_.

  [[nodiscard]] const entry* entry_at(std::string_view upstream, std::uint64_t seq) const;
  [[nodiscard]] static waiting_mark mark_at(const std::string& upstream, std::uint64_t seq, const entry& one);
  void take_out(rooms::iterator room, std::map<std::uint64_t, entry>::iterator found);
  void plan(rooms::iterator room, std::uint64_t seq, entry& one);
  void unplan(std::string_view upstream, std::uint64_t seq, entry& one);
  void plan_head(rooms::iterator room, const lane& of);
  [[nodiscard]] static instant due_of(const entry& one);

  rooms rooms_;
  std::set<due_entry> due_;  ///< heads only
  std::set<std::pair<std::string_view, std::uint64_t>> alone_;
  std::map<std::pair<std::string, std::string>, std::set<place>> awaited_;
  std::size_t size_ = 0;
};

}  // namespace musiccorp::delivery
