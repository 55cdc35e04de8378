#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// What is asked and what is answered over HTTP. Plain values; no sockets, no JSON.
namespace musiccorp::http {

struct named_value {
  std::string name;
  std::string value;
  friend bool operator==(const named_value&, const named_value&) = default;
};

/// Are these two names the same, ASCII letter case aside (RFC 9110, 5.1)?
[[nodiscard]] bool same_name(std::string_view left, std::string_view right);

/// Header fields in order of arrival. All text lies in one block: a request with ten fields costs two allocations.
/// Views that it hands out live until the next `add` or `clear`.
class field_list {
 public:
  void add(std::string_view name, std::string_view value);
  void clear();
  /// The first value of this name, letter case aside; nothing when it is absent.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  [[nodiscard]] std::size_t size() const { return places_.size(); }
  [[nodiscard]] bool empty() const { return places_.empty(); }
  [[nodiscard]] std::string_view name(std::size_t index) const;
  [[nodiscard]] std::string_view value(std::size_t index) const;

 private:
  struct place {
    std::uint32_t at, name_size, value_size;
  };
  std::string text_;
  std::vector<place> places_;
};

struct request {
  std::string method;              ///< as sent, upper case for the standard ones
  std::string target;              ///< as sent
  std::string path;                ///< the target's path, still percent-encoded; the router decodes it
  std::vector<named_value> query;  ///< percent-decoded, in order; a name without `=` has an empty value
  field_list headers;
  std::string body;                     ///< whole and unchunked
  std::string remote;                   ///< "127.0.0.1:52114"
  std::vector<named_value> parameters;  ///< of the path, percent-decoded valid UTF-8, filled by the router

  /// The path parameter of this name; empty when the pattern has none.
  [[nodiscard]] std::string_view parameter(std::string_view name) const;
  /// The first query value of this name, letter case counts.
  [[nodiscard]] std::optional<std::string_view> query_value(std::string_view name) const;
};

/// A body is owned, or shared with others (an asset in memory): a shared one is never copied when it is large.
using reply_body = std::variant<std::string, std::shared_ptr<const std::string>>;

/// `content-length`, `connection` and `date` are the server's. Line breaks in values are turned into spaces.
struct reply {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<named_value> headers{};  ///< extra ones: location, retry-after, etag
  reply_body body{};
};

[[nodiscard]] std::string_view text_of(const reply_body& body);
/// The usual words for a status: "Not Found"; "Unknown" for a number outside the table.
[[nodiscard]] std::string_view reason_of(int status);

class exchange;
/// Called on an I/O thread, so it must not wait: it sends a message to somebody, who answers through the exchange.
/// When it throws, the client gets 500.
using handler = std::function<void(request, std::shared_ptr<exchange>)>;

}  // namespace musiccorp::http
