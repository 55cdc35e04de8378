// What clients of the real program may count on when they say several things on one connection.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "support/process.hpp"
#include "unit/http/raw_connection.hpp"

namespace musiccorp {
namespace {

using namespace testing;
using json = nlohmann::json;

/// A connection of its own to the shop.
class http_socket {
 public:
  explicit http_socket(const std::string& url) : socket_{port_in(url)} {}

  void ask(const std::string& target) { socket_.send("GET " + target + " HTTP/1.1\r\nHost: shop\r\n\r\n"); }
  /// The next whole answer.
  json answer() {
    while (rest_.find("\r\n\r\n") == std::string::npos && more()) continue;
    const auto length = rest_.find("content-length: ");
    if (length == std::string::npos) throw std::runtime_error{"no answer, or one without an end: " + rest_};
    const auto body = rest_.find("\r\n\r\n") + 4;
    const auto end = body + std::stoul(rest_.substr(length + 16));
    while (rest_.size() < end && more()) continue;
    auto got = json::parse(rest_.substr(body, end - body), nullptr, false);
    rest_.erase(0, end);
    return got;
  }

 private:
  static std::uint16_t port_in(const std::string& url) {
    return static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
  }
  /// False: the server has closed, or says nothing for a long time.
  bool more() {
    const auto before = rest_.size();
    rest_ += socket_.read_until("}");
    return rest_.size() > before;
  }

  http::raw_connection socket_;
  std::string rest_;
};

class HttpConnection : public ::testing::Test {
 protected:
  HttpConnection() { shop_.start(); }

  temporary_folder folder_;
  shop_process shop_{folder_.path()};
};

TEST_F(HttpConnection, AnswersOneRequestAfterAnotherOnOneConnection) {
  http_socket client{shop_.url()};
  for (const auto* sku : {"MC-0001", "MC-0002", "MC-0003"}) {
    client.ask(std::string{"/catalog/"} + sku);
    EXPECT_EQ(client.answer().value("sku", ""), sku);
  }
}

/// The first is a list, which takes longest, so that the others have every reason to overtake it.
TEST_F(HttpConnection, AnswersPipelinedRequestsInTheirOrder) {
  http_socket client{shop_.url()};
  client.ask("/catalog/MC-0002");
  const auto artist = client.answer().value("artist", "none");
  client.ask("/catalog?page_size=100");
  client.ask("/catalog/MC-0002");
  client.ask("/catalog/NO-SUCH-THING");
  client.ask("/inventory/MC-0003");
  EXPECT_EQ(client.answer().at("items").size(), 100U);
  EXPECT_EQ(client.answer().value("artist", ""), artist);
  EXPECT_EQ(client.answer().value("status", 0), 404);
  EXPECT_EQ(client.answer().value("sku", ""), "MC-0003");
}

}  // namespace
}  // namespace musiccorp
