#include "server_fixture.hpp"

namespace musiccorp::http {
namespace {

using Stream = ServerTest;

TEST_F(Stream, DeliversEventsUntilItIsReleased) {
  start();
  raw_connection client{port};
  client.send(ask("/events"));
  auto events = kept.take();
  EXPECT_TRUE(events->push(event_text("order", "one")));
  EXPECT_TRUE(events->push(event_text("order", "two")));
  const auto text = client.read_until("two\n\n");
  EXPECT_NE(text.find("content-type: text/event-stream\r\n"), std::string::npos);
  EXPECT_EQ(text.find("content-length"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\r\n\r\nevent: order\ndata: one\n\nevent: order\ndata: two\n\n"));
  events.reset();
  EXPECT_EQ(client.read_all(), "");
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(shop->streams(), 0U);
}

TEST_F(Stream, NoticesAtOnceThatItsClientLeft) {
  start();
  raw_connection polite{port}, rude{port};
  polite.send(ask("/events"));
  const auto first = kept.take();
  rude.send(ask("/events"));
  const auto second = kept.take();
  polite.read_until("\r\n\r\n");
  rude.read_until("\r\n\r\n");
  EXPECT_FALSE(first->gone());
  polite.close();
  rude.reset();
  EXPECT_TRUE(eventually([&] { return first->gone() && second->gone(); }));
  EXPECT_FALSE(first->push("data: nobody\n\n"));
}

TEST_F(Stream, RefusesEventsAboveItsQueue) {
  options.stream_queue_max = 64U << 10U;
  start();
  raw_connection client{port};
  client.send(ask("/events"));
  const auto events = kept.take();
  const std::string event = event_text("", std::string(1000, 'e'));
  std::size_t taken = 0;
  while (events->push(event)) ++taken;  // Ends when the socket's buffers and the queue are full.
  EXPECT_GE(taken, 64U);
  EXPECT_FALSE(events->gone());
  EXPECT_TRUE(eventually([&] {  // As soon as the client reads on, there is room again.
    client.read_until("data", 1s);
    return events->push(event);
  }));
}

TEST_F(Stream, SendsHeartbeatsWhileItIsSilent) {
  options.stream_heartbeat = 20ms;
  start();
  raw_connection client{port};
  client.send(ask("/events"));
  const auto events = kept.take();
  EXPECT_TRUE(client.read_until(":\n\n").ends_with(":\n\n"));
}

TEST_F(Stream, Answers503AboveTheLimit) {
  options.streams_max = 1;
  start();
  raw_connection first{port}, second{port};
  first.send(ask("/events"));
  auto events = kept.take();
  second.send(ask("/events"));
  EXPECT_NE(second.read_until("}").find(" 503 "), std::string::npos);
  events.reset();
  second.send(ask("/events"));
  EXPECT_NE(second.read_until("event-stream").find("200"), std::string::npos);
}

TEST_F(Stream, EndsWhenTheServerStops) {
  start();
  raw_connection client{port};
  client.send(ask("/events"));
  const auto events = kept.take();
  client.read_until("\r\n\r\n");
  shop->stop_accepting();
  client.read_all();
  EXPECT_TRUE(client.closed());
  EXPECT_FALSE(events->push("data: late\n\n"));
}

}  // namespace
}  // namespace musiccorp::http
