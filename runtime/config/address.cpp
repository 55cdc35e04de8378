#include "config/address.hpp"

#include <arpa/inet.h>

#include <charconv>

namespace musiccorp::config {

std::optional<split_address> split(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto host = text.substr(0, colon);
  const bool has_brackets = host.starts_with('[') && host.ends_with(']');
  if (has_brackets) host = host.substr(1, host.size() - 2);
  if (host.empty() || (!has_brackets && host.find(':') != std::string_view::npos)) return std::nullopt;
  return split_address{host, text.substr(colon + 1)};
}

std::optional<address> read_address(std::string_view text) {
  const auto parts = split(text);
  if (!parts) return std::nullopt;
  std::uint16_t port = 0;
  const auto* end = parts->port.data() + parts->port.size();
  const auto read = std::from_chars(parts->port.data(), end, port);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return address{std::string{parts->host}, port};
}

std::string text_of(const address& one) {
  const bool is_v6 = one.host.find(':') != std::string::npos;
  return (is_v6 ? "[" + one.host + "]" : one.host) + ":" + std::to_string(one.port);
}

bool overlap(const address& one, const address& other, bool on_one_machine) {
  if (one.port != other.port) return false;
  const auto is_anywhere = [](const address& it) { return it.host == "0.0.0.0" || it.host == "::"; };
  const auto numbers = [](const address& it) { return it.host == "localhost" ? std::string{"127.0.0.1"} : it.host; };
  if (numbers(one) == numbers(other)) return true;
  if (!is_anywhere(one) && !is_anywhere(other)) return false;
  const auto is_local = [&](const address& it) { return is_anywhere(it) || is_loopback(it.host); };
  return on_one_machine || (is_local(one) && is_local(other));
}

bool is_loopback(std::string_view host) {
  const std::string text{host};
  in_addr four{};
  in6_addr six{};
  if (inet_pton(AF_INET, text.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24U) == 127;
  if (inet_pton(AF_INET6, text.c_str(), &six) == 1)
    return IN6_IS_ADDR_LOOPBACK(&six) || (IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[12] == 127);
  return host == "localhost";
}

}  // namespace musiccorp::config
