#pragma once

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "supervision/supervision_view.hpp"

namespace musiccorp::supervision {

/// What one supervisor shows of itself. It writes what has changed after each step; the board reads.
class board_entry {
 public:
  board_entry(std::string path, caf::actor_addr who) : who_(std::move(who)) { self_.path = std::move(path); }
  /// Without children.
  void show(supervisor_view self);
  void show_child(std::uint64_t number, std::uint64_t position, child_view child);
  void remove_child(std::uint64_t number);

 private:
  friend class supervision_board;
  [[nodiscard]] supervisor_view copy() const;

  const caf::actor_addr who_;
  mutable std::mutex mutex_;
  supervisor_view self_;
  std::map<std::uint64_t, child_view> children_;        ///< by position
  std::map<std::uint64_t, std::uint64_t> position_of_;  ///< by number
};

/// The supervisors of one process, for whoever wants to see the tree. Thread-safe. Outlives all supervisors.
class supervision_board {
 public:
  /// A supervisor of this path has started; a former one of the same path is forgotten. The entry leaves the board
  /// when its last other owner lets it go.
  [[nodiscard]] std::shared_ptr<board_entry> add(const std::string& path, caf::actor_addr who = {});
  /// The supervisor of this path, for commands; invalid when there is none, or it is gone.
  [[nodiscard]] caf::actor find(const std::string& path) const;
  /// Supervisors without a parent, each with everything below it. A supervisor `a/b` is shown inside the child `b` of
  /// `a`.
  [[nodiscard]] std::vector<supervisor_view> tree() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::weak_ptr<board_entry>> entries_;
};

}  // namespace musiccorp::supervision
