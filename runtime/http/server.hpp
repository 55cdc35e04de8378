#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "http/exchange.hpp"
#include "http/message.hpp"

namespace musiccorp::http {

/// One answered request, for whoever counts. Views live during the call only. A stream counts when it opens.
struct request_record {
  route_label route;        ///< `none` when no route was found or the server answered by itself
  std::string_view method;  ///< empty when the request could not be read
  int status = 0;
  std::chrono::nanoseconds took{};  ///< from the first byte of the request to the whole answer ready to send
};
using access_observer = std::function<void(const request_record&)>;

/// At each limit the client gets an answer (RFC 9457) where it can still read one, and the connection ends.
struct server_options {
  std::string host = "127.0.0.1";  ///< an address, or "localhost"
  std::uint16_t port = 0;          ///< 0: a free one, see `start`
  std::size_t io_threads = 1;
  std::size_t body_limit = 1U << 20U;                ///< bytes, chunked or not; 413
  std::size_t header_limit = 16U << 10U;             ///< bytes of request line and fields; 431
  std::size_t connections_max = 1024;                ///< above: a short 503 and the connection is closed
  std::size_t requests_in_flight_max = 1024;         ///< handed to the handler and not yet answered; above: 503
  std::size_t streams_max = 128;                     ///< open event streams; above: 503
  std::size_t stream_queue_max = 256U << 10U;        ///< bytes waiting for one stream's client; above: `push` says no
  std::chrono::milliseconds idle_timeout{60'000};    ///< between requests; closed without a word
  std::chrono::milliseconds header_timeout{10'000};  ///< for a whole header, from its first byte; 408
  std::chrono::milliseconds body_timeout{30'000};    ///< for a whole body, from the end of the header; 408
  std::chrono::milliseconds answer_timeout{60'000};  ///< for the handler's answer; 504
  std::chrono::milliseconds write_timeout{30'000};   ///< without the client taking a single byte; closed
  std::chrono::milliseconds stream_heartbeat{15'000};  ///< a comment on a silent stream finds dead clients
  std::shared_ptr<const base::clock> clock = std::make_shared<base::system_clock>();  ///< for the date of an answer
  access_observer observe{};  ///< called on an I/O thread; must not wait or throw
};

/// HTTP/1.1 and 1.0 on one port: keep-alive, pipelining in order, HEAD, 100-continue, chunked requests, event
/// streams.
///
/// `start` once; everything else from any thread but an I/O thread (that is: not from a handler or observer).
/// Exchanges may outlive the server. One connection is served by one I/O thread for all its life.
class server {
 public:
  server(server_options options, handler handle);
  ~server();  ///< `stop` without grace
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Listens and serves; gives the bound port. fault{invalid} for a bad host, fault{unavailable} when the address is
  /// taken or not ours.
  [[nodiscard]] result<std::uint16_t> start();
  /// Refuses new connections from now on, closes idle ones and streams; running requests are answered with
  /// `connection: close`.
  void stop_accepting();
  /// `stop_accepting`, waits up to `grace` for running requests, cuts the rest, ends the threads. True when no
  /// request was cut: each has its whole answer. May be called again.
  bool stop(std::chrono::milliseconds grace = std::chrono::milliseconds{0});

  [[nodiscard]] std::size_t connections() const;
  [[nodiscard]] std::size_t requests_in_flight() const;
  [[nodiscard]] std::size_t streams() const;

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace musiccorp::http
