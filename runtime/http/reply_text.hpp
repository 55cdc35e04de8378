#pragma once

#include <string>

#include "base/clock.hpp"
#include "http/message.hpp"

/// Internal to the room.
namespace musiccorp::http {

struct reply_framing {
  bool keep_alive = true;
  bool http_1_0 = false;
  bool endless = false;  ///< no length: the answer ends with the connection
};

/// Appends status line and header fields up to and with the empty line. By hand: one pass into a buffer that is
/// reused. `date` is a ready line, `date: ...\r\n`.
void append_head(std::string& out, const reply& answer, reply_framing framing, std::string_view date);
/// May an answer of this status have a body (RFC 9110, 6.4.1)?
[[nodiscard]] bool may_have_body(int status);
/// The ready `date` line of this second (RFC 9110, 5.6.7), made once a second and thread.
[[nodiscard]] std::string_view date_line(instant now);

}  // namespace musiccorp::http
