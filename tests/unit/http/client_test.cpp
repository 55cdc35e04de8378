#include "http/client.hpp"

#include <atomic>
#include <latch>

#include "server_fixture.hpp"

namespace musiccorp::http {
namespace {

class Client : public ServerTest {
 protected:
  std::string url(std::string_view path) { return "http://127.0.0.1:" + std::to_string(port).append(path); }
  client_request get(std::string_view path) { return {"GET", url(path)}; }
};

TEST_F(Client, GivesStatusHeadersAndBody) {
  start();
  client http;
  const auto answer = http.fetch({"POST", url("/say/hello-"), {{"content-type", "text/plain"}}, "world"});
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "hello-world");
  EXPECT_EQ(answer->headers.find("Content-Type"), "text/plain");
}

TEST_F(Client, GivesErrorsOfTheServerAsResponses) {
  start();
  client http;
  EXPECT_EQ(http.fetch(get("/nothing"))->status, 404);
  EXPECT_EQ(http.fetch({"DELETE", url("/asset")})->headers.find("allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(http.fetch({"HEAD", url("/say/a")})->body, "");
}

TEST_F(Client, KeepsItsConnections) {
  start();
  client http;
  for (int k = 0; k < 20; ++k) ASSERT_TRUE(http.fetch(get("/say/a")));
  EXPECT_EQ(shop->connections(), 1U);
}

TEST_F(Client, SendsManyAtOnceOverFewConnections) {
  start();
  client_options few;
  few.connections_per_host = 4;
  few.timeout = 120s;  // Waiting for a connection counts, and machines are slow.
  client http{few};
  constexpr std::ptrdiff_t count = 500;
  std::latch done{count};
  std::atomic<int> fine{0};
  for (std::ptrdiff_t k = 0; k < count; ++k)
    ASSERT_TRUE(http.send(get("/say/" + std::to_string(k)), [&, k](result<client_response> answer) {
      if (answer && answer->body == std::to_string(k)) ++fine;
      done.count_down();
    }));
  done.wait();
  EXPECT_EQ(fine, count);
  EXPECT_LE(shop->connections(), 4U);
}

TEST_F(Client, RefusesMoreThanItsQueueHolds) {
  start();
  client_options small;
  small.requests_max = 1;
  client http{small};
  std::latch done{1};
  ASSERT_TRUE(http.send(get("/keep"), [&](const result<client_response>&) { done.count_down(); }));
  const auto refused = http.send(get("/say/a"), [](const result<client_response>&) { FAIL() << "was refused"; });
  EXPECT_EQ(refused.error().kind, fault_kind::overloaded);
  kept.take()->respond({});
  done.wait();
  EXPECT_TRUE(http.fetch(get("/say/a")));
}

TEST_F(Client, TellsTimeoutFromUnavailableFromTooLarge) {
  start();
  client_options strict;
  strict.response_limit = 1000;
  client http{strict};
  auto slow = get("/keep");
  slow.timeout = 50ms;
  EXPECT_EQ(http.fetch(slow).error().kind, fault_kind::timeout);
  EXPECT_EQ(http.fetch(get("/asset")).error().kind, fault_kind::too_large);
  const auto gone = url("/say/a");
  shop.reset();
  EXPECT_EQ(http.fetch({"GET", gone}).error().kind, fault_kind::unavailable);
}

TEST_F(Client, RefusesWhatMustNotBeSent) {
  client http;
  for (const auto& bad : std::vector<client_request>{{"GET", "file:///etc/passwd"},
                                                     {"GET", "127.0.0.1/x"},
                                                     {"GET", "http://127.0.0.1/\r\nx: y"},
                                                     {"GET x", "http://127.0.0.1/"},
                                                     {"", "http://127.0.0.1/"},
                                                     {"GET", "http://127.0.0.1/", {{"a", "b\r\nc: d"}}}})
    EXPECT_EQ(http.fetch(bad).error().kind, fault_kind::invalid) << bad.url;
}

TEST_F(Client, AnswersWhatIsRunningWhenItEnds) {
  start();
  std::latch done{1};
  auto http = std::make_unique<client>();
  ASSERT_TRUE(http->send(get("/keep"), [&](const result<client_response>& answer) {
    EXPECT_EQ(answer.error().kind, fault_kind::unavailable);
    done.count_down();
  }));
  const auto back = kept.take();
  http.reset();
  done.wait();
}

TEST_F(Client, MaySendAgainFromACallback) {
  start();
  std::latch done{1};
  client http;
  ASSERT_TRUE(http.send(get("/say/a"), [&](const result<client_response>&) {
    EXPECT_TRUE(http.send(get("/say/b"), [&](const result<client_response>& second) {
      EXPECT_EQ(second->body, "b");
      done.count_down();
    }));
  }));
  done.wait();
}

}  // namespace
}  // namespace musiccorp::http
