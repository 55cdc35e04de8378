#include "node/operator_gate.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iterator>
#include <memory>
#include <utility>

#include "config/address.hpp"
#include "http/exchange.hpp"
#include "http/problem.hpp"

namespace musiccorp::node {
namespace {

constexpr std::size_t shortest_token = 16, longest_token = 512;

/// Takes as long for a near miss as for a far one.
bool same(std::string_view one, std::string_view other) {
  return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

/// The password of "name:password" in base64; empty when it is not that.
std::string password_in(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > 2 * longest_token) return {};
  std::string plain(text.size() / 4 * 3, '\0');
  const auto size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(plain.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  const auto padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  if (size < padding) return {};
  plain.resize(static_cast<std::size_t>(size - padding));
  const auto colon = plain.find(':');
  return colon == std::string::npos ? std::string{} : plain.substr(colon + 1);
}

bool says(const http::request& what, std::string_view token) {
  const auto said = what.headers.find("authorization").value_or("");
  const auto space = said.find(' ');
  if (space == said.npos) return false;
  auto scheme = std::string{said.substr(0, space)};
  std::ranges::transform(scheme, scheme.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto rest = said.substr(std::min(said.find_first_not_of(' ', space), said.size()));
  if (scheme == "bearer") return same(rest, token);
  return scheme == "basic" && same(password_in(rest), token);
}

/// "localhost:8080", "127.0.0.1", "[::1]:8080".
bool names_loopback(std::string_view host) {
  if (const auto parts = config::split(host)) return config::is_loopback(parts->host);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return config::is_loopback(host);
}

bool is_of_this_machine(const http::request& what) {
  constexpr std::array<std::string_view, 3> of_proxies{"forwarded", "x-forwarded-for", "x-real-ip"};
  return names_loopback(what.remote) && names_loopback(what.headers.find("host").value_or("localhost")) &&
         std::ranges::none_of(of_proxies, [&](auto name) { return what.headers.find(name).has_value(); });
}

/// Browsers say for which page they send something.
bool is_of_another_page(const http::request& what) {
  const auto origin = what.headers.find("origin");
  if (!origin) return false;
  const auto host = what.headers.find("host").value_or("");
  return *origin != "http://" + std::string{host} && *origin != "https://" + std::string{host};
}

}  // namespace

bool is_for_operators(std::string_view pattern) {
  constexpr std::array<std::string_view, 7> first{"/console", "/hospital", "/supervision", "/mailboxes",
                                                  "/cluster", "/trace",    "/logs"};
  return std::ranges::any_of(first, [&](auto one) {
    return pattern.starts_with(one) && (pattern.size() == one.size() || pattern[one.size()] == '/');
  });
}

std::optional<http::reply> turned_away(const http::request& what, std::string_view token) {
  if (is_of_another_page(what)) return http::problem_reply(403, "a page of another site may not act here");
  if (token.empty()) {
    if (is_of_this_machine(what)) return {};
    return http::problem_reply(403,
                               "operators call from the node's own machine, by a name like localhost; from "
                               "elsewhere only when /http/operator_token_file is set");
  }
  if (says(what, token)) return {};
  auto no = http::problem_reply(401, "this needs the operators' token, as Bearer or as the password of Basic");
  no.headers.push_back({"www-authenticate", R"(Basic realm="musiccorp", charset="UTF-8")"});
  no.headers.push_back({"www-authenticate", R"(Bearer realm="musiccorp")"});
  return no;
}

std::vector<http::route> behind_gate(std::vector<http::route> table, const std::string& token) {
  const auto secret = std::make_shared<const std::string>(token);
  for (auto& route : table) {
    if (!is_for_operators(route.pattern)) continue;
    route.handle = [inside = std::move(route.handle), secret](http::request what,
                                                              std::shared_ptr<http::exchange> back) {
      if (auto no = turned_away(what, *secret)) return back->respond(std::move(*no));
      inside(std::move(what), std::move(back));
    };
  }
  return table;
}

result<std::string> read_operator_token(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  if (!in) return failure(fault_kind::invalid, file.string() + " cannot be read");
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  const auto is_visible = [](unsigned char c) { return c > 0x20 && c < 0x7f; };
  if (text.size() < shortest_token || text.size() > longest_token || !std::ranges::all_of(text, is_visible))
    return failure(fault_kind::invalid, file.string() + " must hold one line of " + std::to_string(shortest_token) +
                                            " to " + std::to_string(longest_token) +
                                            " printable characters without spaces");
  return text;
}

}  // namespace musiccorp::node
