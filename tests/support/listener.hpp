#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "base/ensure.hpp"

namespace musiccorp::testing {

/// A socket that listens on a free port of the loopback interface.
class listener {
 public:
  listener() : socket_{::socket(AF_INET, SOCK_STREAM, 0)} {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ensure(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0 && ::listen(socket_, 4) == 0 &&
               ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0,
           "a free port can be listened on");
    port_ = ntohs(address.sin_port);
  }
  ~listener() { ::close(socket_); }
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  /// Waits for one client; its socket is the caller's.
  [[nodiscard]] int accept() const { return ::accept(socket_, nullptr, nullptr); }

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

}  // namespace musiccorp::testing
