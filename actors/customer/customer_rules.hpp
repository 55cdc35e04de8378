#pragma once

#include <string_view>

#include "messages/customer_messages.hpp"
#include "service/outcome.hpp"
#include "service/turn.hpp"

/// Who buys here. A customer is kept as messages::customer_summary.
namespace musiccorp::customer {

/// One `@`, something printable without spaces before it (at most 64 bytes), a host name with a dot behind it.
/// Whether somebody reads it is found out by sending a mail. Narrower than RFC 5321: no quoted local parts, no
/// [addresses].
[[nodiscard]] bool looks_like_email(std::string_view text);
/// True for text of one line: no control characters, and something to see.
[[nodiscard]] bool is_one_line(std::string_view text);

outcome register_one(turn& now, const messages::register_customer& command);
outcome update(turn& now, const messages::update_customer& command);
outcome check(turn& now, const messages::check_customer& question);
outcome answer_customer(turn& now, const messages::show_customer& query);

}  // namespace musiccorp::customer
