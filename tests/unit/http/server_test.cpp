#include "http/server.hpp"

#include <sys/resource.h>

#include <atomic>
#include <thread>

#include "server_fixture.hpp"

namespace musiccorp::http {
namespace {

using Server = ServerTest;

TEST_F(Server, AnswersManyRequestsOnOneConnection) {
  start();
  raw_connection client{port};
  for (const auto* word : {"one", "two", "three"}) {
    client.send(ask(std::string{"/say/"} + word));
    const auto text = client.read_until(word);
    EXPECT_TRUE(text.starts_with("HTTP/1.1 200 OK\r\ndate: ")) << text;
    EXPECT_TRUE(text.ends_with(word)) << text;
  }
  EXPECT_EQ(shop->connections(), 1U);
}

TEST_F(Server, AnswersPipelinedRequestsInOrder) {
  start();
  raw_connection client{port};
  client.send(ask("/keep") + ask("/say/second") + ask("/say/third", "GET", "connection: close\r\n"));
  kept.take()->respond({200, "text/plain", {}, "first"});
  const auto text = client.read_all();
  const auto first = text.find("first"), second = text.find("second"), third = text.find("third");
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
  EXPECT_LT(third, text.size());
}

TEST_F(Server, AnswersFromAnotherThread) {
  start();
  raw_connection client{port};
  client.send(ask("/keep"));
  std::thread other{[this] { kept.take()->respond({201, "text/plain", {{"location", "/x"}}, "made"}); }};
  const auto text = client.read_until("made");
  other.join();
  EXPECT_NE(text.find("201 Created"), std::string::npos);
  EXPECT_NE(text.find("location: /x\r\n"), std::string::npos);
}

TEST_F(Server, MayBeConnectedToWhileItStarts) {
  options.io_threads = 16;
  start();
  options.port = port;  // So that clients are there before its threads.
  shop.reset();
  std::atomic<bool> over{false};
  std::thread clients{[&over, known = options.port] {
    while (!over) raw_connection{known, 2}.send(ask("/say/hello"));
  }};
  for (int k = 0; k < 20; ++k) {
    start();
    expect_still_serving();
    shop.reset();
  }
  over = true;
  clients.join();
}

TEST_F(Server, Answers503WhenNobodyAnswers) {
  start();
  raw_connection client{port};
  client.send(ask("/drop"));
  const auto text = client.read_until("nobody answered");
  EXPECT_NE(text.find("503"), std::string::npos);
  EXPECT_NE(text.find("retry-after: 1\r\n"), std::string::npos);
  client.send(ask("/say/on"));
  EXPECT_TRUE(client.read_until("\r\n\r\non").ends_with("on"));
}

TEST_F(Server, Answers500AndKeepsTheTextWhenAHandlerThrows) {
  start();
  raw_connection client{port};
  client.send(ask("/throw", "GET", "connection: close\r\n"));
  const auto text = client.read_all();
  EXPECT_NE(text.find("500"), std::string::npos);
  EXPECT_EQ(text.find("secret"), std::string::npos);
}

TEST_F(Server, CountsOnlyTheFirstAnswer) {
  start();
  raw_connection client{port};
  client.send(ask("/keep"));
  const auto back = kept.take();
  back->respond({200, "text/plain", {}, "first"});
  back->respond({200, "text/plain", {}, "again"});
  EXPECT_FALSE(back->open_stream());
  client.send(ask("/say/end", "GET", "connection: close\r\n"));
  EXPECT_EQ(client.read_all().find("again"), std::string::npos);
}

TEST_F(Server, AnswersUnknownPathsAndWrongMethods) {
  start();
  raw_connection client{port};
  client.send(ask("/nothing") + ask("/asset", "DELETE") + ask("/asset", "OPTIONS") + ask("/say/%zz") +
              ask("/x", "GET", "connection: close\r\n"));
  const auto text = client.read_all();
  EXPECT_NE(text.find("404 Not Found"), std::string::npos);
  EXPECT_NE(text.find("405 Method Not Allowed"), std::string::npos);
  EXPECT_NE(text.find("allow: GET, HEAD, OPTIONS\r\n"), std::string::npos);
  EXPECT_NE(text.find("204 No Content"), std::string::npos);
  EXPECT_NE(text.find("400 Bad Request"), std::string::npos);
}

TEST_F(Server, TakesNoPackedBodiesAndSaysSo) {
  start();
  const auto post = [](std::string_view word, std::string_view coding) {
    return ask(std::string{"/say/"}.append(word), "POST", std::string{"content-length: 4\r\n"}.append(coding)) +
           "body";
  };
  raw_connection client{port};
  for (const auto* coding : {"content-encoding: gzip\r\n", "Content-Encoding: identity, br\r\n",
                             "content-encoding: identity\r\ncontent-encoding: deflate\r\n"}) {
    client.send(post("no", coding));
    const auto text = client.read_until("}");
    EXPECT_NE(text.find(" 415 "), std::string::npos) << coding << text;
    EXPECT_NE(text.find("accept-encoding: identity\r\n"), std::string::npos) << text;
    EXPECT_NE(text.find("content coding"), std::string::npos) << text;
  }
  for (const auto* coding : {"", "content-encoding: Identity\r\n"}) {
    client.send(post("yes-", coding));
    EXPECT_TRUE(client.read_until("yes-body").ends_with("yes-body")) << coding;
  }
  client.send(ask("/say/nothing-packed", "GET", "content-encoding: gzip\r\n"));
  EXPECT_TRUE(client.read_until("nothing-packed").ends_with("nothing-packed"));
}

TEST_F(Server, AnswersGarbageSmugglingAndOversizeBeforeItCloses) {
  start();
  const std::vector<std::pair<std::string, std::string>> cases{
      {"\x16\x03\x01 garbage\r\n\r\n", " 400 "},
      {ask("/say/a", "POST", "content-length: 3\r\ntransfer-encoding: chunked\r\n") + "0\r\n\r\nGET /x", " 400 "},
      {ask("/say/a", "POST", "content-length: 2000000\r\n") + std::string(300'000, 'b'), " 413 "},
      {ask("/say/a", "POST", "transfer-encoding: chunked\r\n") + "200000\r\n" + std::string(300'000, 'b'), " 413 "},
      {ask("/say/a", "GET", "x: " + std::string(20'000, 'h') + "\r\n"), " 431 "}};
  for (const auto& [bytes, status] : cases) {
    raw_connection client{port};
    client.send(bytes);
    client.end_sending();
    const auto text = client.read_all();
    EXPECT_NE(text.substr(0, 20).find(status), std::string::npos) << status << text;
    EXPECT_NE(text.find("connection: close\r\n"), std::string::npos) << status;
    EXPECT_TRUE(client.closed());
  }
  expect_still_serving();
}

TEST_F(Server, SendsLargeAssetsAndHeadsOfThem) {
  start();
  raw_connection client{port};
  client.send(ask("/asset", "HEAD") + ask("/asset", "GET", "connection: close\r\n"));
  const auto text = client.read_all();
  EXPECT_TRUE(text.ends_with(*asset));
  EXPECT_LT(text.size(), asset->size() + 1000);
  EXPECT_EQ(text.find("content-length: 2097152"), text.find("content-length:"));
}

TEST_F(Server, InvitesBodiesThatWaitForIt) {
  start();
  raw_connection client{port};
  client.send(ask("/say/a", "POST", "content-length: 4\r\nexpect: 100-continue\r\n"));
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("body");
  EXPECT_TRUE(client.read_until("abody").ends_with("abody"));
}

TEST_F(Server, ClosesSlowClientsAndSilentOnes) {
  options.header_timeout = 80ms;
  options.body_timeout = 80ms;
  start();
  raw_connection silent{port}, slow{port}, half{port};
  slow.send("GET / HTTP/1.1\r\nhost:");
  half.send(ask("/say/a", "POST", "content-length: 10\r\n") + "abc");
  EXPECT_NE(slow.read_all().find(" 408 "), std::string::npos);
  EXPECT_NE(half.read_all().find(" 408 "), std::string::npos);
  EXPECT_EQ(silent.read_all(), "");
  EXPECT_TRUE(silent.closed());
  EXPECT_TRUE(eventually([this] { return shop->connections() == 0; }));
}

TEST_F(Server, ClosesIdleConnections) {
  options.idle_timeout = 50ms;
  start();
  raw_connection client{port};
  client.send(ask("/say/once"));
  EXPECT_TRUE(client.read_all().ends_with("once"));
  EXPECT_TRUE(client.closed());
}

TEST_F(Server, TurnsConnectionsAboveTheCapAway) {
  options.connections_max = 2;
  start();
  auto first = std::make_unique<raw_connection>(port);
  raw_connection second{port};
  first->send(ask("/say/a"));
  second.send(ask("/say/a"));
  first->read_until("\r\n\r\na");
  second.read_until("\r\n\r\na");
  raw_connection third{port};
  EXPECT_NE(third.read_all().find("503"), std::string::npos);
  first.reset();
  EXPECT_TRUE(eventually([this] { return shop->connections() == 1; }));
  expect_still_serving();
}

TEST_F(Server, Answers503AboveTheRequestsInFlight) {
  options.requests_in_flight_max = 1;
  start();
  raw_connection first{port}, second{port};
  first.send(ask("/keep"));
  auto back = kept.take();
  EXPECT_EQ(shop->requests_in_flight(), 1U);
  second.send(ask("/say/a"));
  const auto text = second.read_until("}");
  EXPECT_NE(text.find(" 503 "), std::string::npos);
  EXPECT_NE(text.find("problem:overloaded"), std::string::npos);
  EXPECT_NE(text.find("retry-after: 1\r\n"), std::string::npos);
  back->respond({});
  first.read_until("\r\n\r\n");
  second.send(ask("/say/later"));
  EXPECT_TRUE(second.read_until("\r\n\r\nlater").ends_with("later"));
}

TEST_F(Server, TellsTheObserverRouteStatusAndTime) {
  std::mutex mutex;
  std::vector<std::string> seen;
  options.observe = [&](const request_record& record) {
    const std::lock_guard lock{mutex};
    EXPECT_GE(record.took.count(), 0);
    seen.push_back(std::string{record.method} + " " + std::string{record.route.pattern} + " " +
                   std::to_string(record.status) + (record.route.index == route_label::none ? " none" : ""));
  };
  start();
  raw_connection client{port};
  client.send(ask("/say/a") + ask("/throw") + ask("/nothing") + "garbage\r\n\r\n");
  client.read_all();
  const std::lock_guard lock{mutex};
  EXPECT_EQ(seen, (std::vector<std::string>{"GET /say/{word} 200", "GET /throw 500", "GET  404 none", "  400 none"}));
}

TEST_F(Server, FinishesRunningRequestsWhenItStops) {
  start();
  raw_connection running{port}, idle{port};
  idle.send(ask("/say/a"));
  idle.read_until("\r\n\r\na");
  running.send(ask("/keep"));
  const auto back = kept.take();
  shop->stop_accepting();
  EXPECT_EQ(idle.read_all(), "");
  EXPECT_TRUE(idle.closed());
  EXPECT_FALSE(raw_connection{port}.connected());

  std::thread stopper{[this] { EXPECT_TRUE(shop->stop(patience)); }};
  back->respond({200, "text/plain", {}, "finished"});
  const auto text = running.read_all();
  running.close();
  stopper.join();
  EXPECT_NE(text.find("connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(text.ends_with("finished"));
  EXPECT_EQ(shop->connections(), 0U);
}

TEST_F(Server, CutsWhatIsNotFinishedInTime) {
  start();
  raw_connection client{port};
  client.send(ask("/keep"));
  const auto back = kept.take();
  EXPECT_FALSE(shop->stop(10ms));
  EXPECT_EQ(client.read_all(), "");
  EXPECT_TRUE(client.closed());
  shop.reset();
  back->respond({200, "text/plain", {}, "too late, but harmless"});
}

TEST_F(Server, SurvivesRunningOutOfFileDescriptors) {
  start();
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  std::vector<std::unique_ptr<raw_connection>> crowd;
  rlimit tight = before;
  tight.rlim_cur = 64;
  ::setrlimit(RLIMIT_NOFILE, &tight);
  for (int k = 0; k < 100; ++k) crowd.push_back(std::make_unique<raw_connection>(port));
  crowd.clear();
  ::setrlimit(RLIMIT_NOFILE, &before);
  expect_still_serving();
}

TEST_F(Server, SpreadsConnectionsOverItsThreads) {
  options.io_threads = 3;
  start();
  std::vector<std::thread> clients;
  for (int k = 0; k < 6; ++k)
    clients.emplace_back([this] {
      raw_connection client{port};
      for (int n = 0; n < 50; ++n) {
        client.send(ask("/keep"));
        kept.take()->respond({200, "text/plain", {}, "ok"});
        EXPECT_NE(client.read_until("\r\n\r\nok").find("200"), std::string::npos);
      }
    });
  for (auto& each : clients) each.join();
  EXPECT_TRUE(shop->stop(patience));
}

TEST_F(Server, RefusesHostsAndPortsItCannotHave) {
  start();
  server_options taken;
  taken.port = port;
  EXPECT_EQ((server{taken, [](const request&, const auto&) {}}).start().error().kind, fault_kind::unavailable);
  server_options nonsense;
  nonsense.host = "no.such.host";
  EXPECT_EQ((server{nonsense, [](const request&, const auto&) {}}).start().error().kind, fault_kind::invalid);
}

/// Clients that reset at once, in the middle of a request, of a large answer, of a stream: nothing of it may hurt
/// others.
TEST_F(Server, SurvivesAbusiveClients) {
  start();
  const std::vector<std::string> requests{
      "",           ask("/say/a"), ask("/asset"), ask("/say/a") + ask("/say/b"), ask("/events"),
      ask("/keep"), ask("/drop"),  "GET / HT"};
  for (std::size_t k = 0; k < 320; ++k) {
    raw_connection client{port};
    ASSERT_TRUE(client.connected());
    client.send(requests[k % requests.size()]);
    if (k / requests.size() % 2 == 0)
      client.reset();
    else
      client.close();
  }
  expect_still_serving();
  EXPECT_TRUE(eventually([this] {
    kept.clear();
    return shop->requests_in_flight() + shop->streams() == 0 && shop->connections() <= 1;
  }));
  expect_still_serving();
  shop->stop(patience);
  EXPECT_EQ(shop->connections(), 0U);
  EXPECT_EQ(shop->requests_in_flight(), 0U);
  EXPECT_EQ(shop->streams(), 0U);
}

}  // namespace
}  // namespace musiccorp::http
