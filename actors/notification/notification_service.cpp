#include "notification/notification_service.hpp"

#include "notification/notification_rules.hpp"

namespace musiccorp::notification {

using namespace messages;

namespace {

/// The rule with sender and post office put in.
template <class Event>
auto with(const sender& from, std::shared_ptr<post_office> office,
          outcome (*rule)(turn&, const Event&, const sender&, post_office&)) {
  return [=](turn& now, const Event& event) { return rule(now, event, from, *office); };
}

}  // namespace

std::shared_ptr<post_office> open_post_office(const notification_settings& settings,
                                              const std::filesystem::path& data) {
  if (settings.smtp_url.empty()) return maildir_office(data / "mail", settings.maildir_synced);
  return smtp_office({settings.smtp_url, settings.smtp_user, settings.smtp_password, settings.connect_timeout_ms,
                      settings.total_timeout_ms});
}

service_definition notification_service(const notification_settings& settings, std::shared_ptr<post_office> office) {
  const sender from{settings.from_name, settings.from_email};
  return service_definition{"notification"}
      .on(with(from, office, mail_placed))
      .on(with(from, office, mail_packaged))
      .on(with(from, office, mail_shipped))
      .on(with(from, office, mail_rejected))
      .on(with(from, office, mail_declined))
      .on(answer_notifications)
      .interrupted_by([office] { office->close(); })
      .says<notification_sent>()
      .get<list_notifications, notification_page>("/notifications", "Mails that were sent, by order");
}

}  // namespace musiccorp::notification
