#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"

/// A mail as text (RFC 5322, MIME). Whatever stands in a name, an address or a subject can't become a header:
/// controls are taken out of texts, and an address with one is refused.
namespace musiccorp::notification {

/// What a person wants to say.
struct letter {
  std::string id;  ///< unique and the same for each repeat; of letters, digits, '-', '_' and '.'
  std::string from_name;
  std::string from_email;
  std::string to_name;
  std::string to_email;
  std::string subject;
  std::string body;  ///< plain text, UTF-8, lines ended by \n
  base::instant at{};
};

/// The same, ready to be sent.
struct mail {
  std::string id;
  std::string from;        ///< envelope sender
  std::string to;          ///< envelope recipient
  std::string message_id;  ///< without the angle brackets
  std::string text;  ///< headers and body, ASCII, lines ended by CRLF and at most 78 bytes, but for long addresses
};

/// fault{invalid} when one of the addresses can't be written into a mail.
[[nodiscard]] result<mail> compose(const letter& what);

/// RFC 2047: ASCII as it is, anything else as base64 words of UTF-8, folded. Controls become spaces.
[[nodiscard]] std::string header_text(std::string_view text);
/// RFC 2045, 6.7: any text in ASCII lines of at most 76 bytes, ended by CRLF.
[[nodiscard]] std::string quoted_printable(std::string_view text);
/// `Sat, 31 Jan 2026 08:09:10 +0000`
[[nodiscard]] std::string mail_date(base::instant at);

}  // namespace musiccorp::notification
