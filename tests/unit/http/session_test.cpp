#include "http/session.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace musiccorp::http {
namespace {

using namespace std::chrono_literals;

/// A session with simulated time. Requests are collected, or answered at once with their path.
class Session : public ::testing::Test, public session::owner {
 protected:
  server_options options = [] {
    server_options small;
    small.header_limit = 512;
    small.body_limit = 100;
    return small;
  }();
  session::time now{};
  std::vector<request> requests;
  std::vector<int> statuses;
  std::optional<session> line;
  bool at_once = true;

  void SetUp() override { line.emplace(options, *this, "peer", now); }

  void run(request what, session::turn_number turn) override {
    requests.push_back(what);
    if (at_once) line->answer(turn, {200, "text/plain", {}, what.path}, {}, now);
  }
  void observe(const request_record& record) override { statuses.push_back(record.status); }

  void receive(std::string_view bytes) { line->receive(bytes, now); }
  void pass(session::time::duration time) {
    now += time;
    line->tick(now);
  }
  std::string take_output() {
    std::string all;
    do {
      for (const auto part : line->output()) all += part;
      line->sent(line->output()[0].size() + line->output()[1].size());
    } while (line->advance(now));
    return all;
  }
  int status_of_output() {
    const auto text = take_output();
    return text.starts_with("HTTP/1.1 ") ? std::stoi(text.substr(9, 3)) : 0;
  }
};

constexpr std::string_view get = "GET /a HTTP/1.1\r\nhost: x\r\n\r\n";

TEST_F(Session, AnswersARequestThatComesByteByByte) {
  for (const char letter : get) receive({&letter, 1});
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].path, "/a");
  EXPECT_EQ(requests[0].remote, "peer");
  EXPECT_TRUE(take_output().ends_with("\r\n\r\n/a"));
  EXPECT_FALSE(line->wants_shutdown());
}

TEST_F(Session, AnswersPipelinedRequestsInOrderAndOneAtATime) {
  at_once = false;
  receive("GET /1 HTTP/1.1\r\nhost: x\r\n\r\nGET /2 HTTP/1.1\r\nhost: x\r\n\r\n");
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_FALSE(line->wants_input());
  line->answer(1, {200, "text/plain", {}, "one"}, {}, now);
  EXPECT_TRUE(take_output().ends_with("one"));
  ASSERT_EQ(requests.size(), 2U);
  line->answer(1, {200, "text/plain", {}, "late"}, {}, now);  // A late answer never hits the next request.
  EXPECT_EQ(take_output(), "");
  line->answer(2, {200, "text/plain", {}, "two"}, {}, now);
  EXPECT_TRUE(take_output().ends_with("two"));
}

TEST_F(Session, HoldsBackPipelinedRequestsWhileItsOutputIsNotTaken) {
  for (int k = 0; k < 5000 && line->wants_input(); ++k) receive(get);
  EXPECT_FALSE(line->wants_input());
  EXPECT_LT(requests.size(), 1000U);
  const auto before = requests.size();
  take_output();
  receive(get);
  EXPECT_EQ(requests.size(), before + 1);
}

TEST_F(Session, ReadsChunkedBodiesAndIgnoresTheirTrailers) {
  receive(
      "POST /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nx-late: "
      "1\r\n\r\n");
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].body, "abcde");
  EXPECT_EQ(requests[0].headers.find("x-late"), std::nullopt);
  receive(get);
  EXPECT_EQ(requests.size(), 2U);
}

TEST_F(Session, InvitesABodyOnlyWhenTheClientWaitsForIt) {
  receive("POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n");
  EXPECT_EQ(take_output(), "HTTP/1.1 100 Continue\r\n\r\n");
  receive("hi");
  EXPECT_EQ(status_of_output(), 200);
  receive("POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\nhi");
  EXPECT_EQ(status_of_output(), 200);
  receive("POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 200\r\nexpect: 100-continue\r\n\r\n");
  EXPECT_EQ(status_of_output(), 413);
}

TEST_F(Session, RefusesWhatTwoServersCouldReadDifferently) {
  for (const auto* bad : {
           "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n",
           "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n",
           "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\n",
           "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -3\r\n\r\n",
           "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\n",
           "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked, identity\r\n\r\n",
           "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding : chunked\r\n\r\n",
           "POST / HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n",
           "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
           "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n2\r\nabcd\r\n0\r\n\r\n",
           "GET / HTTP/1.1\r\n\r\n",
           "GET / HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n",
           "GET / HTTP/1.1\r\nhost: x\nfoo: y\r\n\r\n",
           "GET / HTTP/1.1\r\nhost: x\r\nfo\x01o: y\r\n\r\n",
           "GET /?a=%zz HTTP/1.1\r\nhost: x\r\n\r\n",
           "GET  / HTTP/1.1\r\nhost: x\r\n\r\n",
           "GET / HTTP/9.1\r\nhost: x\r\n\r\n",
           "\x16\x03\x01\x02\x00 not http at all\r\n\r\n",
       }) {
    line.emplace(options, *this, "peer", now);
    receive(bad);
    EXPECT_EQ(status_of_output(), 400) << bad;
    EXPECT_TRUE(line->wants_shutdown()) << bad;
  }
  EXPECT_TRUE(requests.empty());
}

TEST_F(Session, RefusesOversizedBodiesWithoutReadingThem) {
  receive("POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 101\r\n\r\n");
  EXPECT_EQ(status_of_output(), 413);
  line.emplace(options, *this, "peer", now);
  receive("POST /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n65\r\n");
  EXPECT_EQ(status_of_output(), 413);
}

TEST_F(Session, RefusesOversizedHeadersAlsoWhenTheyTrickle) {
  receive("GET /" + std::string(600, 'a'));
  EXPECT_EQ(status_of_output(), 431);

  line.emplace(options, *this, "peer", now);
  receive("GET / HTTP/1.1\r\nhost: x\r\nx");  // Cut behind a line's first byte: Beast takes each line and forgets it.
  for (int k = 0; k < 100 && !line->wants_shutdown() && !line->has_output(); ++k) receive("-field: 0123456789\r\nx");
  EXPECT_EQ(status_of_output(), 431);
}

TEST_F(Session, BoundsChunkExtensionsAndTrailers) {
  receive("POST /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1;");
  for (int k = 0; k < 100 && !line->has_output(); ++k) receive(std::string(100, 'e'));
  EXPECT_EQ(status_of_output(), 400);
}

TEST_F(Session, AnswersHeadWithoutABody) {
  receive("HEAD /abc HTTP/1.1\r\nhost: x\r\n\r\n");
  const auto text = take_output();
  EXPECT_NE(text.find("content-length: 4\r\n"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\r\n\r\n"));
}

TEST_F(Session, ClosesAfterTheAnswerWhenTheClientWantsIt) {
  receive("GET /a HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
  EXPECT_NE(take_output().find("connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(line->wants_shutdown());
  line->lingers(now);
  receive("whatever comes is thrown away");
  pass(10s);
  EXPECT_TRUE(line->over());
}

TEST_F(Session, KeepsOldClientsOnlyWhenTheyAsk) {
  receive("GET /a HTTP/1.0\r\nconnection: keep-alive\r\n\r\n");
  EXPECT_NE(take_output().find("connection: keep-alive\r\n"), std::string::npos);
  receive("GET /a HTTP/1.0\r\n\r\n");
  take_output();
  EXPECT_TRUE(line->wants_shutdown());
}

TEST_F(Session, ClosesSilentPeersWithoutAWord) {
  pass(options.header_timeout);
  EXPECT_TRUE(line->over());

  line.emplace(options, *this, "peer", now);
  receive(get);
  take_output();
  pass(options.idle_timeout - 1ms);
  EXPECT_FALSE(line->over());
  pass(1ms);
  EXPECT_TRUE(line->over());
  EXPECT_EQ(take_output(), "");
}

TEST_F(Session, Answers408ToASlowLorisHoweverOftenItSendsAByte) {
  receive("GET / HTTP/1.1\r\n");
  for (int k = 0; k < 9; ++k) {
    pass(options.header_timeout / 10);
    receive("x");
  }
  EXPECT_FALSE(line->has_output());
  pass(options.header_timeout / 10);
  EXPECT_EQ(status_of_output(), 408);
  EXPECT_EQ(statuses, std::vector{408});
}

TEST_F(Session, Answers408ToABodyThatDoesNotEnd) {
  receive("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc");
  pass(options.body_timeout);
  EXPECT_EQ(status_of_output(), 408);
}

TEST_F(Session, Answers504WhenTheHandlerForgets) {
  at_once = false;
  receive(get);
  pass(options.answer_timeout);
  EXPECT_EQ(status_of_output(), 504);
  line->answer(1, {200, "text/plain", {}, "late"}, {}, now);
  EXPECT_EQ(take_output(), "");
}

TEST_F(Session, ClosesWhenTheClientTakesNothing) {
  receive(get);
  line->blocked(now);
  now += options.write_timeout / 2;
  line->blocked(now);
  pass(options.write_timeout / 2);
  EXPECT_TRUE(line->over());
}

TEST_F(Session, AnswersAClientThatEndedItsSide) {
  at_once = false;
  receive(get);
  line->receive_end();
  line->answer(1, {200, "text/plain", {}, "bye"}, {}, now);
  EXPECT_TRUE(take_output().ends_with("bye"));
}

TEST_F(Session, SendsTheAnswersThatAClientHasNotTakenWhenItEndedItsSide) {
  for (const auto* more : {"", "GET /half HTT"}) {
    line.emplace(options, *this, "peer", now);
    receive(get);
    receive(more);
    ASSERT_TRUE(line->wants_input());
    line->receive_end();
    EXPECT_FALSE(line->over()) << more;
    EXPECT_TRUE(take_output().ends_with("\r\n\r\n/a")) << more;
    EXPECT_TRUE(line->wants_shutdown()) << more;
    line->lingers(now);
    EXPECT_TRUE(line->over()) << more;
  }
}

TEST_F(Session, WaitsForAClientThatTakesALongAnswerSlowly) {
  at_once = false;
  receive(get);
  line->answer(1, {200, "text/plain", {}, std::string(1U << 20U, 'z')}, {}, now);
  for (int k = 0; k < 10; ++k) {
    line->sent(1000);
    line->blocked(now);
    pass(options.write_timeout - 1ms);
    ASSERT_FALSE(line->over()) << k;
  }
  take_output();
  pass(options.idle_timeout);
  pass(options.idle_timeout);
  EXPECT_TRUE(line->over());
}

TEST_F(Session, SendsLargeSharedBodiesWithoutCopyingThem) {
  at_once = false;
  receive(get);
  const auto asset = std::make_shared<const std::string>(std::size_t{1} << 20U, 'z');
  line->answer(1, {200, "text/plain", {}, asset}, {}, now);
  EXPECT_EQ(line->output()[1].data(), asset->data());
  EXPECT_TRUE(take_output().ends_with(*asset));
  EXPECT_EQ(asset.use_count(), 1);
}

TEST_F(Session, TurnsAnImpossibleStatusInto500) {
  at_once = false;
  receive(get);
  line->answer(1, {99, "text/plain", {}, {}}, {}, now);
  EXPECT_EQ(status_of_output(), 500);
}

TEST_F(Session, EndsAtOnceWhenDrainedIdle) {
  receive(get);
  take_output();
  line->drain();
  EXPECT_TRUE(line->over());
}

TEST_F(Session, FinishesTheRunningRequestWhenDrained) {
  at_once = false;
  receive(get);
  line->drain();
  EXPECT_FALSE(line->over());
  line->answer(1, {200, "text/plain", {}, "last"}, {}, now);
  const auto text = take_output();
  EXPECT_NE(text.find("connection: close"), std::string::npos);
  EXPECT_TRUE(text.ends_with("last"));
  EXPECT_TRUE(line->wants_shutdown());
}

TEST_F(Session, OwesAnswersAndNoEndOfAStream) {
  at_once = false;
  EXPECT_FALSE(line->owes());
  receive(get);
  EXPECT_TRUE(line->owes()) << "its handler runs";
  line->answer(1, {200, "text/plain", {}, "text"}, {}, now);
  EXPECT_TRUE(line->owes()) << "the client has not taken it";
  take_output();
  EXPECT_FALSE(line->owes());

  receive(get);
  const auto gauge = std::make_shared<stream_gauge>();
  line->open_stream(2, "text/event-stream", gauge, {}, now);
  gauge->queued += 9;
  line->push(2, "data: a\n\n", now);
  EXPECT_FALSE(line->owes()) << "a stream has no end that could be waited for";
  line->drain();
  EXPECT_FALSE(line->owes()) << "nor when it ends";
  EXPECT_TRUE(gauge->gone);
}

TEST_F(Session, StreamsEventsAndCountsWhatTheClientHasNotTaken) {
  at_once = false;
  receive(get);
  const auto gauge = std::make_shared<stream_gauge>();
  line->open_stream(1, "text/event-stream", gauge, {}, now);
  EXPECT_NE(take_output().find("content-type: text/event-stream\r\n"), std::string::npos);
  gauge->queued += 9;
  line->push(1, "data: a\n\n", now);
  EXPECT_EQ(gauge->queued, 9U);
  EXPECT_EQ(take_output(), "data: a\n\n");
  EXPECT_EQ(gauge->queued, 0U);
  pass(options.stream_heartbeat);
  EXPECT_EQ(take_output(), ":\n\n");
  EXPECT_EQ(gauge->queued, 0U);
  line->receive_end();
  EXPECT_TRUE(gauge->gone);
  EXPECT_TRUE(line->over());
}

}  // namespace
}  // namespace musiccorp::http
