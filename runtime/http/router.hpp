#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "http/message.hpp"

namespace musiccorp::http {

struct route_match {
  enum class outcome {
    found,
    no_path,    ///< 404
    no_method,  ///< 405 with `allow`
    options,    ///< 204 with `allow`: OPTIONS on a known path, or on `*`
    bad_path    ///< 400: bad percent-encoding, not UTF-8, or a `.` or `..` segment
  };
  outcome what = outcome::no_path;
  std::size_t route = 0;
  std::vector<named_value> parameters{};  ///< percent-decoded, in the pattern's order
  std::string allow{};                    ///< "GET, HEAD, OPTIONS"
};

/// Finds the route of a method and a path. Pure; filled once, then read by any number of threads.
///
/// Patterns:  /orders                  this path
///            /orders/{id}/cancel      `{id}` takes exactly one segment, never an empty one
///            /console/{path*}         `{path*}` takes all the rest, also an empty one after the slash, but no
///                                    encoded slash; comes last
///            Names of parameters are lower-case letters, digits and `_`.
/// A fixed segment beats a parameter, a parameter beats the rest; if the best path lacks the method, the next best
/// that has it is taken. A trailing slash is ignored unless some pattern needs it: `/orders/` finds `/orders`, but
/// `/console/` prefers the patterns `/console/` and `/console/{path*}` in this order. HEAD finds GET's route.
class router {
 public:
  router();
  ~router();
  router(router&&) noexcept;
  router& operator=(router&&) noexcept;

  /// Gives the index of the new route, counted from 0. fault{invalid} for a malformed pattern, fault{conflict} when
  /// this method and path have a route.
  [[nodiscard]] result<std::size_t> add(std::string_view method, std::string_view pattern);
  /// `path` is percent-encoded, without query.
  [[nodiscard]] route_match match(std::string_view method, std::string_view path) const;

 private:
  struct node;
  struct search;
  std::unique_ptr<node> root_;
  std::vector<std::vector<std::string>> names_;  ///< of the parameters, by route
  std::map<std::string, bool, std::less<>> methods_;
};

}  // namespace musiccorp::http
