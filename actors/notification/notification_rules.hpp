#pragma once

#include <string>

#include "messages/notification_messages.hpp"
#include "messages/order_messages.hpp"
#include "messages/payment_messages.hpp"
#include "messages/shipping_messages.hpp"
#include "messages/warehouse_messages.hpp"
#include "notification/post_office.hpp"
#include "service/outcome.hpp"
#include "service/turn.hpp"

/// Tells customers by mail how far their orders are. One mail for each order and kind.
namespace musiccorp::notification {

/// A mail that was sent.
struct notification {
  std::string mail_id;  ///< "<order_id>.<kind>"
  std::string order_id;
  messages::mail_kind kind = messages::mail_kind::placed;
  std::string to;
  std::string subject;
  std::string message_id;
  instant at{};

  static constexpr auto describe() {
    return describe_as("notification", 1, key("mail_id", &notification::mail_id),
                       field("order_id", &notification::order_id), field("kind", &notification::kind),
                       field("to", &notification::to, pii), field("subject", &notification::subject),
                       field("message_id", &notification::message_id), field("at", &notification::at));
  }
};

struct sender {
  std::string name = "MusicCorp";
  std::string email = "shop@musiccorp.example";
};

/// Each sends one mail, unless it is sent already, and says notification.sent. Trouble of the post office is the
/// rule's.
outcome mail_placed(turn& now, const messages::order_placed& event, const sender& from, post_office& office);
outcome mail_packaged(turn& now, const messages::order_packaged& event, const sender& from, post_office& office);
outcome mail_shipped(turn& now, const messages::order_shipped& event, const sender& from, post_office& office);
outcome mail_rejected(turn& now, const messages::order_rejected& event, const sender& from, post_office& office);
outcome mail_declined(turn& now, const messages::payment_declined& event, const sender& from, post_office& office);

outcome answer_notifications(turn& now, const messages::list_notifications& query);

}  // namespace musiccorp::notification
