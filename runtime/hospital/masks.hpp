#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hospital/case_messages.hpp"
#include "message/catalogue.hpp"

/// Keeps personal data out of what the hospital shows. Pure.
namespace musiccorp::hospital {

/// Texts that were made from payloads (errors, backtraces): what is personal in the payloads is cut out by value, in
/// upper and lower case alike. Values of up to three bytes are cut out only where they stand as a word. Of a payload
/// that cannot be read as its type, every text counts as personal.
class scrubber {
 public:
  /// Also cut out what is personal in this one.
  void learn(const message::catalogue& types, const envelope& message);
  [[nodiscard]] std::string operator()(std::string_view text) const;

 private:
  void add(std::string value);

  std::vector<std::string> values_;  ///< in lower case, longest first
};

/// What stands in place of a personal text.
inline constexpr std::string_view mask = "***";

/// The payload with personal data masked as the type says; hidden whole when it can't be read as its type.
[[nodiscard]] payload_view masked(const message::catalogue& types, envelope message);
/// All of it.
[[nodiscard]] payload_view revealed(const std::string& payload);

/// What is wrong with a payload as one of this type, with pointers that begin with `prefix`; nothing when it is good.
/// Stars in place of personal data are wrong: they come from a masked view. fault{unsupported} when this program
/// does not know the type.
[[nodiscard]] result<void> check_payload(const message::catalogue& types, const std::string& type,
                                         std::string_view payload, std::string_view prefix);

}  // namespace musiccorp::hospital
