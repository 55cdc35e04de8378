#include "supervision/crash_memory.hpp"

namespace musiccorp::supervision {

std::string crash_memory::key(std::string_view child, std::string_view message) {
  // The length keeps ("a", "b/c") and ("a/b", "c") apart.
  return std::to_string(child.size()) + "/" + std::string{child} + "/" + std::string{message};
}

bool crash_memory::spends(std::string_view child, const crash_report& crash, std::uint32_t differing_in_row) {
  auto& row = rows_[std::string{child}];
  if (crash.handled > 0) row = 0;
  if (crash.unavailable) return false;
  if (!crash.message.empty()) {
    const auto [seen, is_new] = crashes_.try_emplace(key(child, crash.message), 0);
    ++seen->second;
    if (!is_new) return false;
    oldest_.push_back(seen->first);
    if (oldest_.size() > messages_max) {
      crashes_.erase(oldest_.front());
      oldest_.pop_front();
    }
  }
  return ++row >= differing_in_row;
}

std::uint32_t crash_memory::crashes_of(std::string_view child, std::string_view message) const {
  const auto found = crashes_.find(key(child, message));
  return found == crashes_.end() ? 0 : found->second;
}

void crash_memory::forget(std::string_view child) { rows_.erase(std::string{child}); }

}  // namespace musiccorp::supervision
