#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "describe/describe.hpp"
#include "notification/mail.hpp"

namespace musiccorp::notification {

/// Where mails go. A turn may deliver the same mail twice (a crash between delivery and commit): the id, and with it
/// the Message-ID, stay the same, so that the repeat can be recognised.
/// Called by one thread at a time; may block for as long as its time limits say.
class post_office {
 public:
  virtual ~post_office() = default;
  /// fault{unavailable, timeout}: trying again may help. fault{invalid}: this mail will never be taken.
  [[nodiscard]] virtual result<void> deliver(const mail& what) = 0;
  /// From now on nobody waits for the outside: a delivery that does ends soon, fault{unavailable}. Any thread.
  virtual void close() {}
};

/// Writes each mail into a maildir (https://cr.yp.to/proto/maildir.html): first into `tmp`, then renamed into `new`.
/// The file's name is the mail's id: a repeat replaces the file. `synced`: each mail survives power loss, for one
/// fsync.
[[nodiscard]] std::unique_ptr<post_office> maildir_office(std::filesystem::path folder, bool synced = false);

struct smtp_settings {
  std::string url;  ///< smtp://host:port or smtps://host:port
  std::string user;
  std::string password;
  std::int64_t connect_timeout_ms = 3'000;
  std::int64_t total_timeout_ms = 10'000;
};

/// Hands each mail to a server, by libcurl. TLS is used when the server offers it. An answer 4xx, no answer and no
/// connection are transient faults, an answer 5xx is a permanent one.
[[nodiscard]] std::unique_ptr<post_office> smtp_office(smtp_settings settings);

}  // namespace musiccorp::notification
