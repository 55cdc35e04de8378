// Traces of a node, as its door tells them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "describe/json.hpp"
#include "http/client.hpp"
#include "node/node.hpp"
#include "node/trace_page.hpp"
#include "support/listener.hpp"
#include "support/log_lines.hpp"
#include "unit/node/toy_shop.hpp"
#include "unit/storage/scratch_folder.hpp"

namespace musiccorp::node {
namespace {

using namespace toys;
using namespace std::chrono_literals;

constexpr auto theirs = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr auto their_trace = "4bf92f3577b34da6a3ce929d0e0e4736";

class Trace : public ::testing::Test {
 protected:
  void start(std::map<std::string, std::string> doors = {}, bool recorded = true, std::uint32_t begun_one_in = 1) {
    node_options made;
    made.data = folder_.path();
    made.durability = storage::durability::process;
    made.traces.recorded = recorded;
    made.traces.begun_one_in = begun_one_in;
    if (!doors.empty()) {
      made.cluster.emplace();
      made.cluster->links.cluster = "toys";
      made.cluster->links.self = made.name;
      for (const auto& one : shop(trouble_)) made.cluster->links.owners[one.name()] = made.name;
      made.cluster->doors = std::move(doors);
    }
    auto started = node::start(std::move(made), shop(trouble_));
    ASSERT_TRUE(started) << started.error().text;
    node_ = std::move(*started);
  }
  http::client_response fetch(std::string method, const std::string& path, std::string body = {},
                              const std::string& traceparent = {}) {
    http::client_request request{.method = std::move(method), .url = node_->url() + path};
    if (!traceparent.empty()) request.headers.push_back({"traceparent", traceparent});
    if (!body.empty()) request.headers.push_back({"content-type", "application/json"});
    request.body = std::move(body);
    auto response = client_.fetch(std::move(request));
    EXPECT_TRUE(response) << response.error().text;
    return response ? std::move(*response) : http::client_response{};
  }
  http::client_response buy_it(const std::string& item, const std::string& traceparent = theirs) {
    return fetch("POST", "/sales", describe::to_json(buy{"1", item}), traceparent);
  }
  trace_page page(const std::string& trace = their_trace) {
    const auto said = fetch("GET", "/trace/" + trace);
    EXPECT_EQ(said.status, 200) << said.body;
    return describe::from_json<trace_page>(said.body).value_or(trace_page{});
  }
  /// Waits until the page has a span like this: "turn book sold ok".
  trace_page page_with(const std::string& wanted) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    for (;;) {
      auto seen = page();
      for (const auto& one : seen.spans)
        if (one.kind + " " + one.service + " " + one.type + " " + one.state == wanted) return seen;
      if (std::chrono::steady_clock::now() > deadline) {
        ADD_FAILURE() << "no " << wanted;
        return seen;
      }
    }
  }

  mischief trouble_;
  storage::scratch_folder folder_;
  http::client client_;
  std::unique_ptr<node> node_;
};

TEST_F(Trace, GoesOnWithTheCallersTraceAndTellsOneTree) {
  start();
  const auto sold = buy_it("disc");
  EXPECT_EQ(sold.status, 201);
  EXPECT_THAT(std::string{sold.headers.find("traceresponse").value_or("")},
              ::testing::MatchesRegex("00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]*-01"));
  const auto seen = page_with("commit book sold ok");
  EXPECT_EQ(seen.trace_id, their_trace);
  ASSERT_EQ(seen.nodes.size(), 1U);
  EXPECT_TRUE(seen.nodes.front().answered);
  EXPECT_EQ(seen.spans.front().kind, "request");
  EXPECT_EQ(seen.spans.front().parent_id, "00f067aa0ba902b7");
  for (std::size_t i = 0; i < seen.spans.size(); ++i) {
    EXPECT_EQ(seen.spans[i].is_orphan, i == 0) << seen.spans[i].type;  // The caller's own span is not here.
    EXPECT_EQ(seen.spans[i].depth == 0, i == 0) << seen.spans[i].type;
  }
}

TEST_F(Trace, AHeaderThatIsNoneIsReplaced) {
  start();
  for (const std::string wrong : {"", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "nonsense",
                                  "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"}) {
    const auto sold = buy_it("disc", wrong);
    const auto said = telemetry::read_traceparent(sold.headers.find("traceresponse").value_or(""));
    ASSERT_TRUE(said) << wrong;
    EXPECT_NE(to_text(said->trace), their_trace);
    EXPECT_EQ(page(to_text(said->trace)).spans.front().kind, "request");
  }
}

TEST_F(Trace, AProblemNamesItsTrace) {
  start();
  const auto no = buy_it("unknown");
  EXPECT_THAT(no.body, ::testing::HasSubstr(std::string{"\"trace_id\":\""} + their_trace));
  EXPECT_EQ(page().spans.front().state, "rejected");
  const auto broken = fetch("POST", "/sales", "{\"id\": 7}", theirs);
  EXPECT_THAT(broken.body, ::testing::HasSubstr(std::string{"\"trace_id\":\""} + their_trace));
}

TEST_F(Trace, ShowsWhatFailed) {
  trouble_.crashes["poison"] = 99;
  const testing::log_lines lines;
  start();
  buy_it("poison");
  const auto seen = page_with("attempt book sold failed");
  EXPECT_THAT(lines.text(),
              ::testing::ContainsRegex(std::string{R"("event":"message-retried".*"trace_id":")"} + their_trace));
  for (const auto& one : seen.spans) {
    if (one.kind == "attempt") {
      EXPECT_EQ(one.why, "crash");
    }
  }
}

TEST_F(Trace, AnswersWhatIsNoTraceAndWhatNobodyKnows) {
  start();
  EXPECT_EQ(fetch("GET", "/trace/4BF92F3577B34DA6A3CE929D0E0E4736").status, 400);
  EXPECT_EQ(fetch("GET", "/trace/7").status, 400);
  EXPECT_EQ(fetch("GET", std::string{"/trace/"} + their_trace).status, 404);
}

TEST_F(Trace, ANeighbourThatDoesNotAnswerIsNamed) {
  const testing::listener silent;  // Takes connections and says nothing.
  start({{"east", "http://" + silent.address()}});
  buy_it("disc");
  const auto began = std::chrono::steady_clock::now();
  const auto seen = page();
  EXPECT_GE(std::chrono::steady_clock::now() - began, 900ms);
  ASSERT_EQ(seen.nodes.size(), 2U);
  EXPECT_EQ(seen.nodes[0].node, "east");
  EXPECT_FALSE(seen.nodes[0].answered);
  EXPECT_NE(seen.nodes[0].trouble, "");
  EXPECT_TRUE(seen.nodes[1].answered);
  EXPECT_FALSE(seen.spans.empty());
  EXPECT_EQ(fetch("GET", std::string{"/trace/"} + their_trace + "?only=here").status, 200);
}

TEST_F(Trace, WithoutRecordingACallersTraceStillGoesOn) {
  start({}, false);
  EXPECT_EQ(buy_it("unknown").headers.find("traceresponse").value_or("").substr(3, 32), their_trace);
  EXPECT_FALSE(buy_it("disc", "").headers.find("traceresponse"));
  EXPECT_EQ(fetch("GET", std::string{"/trace/"} + their_trace).status, 404);
}

TEST_F(Trace, IsBegunForOneRequestOfSoManyAndForEachThatBringsOne) {
  start({}, true, 8);
  int begun = 0;
  for (int i = 0; i < 400; ++i) begun += int{fetch("GET", "/totals/all").headers.find("traceresponse").has_value()};
  EXPECT_GT(begun, 10);
  EXPECT_LT(begun, 150);
  EXPECT_TRUE(fetch("GET", "/totals/all", {}, theirs).headers.find("traceresponse"));
}

TEST_F(Trace, IsNeverBegunWhenNobodyWantsIt) {
  start({}, true, 0);
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(fetch("GET", "/totals/all").headers.find("traceresponse"));
  EXPECT_TRUE(fetch("GET", "/totals/all", {}, theirs).headers.find("traceresponse"));
}

TEST_F(Trace, IsNamedInErrorsOfServicesAndNotInThoseOfTheDoor) {
  start();
  const auto named = ::testing::HasSubstr(std::string{R"("trace_id":")"} + their_trace + "\"");
  for (const auto& [method, path, body, status] : {std::tuple{"POST", "/sales", "{", 400},
                                                   {"GET", "/sales/nothing", "", 404},
                                                   {"GET", "/sales/1?x=1", "", 400}}) {
    const auto said = fetch(method, path, body, theirs);
    EXPECT_EQ(said.status, status);
    EXPECT_THAT(said.body, named);
    EXPECT_EQ(said.headers.find("traceresponse").value_or("").substr(3, 32), their_trace);
  }
  for (const auto& [method, path, status] : {std::tuple{"GET", "/nowhere", 404}, {"DELETE", "/sales", 405}}) {
    const auto said = fetch(method, path, {}, theirs);
    EXPECT_EQ(said.status, status);
    EXPECT_THAT(said.body, ::testing::Not(::testing::HasSubstr("trace_id")));
    EXPECT_FALSE(said.headers.find("traceresponse"));
  }
}

}  // namespace
}  // namespace musiccorp::node
