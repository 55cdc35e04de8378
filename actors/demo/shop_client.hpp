#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "demo/metrics_text.hpp"
#include "describe/json.hpp"
#include "http/client.hpp"

namespace musiccorp::demo {

/// A shop seen through its REST routes. Any thread; `connection` must outlive it.
class shop_client {
 public:
  /// `url` as the program said it: "http://127.0.0.1:8080".
  /// `others` are the other nodes of a cluster: what is counted is counted on each.
  shop_client(http::client& connection, std::string url, std::vector<std::string> others = {})
      : connection_(&connection), url_(std::move(url)), others_(std::move(others)) {}

  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] http::client& connection() const { return *connection_; }

  [[nodiscard]] http::client_request get_request(const std::string& target) const { return {.url = url_ + target}; }
  [[nodiscard]] http::client_request post_request(const std::string& target, std::string body,
                                                  const std::string& idempotency = {}) const;

  /// The body of a 200. fault{not_found} for 404, fault{internal} for any other status, with the start of the body.
  [[nodiscard]] result<std::string> get(const std::string& target) const;
  template <describe::described T>
  [[nodiscard]] result<T> read(const std::string& target) const {
    auto body = get(target);
    if (!body) return failure(std::move(body.error()));
    return read_body<T>(*body, target);
  }
  template <describe::described T>
  [[nodiscard]] result<T> post(const std::string& target, std::string body, int wanted_status) const {
    auto answered = expect(post_request(target, std::move(body)), wanted_status);
    if (!answered) return failure(std::move(answered.error()));
    return read_body<T>(*answered, target);
  }

  /// One T for each target, nothing where the answer is 404; many requests at a time. `done` is told how many are
  /// there, on another thread.
  template <describe::described T>
  [[nodiscard]] result<std::vector<std::optional<T>>> find_all(const std::vector<std::string>& targets,
                                                               const std::function<void(std::size_t)>& done) const {
    auto bodies = get_all(targets, done);
    if (!bodies) return failure(std::move(bodies.error()));
    std::vector<std::optional<T>> found;
    for (std::size_t i = 0; i < targets.size(); ++i) {
      if (!(*bodies)[i]) {
        found.emplace_back();
        continue;
      }
      auto one = read_body<T>(*(*bodies)[i], targets[i]);
      if (!one) return failure(std::move(one.error()));
      found.emplace_back(std::move(*one));
    }
    return found;
  }

  /// All items of a list, page by page. `items` is the page's member that has them.
  template <describe::described Page, class Item>
  [[nodiscard]] result<std::vector<Item>> list(const std::string& route, std::vector<Item> Page::*items,
                                               std::string after = {}) const {
    std::vector<Item> all;
    do {
      auto page = read<Page>(route + "?page_size=200" + (after.empty() ? "" : "&page_token=" + escaped(after)));
      if (!page) return failure(std::move(page.error()));
      for (auto& one : (*page).*items) all.push_back(std::move(one));
      after = std::move(page->next_page_token);
    } while (!after.empty());
    return all;
  }

  /// Of all nodes.
  [[nodiscard]] result<metrics_text> metrics() const;

  /// Percent-encoded for a query.
  [[nodiscard]] static std::string escaped(std::string_view text);

 private:
  [[nodiscard]] result<std::string> expect(http::client_request what, int wanted_status) const;
  [[nodiscard]] result<std::vector<std::optional<std::string>>> get_all(
      const std::vector<std::string>& targets, const std::function<void(std::size_t)>& done) const;

  template <describe::described T>
  static result<T> read_body(const std::string& body, const std::string& target) {
    auto value = describe::from_json<T>(body);
    if (!value) value.error().text = target + ": " + value.error().text;
    return value;
  }

  http::client* connection_;
  std::string url_;
  std::vector<std::string> others_;
};

}  // namespace musiccorp::demo
