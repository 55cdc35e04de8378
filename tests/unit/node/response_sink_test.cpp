#include "node/response_sink.hpp"

#include <gtest/gtest.h>

#include <caf/all.hpp>
#include <thread>

#include "service/cell_types.hpp"

namespace musiccorp::node {
namespace {

using namespace std::chrono_literals;

struct sink_config : caf::actor_system_config {
  sink_config() { add_message_types<caf::id_block::musiccorp>(); }
};

class ResponseSink : public ::testing::Test {
 protected:
  static void reply(const caf::actor& to, std::uint64_t token) {
    caf::anon_send(
        to, service::reply_message{token, request::to_envelope(request::answer{"done", 1, "", R"({"amount":1})"})});
  }
  std::uint64_t expect(base::instant deadline) {
    return sink->expect(deadline, [this](const request::reply& said) {
      ++(std::holds_alternative<request::answer>(said) ? answered : expired);
    });
  }

  sink_config config;
  caf::actor_system system{config};
  std::unique_ptr<response_sink> sink = std::make_unique<response_sink>(system);
  std::atomic<int> answered{0};
  std::atomic<int> expired{0};
  const base::instant soon{1s};
};

TEST_F(ResponseSink, AReplyReachesItsRequestOnce) {
  const auto token = expect(soon);
  expect(soon);
  EXPECT_EQ(sink->pending(), 2U);
  reply(sink->address(), token);
  reply(sink->address(), token);
  reply(sink->address(), 99);
  EXPECT_EQ(answered, 1);
  EXPECT_EQ(sink->pending(), 1U);
}

TEST_F(ResponseSink, ARequestEndsAtItsDeadlineAndALateReplyIsIgnored) {
  const auto token = expect(soon);
  EXPECT_EQ(sink->expire(soon - 1us), 0U);
  EXPECT_EQ(sink->expire(soon), 1U);
  reply(sink->address(), token);
  EXPECT_EQ(expired, 1);
  EXPECT_EQ(answered, 0);
}

TEST_F(ResponseSink, OtherMessagesAreIgnored) {
  expect(soon);
  caf::anon_send(sink->address(), std::string{"what is this"});
  EXPECT_EQ(sink->pending(), 1U);
}

TEST_F(ResponseSink, AReplyAfterItsEndReachesNobody) {
  const auto token = expect(soon);
  const auto address = sink->address();
  sink.reset();
  reply(address, token);
  EXPECT_EQ(answered, 0);
}

TEST_F(ResponseSink, EveryRequestEndsOnceWhenRepliesRaceWithTheDeadline) {
  constexpr int requests = 5'000;
  std::vector<std::uint64_t> tokens;
  for (int i = 0; i < requests; ++i) tokens.push_back(expect(soon));
  {
    std::jthread first{[&] {
      for (const auto token : tokens) reply(sink->address(), token);
    }};
    std::jthread second{[&] {
      for (auto token = tokens.rbegin(); token != tokens.rend(); ++token) reply(sink->address(), *token);
    }};
    sink->expire(soon);
  }
  EXPECT_EQ(answered + expired, requests);
  EXPECT_EQ(sink->pending(), 0U);
}

TEST_F(ResponseSink, MayEndWhileRepliesArrive) {
  const auto address = sink->address();
  const auto token = expect(soon);
  std::jthread replier{[&] {
    for (int i = 0; i < 5'000; ++i) reply(address, token);
  }};
  sink.reset();
  replier.join();
  EXPECT_LE(answered, 1);
}

}  // namespace
}  // namespace musiccorp::node
