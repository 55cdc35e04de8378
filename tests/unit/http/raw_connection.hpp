#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace musiccorp::http {

/// A client that says exactly what a test wants, also what no well-behaved client would say.
class raw_connection {
 public:
  /// `host` is the last byte of the client's own address 127.0.0.x. From another one than the server's it can't meet
  /// itself on a port where nobody listens.
  explicit raw_connection(std::uint16_t port, std::uint8_t host = 1)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(0x7F000000U | host);
    if (host != 1) ::bind(socket_, reinterpret_cast<const sockaddr*>(&here), sizeof here);
    sockaddr_in there{};
    there.sin_family = AF_INET;
    there.sin_port = htons(port);
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&there), sizeof there) == 0;
  }
  ~raw_connection() { close(); }
  raw_connection(const raw_connection&) = delete;
  raw_connection& operator=(const raw_connection&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }

  void send(std::string_view text) const {
    while (!text.empty()) {
      const auto sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  void end_sending() const { ::shutdown(socket_, SHUT_WR); }

  /// Reads until `wanted` was seen, `deadline` passed or the server closed; gives all that came since the last call.
  std::string read_until(std::string_view wanted, std::chrono::seconds deadline = std::chrono::seconds{20}) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    std::string all;
    while (all.find(wanted) == std::string::npos && std::chrono::steady_clock::now() < end && more(all)) continue;
    return all;
  }
  /// All until the server closes.
  std::string read_all() { return read_until("\x01 nobody says this"); }
  [[nodiscard]] bool closed() const { return closed_; }

  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  /// Closes with a TCP reset.
  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }

 private:
  int socket_;
  bool connected_ = false;
  bool closed_ = false;

  bool more(std::string& into) {
    pollfd waiting{socket_, POLLIN, 0};
    if (::poll(&waiting, 1, 100) == 0) return true;
    char bytes[4096];
    const auto count = ::recv(socket_, bytes, sizeof bytes, 0);
    closed_ = count <= 0;
    if (count > 0) into.append(bytes, static_cast<std::size_t>(count));
    return !closed_;
  }
};

}  // namespace musiccorp::http
