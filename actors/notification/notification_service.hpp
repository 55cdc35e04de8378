#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "notification/post_office.hpp"
#include "service/definition.hpp"

namespace musiccorp::notification {

struct notification_settings {
  std::string from_name = "MusicCorp";
  std::string from_email = "shop@musiccorp.example";
  std::string smtp_url;
  std::string smtp_user;
  std::string smtp_password;
  std::int64_t connect_timeout_ms = 3'000;
  std::int64_t total_timeout_ms = 10'000;
  bool maildir_synced = false;

  static constexpr auto describe() {
    return describe_as(
        "notification_settings", 1, field("from_name", &notification_settings::from_name, defaulted, at_most(200)),
        field("from_email", &notification_settings::from_email, defaulted, between(3, 254)),
        field("smtp_url", &notification_settings::smtp_url, defaulted, at_most(2000),
              "smtp://host:port or smtps://host:port; empty: into the maildir of the data folder"),
        field("smtp_user", &notification_settings::smtp_user, defaulted, at_most(1000)),
        field("smtp_password", &notification_settings::smtp_password, defaulted, pii, at_most(1000)),
        field("connect_timeout_ms", &notification_settings::connect_timeout_ms, defaulted, between(1, 60'000)),
        field("total_timeout_ms", &notification_settings::total_timeout_ms, defaulted, between(1, 120'000)),
        field("maildir_synced", &notification_settings::maildir_synced, defaulted,
              "one fsync for each mail: it survives power loss"));
  }
};

/// The post office of these settings: SMTP when there is a server, else the maildir `data`/mail.
[[nodiscard]] std::shared_ptr<post_office> open_post_office(const notification_settings& settings,
                                                            const std::filesystem::path& data);

[[nodiscard]] service_definition notification_service(const notification_settings& settings,
                                                      std::shared_ptr<post_office> office);

}  // namespace musiccorp::notification
