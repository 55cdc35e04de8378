#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace boost::system {
class error_code;
}

/// Internal to the room: the only door to Boost.Beast.
namespace musiccorp::http {

struct reader_limits {
  std::size_t header_limit;
  std::size_t body_limit;
};

/// Turns bytes into requests, one after the other. Refuses what two servers could read differently (RFC 9112, 11.2):
/// content-length together with transfer-encoding, any coding but `chunked`, no or two hosts. One owner, no locking.
class request_reader {
 public:
  enum class outcome { more, head, done, failed };
  struct step {
    outcome what;
    std::size_t consumed;  ///< the caller keeps the rest and shows it again, with more behind it
  };

  explicit request_reader(reader_limits limits);
  ~request_reader();
  request_reader(request_reader&&) = delete;

  /// `head` comes once for a request with a body, before any of the body is read.
  [[nodiscard]] step feed(std::string_view bytes);
  /// After `done`: the request, and ready for the next one.
  [[nodiscard]] request take();

  [[nodiscard]] bool keep_alive() const;  ///< does the client want to go on, after `done`
  [[nodiscard]] bool is_http_1_0() const;
  [[nodiscard]] bool expects_continue() const;  ///< after `head`
  [[nodiscard]] const std::string& method() const;
  [[nodiscard]] int failed_status() const { return failed_status_; }  ///< after `failed`: 400, 413, 417 or 431
  [[nodiscard]] const std::string& failed_text() const { return failed_text_; }

 private:
  class parser;
  reader_limits limits_;
  std::unique_ptr<parser> parser_;
  bool head_told_ = false;
  int failed_status_ = 0;
  std::string failed_text_;

  [[nodiscard]] step refuse(const boost::system::error_code& ec);
  [[nodiscard]] step want_more(std::size_t consumed, std::size_t kept);
  [[nodiscard]] step fail(int status, std::string text);
  [[nodiscard]] std::string header_limit_text() const;
};

}  // namespace musiccorp::http
