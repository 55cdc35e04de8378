#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "message/catalogue.hpp"

/// Keeps personal data out of texts that were made from messages: errors, backtraces, log lines. Pure.
namespace musiccorp::message {

/// What is personal in the payloads is cut out by value, in upper and lower case alike. Values of up to three bytes
/// are cut out only where they stand as a word. Of a payload that cannot be read as its type, every text counts as
/// personal.
class scrubber {
 public:
  /// Also cut out what is personal in this one.
  void learn(const catalogue& types, const envelope& message);
  [[nodiscard]] std::string operator()(std::string_view text) const;

 private:
  void add(std::string value);

  std::vector<std::string> values_;  ///< in lower case, longest first
};

/// What stands in place of a personal text.
inline constexpr std::string_view mask = "***";

/// `text` without what is personal in the message that it is about.
[[nodiscard]] std::string scrubbed(const catalogue& types, const envelope& message, std::string_view text);

}  // namespace musiccorp::message
