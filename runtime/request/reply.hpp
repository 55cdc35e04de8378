#pragma once

#include <string>
#include <variant>

#include "base/result.hpp"
#include "message/envelope.hpp"

namespace musiccorp::request {

/// An answer as it will travel: described struct as JSON.
struct answer {
  std::string type;
  int version = 1;
  std::string key;
  std::string payload;
};

/// What became of a request: an answer, a business no, or trouble.
using reply = std::variant<answer, base::rejected, base::fault>;

/// A reply as a message. A no has the type `rejected`, trouble the type `fault`; both can be read by a person.
[[nodiscard]] message::envelope to_envelope(const reply& said);
/// Unreadable replies become fault{internal}.
[[nodiscard]] reply read_reply(const message::envelope& message);

}  // namespace musiccorp::request
