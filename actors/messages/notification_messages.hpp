#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "messages/line.hpp"
#include "messages/page.hpp"

/// What notification answers and says.
namespace musiccorp::messages {

enum class mail_kind { placed, packaged, shipped, rejected, declined };
constexpr std::array<std::string_view, 5> describe_choice(mail_kind) {
  return {"placed", "packaged", "shipped", "rejected", "declined"};
}

/// Query: mails that were sent, by order.
struct list_notifications {
  std::string order_id{};  ///< empty: of all orders
  std::int64_t page_size = 50;
  std::string page_token{};

  static constexpr auto describe() {
    return describe_as("list_notifications", 1,
                       field("order_id", &list_notifications::order_id, defaulted, at_most(64), "empty: all"),
                       field("page_size", &list_notifications::page_size, defaulted, page_size_limits),
                       field("page_token", &list_notifications::page_token, defaulted, page_token_length));
  }
};

struct notification_summary {
  std::string order_id{};
  mail_kind kind = mail_kind::placed;
  std::string to{};
  std::string subject{};
  std::string message_id{};
  instant at{};

  static constexpr auto describe() {
    return describe_as("notification_summary", 1, key("order_id", &notification_summary::order_id),
                       field("kind", &notification_summary::kind), field("to", &notification_summary::to, pii),
                       field("subject", &notification_summary::subject),
                       field("message_id", &notification_summary::message_id),
                       field("at", &notification_summary::at));
  }
};

struct notification_page {
  std::vector<notification_summary> notifications{};
  std::string next_page_token{};

  static constexpr auto describe() {
    return describe_as("notification_page", 1, field("notifications", &notification_page::notifications),
                       field("next_page_token", &notification_page::next_page_token, "empty at the end"));
  }
};

/// Event: a mail has left the house.
struct notification_sent {
  std::string order_id{};
  mail_kind kind = mail_kind::placed;
  std::string message_id{};

  static constexpr auto describe() {
    return describe_as("notification.sent", 1, key("order_id", &notification_sent::order_id),
                       field("kind", &notification_sent::kind), field("message_id", &notification_sent::message_id));
  }
};

}  // namespace musiccorp::messages
