#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace musiccorp::supervision {

/// What a child says about a crash that it survived by rebuilding its core in place.
struct crash_report {
  std::string message{};      ///< id of the message that was being handled; empty: none, or not known
  std::string text{};         ///< of the exception
  std::string backtrace{};    ///< empty when not known
  bool unavailable = false;   ///< something that the core depends on was not there: no bug, its breaker's matter
  std::uint64_t handled = 0;  ///< messages that the core handled since it was last rebuilt
};

/// Which crashes in place are the core's fault, and so spend its supervisor's budget. A crash of a message that
/// crashed before spends that message's attempts; an unavailable dependency spends nothing; of the rest, those spend
/// that are at least the `differing_in_row`-th in a row without a message handled between.
///
/// Remembers the last `messages_max` messages; what is older counts as new. One owner, no locking.
class crash_memory {
 public:
  static constexpr std::size_t messages_max = 1024;

  [[nodiscard]] bool spends(std::string_view child, const crash_report& crash, std::uint32_t differing_in_row);
  /// How often this message crashed this child, as far as it is remembered.
  [[nodiscard]] std::uint32_t crashes_of(std::string_view child, std::string_view message) const;
  /// The child is gone.
  void forget(std::string_view child);

 private:
  static std::string key(std::string_view child, std::string_view message);
  std::unordered_map<std::string, std::uint32_t> crashes_;
  std::deque<std::string> oldest_;
  std::unordered_map<std::string, std::uint32_t> rows_;  ///< differing crashes in a row, by child
};

}  // namespace musiccorp::supervision
