#pragma once

#include <map>
#include <string>
#include <utility>

#include "storage/store.hpp"

namespace musiccorp::testing {

/// The entities of one service in a map that can be copied and compared; the rest of a store is not there.
class entity_map final : public storage::store {
 public:
  using rows = std::map<std::pair<std::string, std::string>, std::string>;
  [[nodiscard]] const rows& all() const { return rows_; }

  result<std::optional<storage::entity_row>> find(std::string_view type, std::string_view key) override {
    const auto found = rows_.find({std::string{type}, std::string{key}});
    if (found == rows_.end()) return std::nullopt;
    return storage::entity_row{found->first.first, found->first.second, found->second, 1};
  }
  result<void> save(std::string_view type, std::string_view key, std::string_view body) override {
    rows_[{std::string{type}, std::string{key}}] = body;
    return {};
  }
  result<void> erase(std::string_view type, std::string_view key) override {
    rows_.erase({std::string{type}, std::string{key}});
    return {};
  }
  result<std::vector<storage::entity_row>> list(std::string_view type, const storage::entity_range& range) override {
    std::vector<storage::entity_row> found;
    for (const auto& [name, body] : rows_)
      if (name.first == type && name.second.starts_with(range.prefix) && name.second > range.after &&
          found.size() < range.limit)
        found.push_back({name.first, name.second, body, 1});
    return found;
  }

  result<void> begin() override { return {}; }
  result<void> commit() override { return {}; }
  void rollback() noexcept override {}
  result<std::uint64_t> count(std::string_view) override { return absent(); }
  result<void> append(envelope&) override { return absent(); }
  result<void> count_slot(std::string_view, std::uint32_t) override { return absent(); }
  result<std::vector<storage::published_slot_row>> published_slots() override { return absent(); }
  result<void> begin_generation(std::string_view) override { return absent(); }
  result<std::vector<storage::log_generation>> generations() override { return absent(); }
  result<std::vector<envelope>> read_log(std::uint64_t, const storage::log_limits&) override { return absent(); }
  std::uint64_t last_seq() const override { return 0; }
  result<void> trim_log(std::uint64_t, instant) override { return absent(); }
  result<std::vector<storage::published_row>> published() override { return absent(); }
  result<std::optional<instant>> oldest_after(std::uint64_t) override { return absent(); }
  result<std::vector<storage::cursor_row>> cursors() override { return absent(); }
  result<void> save(const storage::cursor_row&) override { return absent(); }
  result<std::vector<storage::subscriber_row>> subscribers() override { return absent(); }
  result<void> save(const storage::subscriber_row&) override { return absent(); }
  result<std::vector<storage::waiting_mark>> waiting() override { return absent(); }
  result<std::optional<storage::waiting_row>> find_waiting(std::string_view, std::uint64_t) override {
    return absent();
  }
  result<void> save(const storage::waiting_row&) override { return absent(); }
  result<void> erase_waiting(std::string_view, std::uint64_t) override { return absent(); }
  result<std::optional<storage::answer_row>> find_answer(std::string_view) override { return absent(); }
  result<void> save(const storage::answer_row&) override { return absent(); }
  result<std::vector<storage::answer_row>> old_answers(instant, std::size_t) override { return absent(); }
  result<void> erase_answer(std::string_view) override { return absent(); }
  result<void> save(const storage::attempt_row&) override { return absent(); }
  result<void> erase_attempt(std::string_view, std::uint64_t, std::int32_t) override { return absent(); }
  result<std::vector<storage::attempt_row>> attempts(std::string_view, std::uint64_t, std::size_t) override {
    return absent();
  }
  result<std::vector<storage::suspect_row>> suspects() override { return absent(); }
  result<void> save(const storage::suspect_row&) override { return absent(); }
  result<void> erase_suspect(std::string_view, std::uint64_t) override { return absent(); }
  storage::store_statistics statistics() const override { return {}; }

 private:
  static tl::unexpected<fault> absent() { return failure(fault_kind::unsupported, "this store has only entities"); }
  rows rows_;
};

}  // namespace musiccorp::testing
