#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "http/message.hpp"

namespace musiccorp::http {

struct client_options {
  std::size_t connections_per_host = 8;    ///< more requests to one host wait for a free one
  std::size_t requests_max = 1024;         ///< sent and not yet answered; above: fault{overloaded}
  std::size_t response_limit = 4U << 20U;  ///< bytes of body; above: fault{too_large}
  std::chrono::milliseconds connect_timeout{2'000};
  std::chrono::milliseconds timeout{10'000};  ///< for all of it, waiting for a connection included
};

struct client_request {
  std::string method = "GET";
  std::string url;  ///< http or https
  std::vector<named_value> headers{};
  std::string body{};
  std::chrono::milliseconds timeout{0};  ///< 0: the client's
};

struct client_response {
  int status = 0;
  field_list headers;
  std::string body;
};

/// Any status is a response. Trouble is fault{invalid} for a URL or method that can't be sent, {unavailable} when
/// there is no connection or it breaks, {timeout}, {too_large}, {overloaded} for a full queue.
using client_callback = std::function<void(result<client_response>)>;

/// Sends requests over connections that are kept and shared (libcurl). Redirects are not followed, proxies of the
/// environment are not used, certificates are checked. All functions from any thread.
class client {
 public:
  explicit client(client_options options = {});
  /// What is still running ends in fault{unavailable}, its callback called.
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// Returns at once. The callback comes exactly once, on the client's own thread, and must neither wait nor throw;
  /// it may send again. A refusal (fault{overloaded}, fault{invalid}) is returned instead, and no callback comes.
  [[nodiscard]] result<void> send(client_request what, client_callback done);
  /// Waits for the answer. Not from a callback.
  [[nodiscard]] result<client_response> fetch(client_request what);

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace musiccorp::http
