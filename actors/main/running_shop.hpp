#pragma once

#include <string>
#include <utility>
#include <vector>

#include "describe/json.hpp"
#include "http/client.hpp"

namespace musiccorp::program {

inline constexpr int exit_refused = 1;
inline constexpr int exit_unreachable = 69;  // EX_UNAVAILABLE

/// Why a command ends here.
struct ending_early {
  int code;
  std::string text;
};

/// A running shop, asked over HTTP. Throws ending_early for every answer that is not a success: 1 with the problem's
/// words for 4xx, 69 when there is no answer or a 5xx.
class running_shop {
 public:
  /// `below`: what every path begins with.
  explicit running_shop(std::string url, std::string below = {}) : url_{std::move(url)}, below_{std::move(below)} {}

  using parameters = std::vector<std::pair<std::string, std::string>>;

  /// The body. Parameters without a value are left out.
  [[nodiscard]] std::string get(const std::string& path, const parameters& query = {});
  [[nodiscard]] std::string post(const std::string& path, std::string body);

  template <describe::described T>
  [[nodiscard]] T read(const std::string& path, const parameters& query = {}) {
    return understood<T>(get(path, query));
  }
  template <describe::described T>
  [[nodiscard]] T send(const std::string& path, std::string body) {
    return understood<T>(post(path, std::move(body)));
  }

  /// One segment of a path.
  [[nodiscard]] static std::string escaped(const std::string& text);

 private:
  template <class T>
  T understood(const std::string& body) {
    auto value = describe::from_json<T>(body);
    if (!value)
      throw ending_early{exit_unreachable,
                         url_ + " answers what this program does not understand: " + value.error().text};
    return std::move(*value);
  }
  std::string answer(http::client_request request);

  std::string url_;
  std::string below_;
  http::client connection_;
};

}  // namespace musiccorp::program
