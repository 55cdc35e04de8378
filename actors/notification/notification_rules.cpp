#include "notification/notification_rules.hpp"

#include <array>
#include <cstdio>

namespace musiccorp::notification {

using namespace messages;

namespace {

std::string amount_text(const money& amount) {
  std::array<char, 48> text{};
  const auto minor = amount.amount_minor;
  std::snprintf(text.data(), text.size(), "%lld.%02lld ", static_cast<long long>(minor / 100),
                static_cast<long long>(minor % 100));
  return text.data() + amount.currency;
}

std::string lines_text(const std::vector<priced_line>& lines) {
  std::string text;
  for (const auto& one : lines)
    text += "  " + std::to_string(one.quantity) + " x " + one.artist + ": " + one.title + " (" +
            amount_text(one.unit_price) + " each)\n";
  return text;
}

template <class Event>
letter letter_about(const Event& event, mail_kind kind, std::string subject, const std::string& body) {
  letter made;
  made.id = event.order_id + "." + std::string{describe::name_of(kind)};
  made.to_name = event.name;
  made.to_email = event.email;
  made.subject = std::move(subject);
  made.body = "Dear " + event.name + ",\n\n" + body + "\nOrder: " + event.order_id + "\nYour MusicCorp\n";
  return made;
}

/// Sends, remembers and tells.
outcome send(turn& now, letter what, const std::string& order_id, mail_kind kind, const sender& from,
             post_office& office) {
  if (now.find<notification>(what.id)) return done{};
  what.from_name = from.name;
  what.from_email = from.email;
  what.at = now.message().occurred;  // Not now(): a repeat is the same mail to the last byte.
  const auto composed = compose(what);
  if (!composed) return composed.error();
  if (!now.is_rehearsal())
    if (auto sent = office.deliver(*composed); !sent) return std::move(sent.error());

  now.save(notification{what.id, order_id, kind, what.to_email, what.subject, composed->message_id, now.now()});
  now.publish(notification_sent{order_id, kind, composed->message_id});
  return done{};
}

}  // namespace

outcome mail_placed(turn& now, const order_placed& event, const sender& from, post_office& office) {
  const auto body = "thank you for your order. We have put these aside for you:\n\n" + lines_text(event.lines) +
                    "\nTotal: " + amount_text(event.total) + "\n";
  return send(now, letter_about(event, mail_kind::placed, "Your order " + event.order_id, body), event.order_id,
              mail_kind::placed, from, office);
}

outcome mail_packaged(turn& now, const order_packaged& event, const sender& from, post_office& office) {
  const auto body = "your order is paid and packed:\n\n" + lines_text(event.lines);
  return send(now, letter_about(event, mail_kind::packaged, "Packed: your order " + event.order_id, body),
              event.order_id, mail_kind::packaged, from, office);
}

outcome mail_shipped(turn& now, const order_shipped& event, const sender& from, post_office& office) {
  const auto body =
      "your parcel is on its way to " + event.address.city + ". Its number is " + event.tracking + ".\n";
  return send(now, letter_about(event, mail_kind::shipped, "On its way: your order " + event.order_id, body),
              event.order_id, mail_kind::shipped, from, office);
}

outcome mail_rejected(turn& now, const order_rejected& event, const sender& from, post_office& office) {
  const auto body = "we are sorry: we can't deliver your order (" + event.reason +
                    "). Your card is not charged.\n\n" + lines_text(event.lines);
  return send(now, letter_about(event, mail_kind::rejected, "We can't deliver your order " + event.order_id, body),
              event.order_id, mail_kind::rejected, from, office);
}

outcome mail_declined(turn& now, const payment_declined& event, const sender& from, post_office& office) {
  // The reason stays with us: whoever tries stolen cards learns nothing from it.
  const auto body = "your payment of " + amount_text(event.amount) +
                    " was declined and your order is cancelled. Your card is not charged.\n";
  return send(now, letter_about(event, mail_kind::declined, "Payment declined: your order " + event.order_id, body),
              event.order_id, mail_kind::declined, from, office);
}

outcome answer_notifications(turn& now, const list_notifications& query) {
  notification_page page;
  const auto prefix = query.order_id.empty() ? std::string{} : query.order_id + ".";
  const auto sent = now.list<notification>(
      {.prefix = prefix, .after = query.page_token, .limit = static_cast<std::size_t>(query.page_size)});
  for (const auto& one : sent.items)
    page.notifications.push_back({one.order_id, one.kind, one.to, one.subject, one.message_id, one.at});
  page.next_page_token = sent.next;
  return page;
}

}  // namespace musiccorp::notification
