#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace musiccorp::storage {

/// Two names as a key, to be looked up by views without a copy.
using name_pair = std::pair<std::string, std::string>;
using view_pair = std::pair<std::string_view, std::string_view>;
/// Events of a type with keys in a slot.
using slot_place = std::pair<std::string, std::uint32_t>;

struct by_name {
  using is_transparent = void;
  template <class Left, class Right>
  bool operator()(const Left& left, const Right& right) const {
    return left < right;
  }
  template <class A, class B, class C, class D>
  bool operator()(const std::pair<A, B>& left, const std::pair<C, D>& right) const {
    return std::tie(left.first, left.second) < std::tie(right.first, right.second);
  }
};

/// A sorted map whose changes since the last `keep` can be undone. Private to this room.
template <class Key, class Value>
class undoable_map {
 public:
  using rows = std::map<Key, Value, by_name>;

  [[nodiscard]] const rows& all() const { return rows_; }
  template <class Name>
  [[nodiscard]] const Value* find(const Name& name) const {
    const auto found = rows_.find(name);
    return found == rows_.end() ? nullptr : &found->second;
  }

  /// The value of `name` to be changed in place; a new one when there is none.
  template <class Name>
  [[nodiscard]] Value& change(const Name& name) {
    auto found = rows_.find(name);
    if (found == rows_.end()) {
      found = rows_.emplace(Key(name), Value{}).first;
      before_.try_emplace(found->first, std::nullopt);
    } else {
      remember(found);
    }
    return found->second;
  }
  template <class Name>
  void erase(const Name& name) {
    const auto found = rows_.find(name);
    if (found == rows_.end()) return;
    remember(found);
    rows_.erase(found);
  }

  /// What the changed keys held before; nothing for those that were not there.
  [[nodiscard]] const std::map<Key, std::optional<Value>, by_name>& before() const { return before_; }
  void keep() { before_.clear(); }
  void undo() {
    for (auto& [key, value] : before_) {
      if (value)
        rows_.insert_or_assign(key, std::move(*value));
      else
        rows_.erase(key);
    }
    before_.clear();
  }

 private:
  void remember(typename rows::iterator row) {
    if (!before_.contains(row->first)) before_.emplace(row->first, row->second);
  }

  rows rows_;
  std::map<Key, std::optional<Value>, by_name> before_;
};

}  // namespace musiccorp::storage
