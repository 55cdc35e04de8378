#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace musiccorp::testing {

/// A port of loopback on which nobody listens, another one with each call. It is below those that the system gives to
/// outgoing connections (from 32768 on): one of them could take it before it is used.
inline std::uint16_t free_port() {
  constexpr int first = 20'000, count = 12'000;
  static std::atomic<int> next{getpid() * 97 % count};
  for (int tried = 0; tried < count; ++tried) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(first + next++ % count));
    const int one = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool is_free = ::bind(one, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(one);
    if (is_free) return ntohs(address.sin_port);
  }
  throw std::runtime_error("no free port");
}

inline std::vector<std::uint16_t> free_ports(std::size_t count) {
  std::vector<std::uint16_t> ports;
  while (ports.size() < count) ports.push_back(free_port());
  return ports;
}

}  // namespace musiccorp::testing
