#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace musiccorp::config {

struct address {
  std::string host;  ///< without brackets
  std::uint16_t port = 0;
  friend bool operator==(const address&, const address&) = default;
};

struct split_address {
  std::string_view host;  ///< without brackets
  std::string_view port;
};
/// "127.0.0.1:8080" or "[::1]:8080" in its parts, the port as it stands. Nothing: not of that form.
[[nodiscard]] std::optional<split_address> split(std::string_view text);
/// The same with a port from 0 to 65535.
[[nodiscard]] std::optional<address> read_address(std::string_view text);
/// With brackets where there must be some.
[[nodiscard]] std::string text_of(const address& one);
/// Whether two sockets that listen there would be in each other's way: the same port, and the same host, or one that
/// means every address of the machine. Those on loopback are taken to be on one machine; `on_one_machine` says so of
/// others.
[[nodiscard]] bool overlap(const address& one, const address& other, bool on_one_machine);
/// 127.0.0.0/8, also as ::ffff:127.0.0.1, ::1 or localhost.
[[nodiscard]] bool is_loopback(std::string_view host);

}  // namespace musiccorp::config
