#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "storage/store.hpp"

namespace musiccorp::delivery {

using base::instant;
using storage::waiting_row;
using storage::waiting_state;

/// The messages of one partition that could not be handled at once, in lanes: messages of one key from one upstream
/// are handled in their order, so while the head of a lane waits (retry, deferred) or is dead, its followers are
/// parked behind it; other keys flow. A dead head keeps its lane closed until somebody removes it.
///
/// Only an index: the rows are saved by whoever changes them, in the same transaction. After a rolled-back
/// transaction load it again from the store. Times are an argument. One owner, no locking.
class waiting_room {
 public:
  void load(std::vector<waiting_row> rows);

  /// A message of this key may not be handled now: somebody of its lane waits, is parked or dead. Messages without a
  /// key have no order and are never blocked.
  [[nodiscard]] bool blocked(std::string_view upstream, std::string_view key) const;

  /// Adds a row or replaces the one of the same (upstream, seq).
  void put(waiting_row row);
  /// Removes a settled row. Its parked followers become due at once.
  void remove(std::string_view upstream, std::uint64_t seq);
  [[nodiscard]] const waiting_row* find(std::string_view upstream, std::uint64_t seq) const;

  /// The rows that may be handled now, longest due first: heads of their lanes whose time has come, and parked rows
  /// that have become head. At most one per lane, at most `limit`.
  [[nodiscard]] std::vector<waiting_row> due(instant now, std::size_t limit) const;
  /// When due() will next have something; nothing when only time can't help.
  [[nodiscard]] std::optional<instant> next_due() const;

  struct population {
    std::uint64_t count = 0;
    instant oldest{};  ///< birth of the oldest message; 0 when empty
  };
  [[nodiscard]] population of(std::string_view upstream, waiting_state state) const;
  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  [[nodiscard]] std::vector<waiting_row> all() const;

 private:
  using place = std::pair<std::string, std::uint64_t>;  // (upstream, seq)
  using lane = std::pair<std::string, std::string>;     // (upstream, key)

  void index(const waiting_row& row);
  void forget(const waiting_row& row);
  void schedule(const place& where);
  void schedule_head(const lane& where);

  std::map<place, waiting_row, std::less<>> rows_;
  std::map<lane, std::set<std::uint64_t>, std::less<>> lanes_;
  std::set<std::pair<instant, place>> due_;  ///< heads only
  std::map<place, instant, std::less<>> scheduled_;
  std::map<std::pair<std::string, waiting_state>, std::multiset<instant>> population_;
};

}  // namespace musiccorp::delivery
