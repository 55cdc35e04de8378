#include "service/remote_frames.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace musiccorp::service {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

message::envelope numbered(std::uint64_t seq, std::string source = "order") {
  message::envelope made;
  made.id = "message-" + std::to_string(seq);
  made.type = "order.placed";
  made.source = std::move(source);
  made.seq = seq;
  made.payload = R"({"order_id":"1"})";
  return made;
}

remote_frame there_and_back(const remote_frame& frame, const std::string& from) {
  auto read = read_frame(to_parcel(from, "payment", frame));
  EXPECT_TRUE(read) << read.error().text;
  return read ? *read : remote_frame{};
}

TEST(RemoteFrames, SurviveTheWay) {
  const std::vector<std::pair<std::string, remote_frame>> all{
      {"order", delivery::hello{"order"}},
      {"order/2", delivery::subscribe{"order/2", {"payment.received", "payment.declined"}, 17, 1024, 1U << 20U, 15}},
      {"order", delivery::batch{"order", 4, 9, {numbered(5), numbered(9)}}},
      {"order", delivery::batch{"order", 4, 9, {}}},
      {"order", delivery::ack{"order", 12, 9}},
      {"@north", remote_request{7, 250ms, numbered(0, "http")}},
      {"@south", remote_request{8, 1s, numbered(0)}},
      {"payment", remote_reply{7, numbered(0, "payment")}}};
  for (const auto& [from, frame] : all) EXPECT_EQ(there_and_back(frame, from), frame) << frame.index();
}

TEST(RemoteFrames, ReadHeadsOfNewerNodes) {
  auto parcel = to_parcel("order", "payment", delivery::ack{"order", 12});
  parcel.head = R"({"upto":12,"received":9,"mood":"good"})";
  EXPECT_EQ(read_frame(std::move(parcel)).value(), remote_frame{(delivery::ack{"order", 12, 9})});
}

/// Each kind of parcel as the former version wrote it (tests/unit/service/former_parcels.json): it is read, and what
/// is said today has all that the former version looks for.
TEST(RemoteFrames, AreUnderstoodByTheFormerVersionAndUnderstandIt) {
  const auto all = nlohmann::json::parse(
      std::ifstream{std::string{MUSICCORP_SOURCE_DIR} + "/tests/unit/service/former_parcels.json"});
  ASSERT_EQ(all.size(), std::variant_size_v<remote_frame>) << "a kind is missing";
  for (const auto& one : all) {
    const auto kind = one.at("kind").get<std::string>(), head = one.at("head").get<std::string>();
    SCOPED_TRACE(kind);
    cluster::parcel then{.from = one.at("from"), .to = "order", .kind = kind, .head = head};
    for (std::uint64_t i = 0; i < one.at("messages"); ++i) then.messages.push_back(numbered(5 + i, "payment"));
    auto read = read_frame(cluster::parcel{then});
    ASSERT_TRUE(read) << read.error().text;
    const auto now = to_parcel(then.from, then.to, std::move(*read));
    EXPECT_EQ(now.kind, then.kind);
    EXPECT_EQ(now.messages, then.messages);
    if (head.empty()) continue;
    const auto said = nlohmann::json::parse(now.head), wanted = nlohmann::json::parse(head);
    for (const auto& [name, value] : wanted.items())
      EXPECT_EQ(said.value(name, nlohmann::json{}), value) << name << " is missing, or is another thing now";
  }
}

std::string refusal_of(cluster::parcel parcel) {
  const auto read = read_frame(std::move(parcel));
  return read ? std::string{} : read.error().text;
}

TEST(RemoteFrames, RefuseWhatNoPartitionWouldSay) {
  const auto batch = [](std::uint64_t after, std::uint64_t upto, std::vector<message::envelope> messages) {
    return to_parcel("order", "payment", delivery::batch{"order", after, upto, std::move(messages)});
  };
  EXPECT_THAT(refusal_of(batch(4, 9, {numbered(9), numbered(5)})), HasSubstr("out of order"));
  EXPECT_THAT(refusal_of(batch(4, 9, {numbered(4)})), HasSubstr("out of order"));
  EXPECT_THAT(refusal_of(batch(4, 9, {numbered(10)})), HasSubstr("out of order"));
  EXPECT_THAT(refusal_of(batch(9, 4, {})), HasSubstr("ends before it begins"));
  EXPECT_THAT(refusal_of(batch(4, 9, {numbered(5, "fraud")})), HasSubstr("a message of fraud is in it"));

  auto parcel = batch(4, 9, {});
  parcel.kind = "parade";
  EXPECT_THAT(refusal_of(parcel), HasSubstr("not known"));
  parcel.kind = "hello";
  parcel.from = "@north";
  EXPECT_THAT(refusal_of(parcel), HasSubstr("nobody there says such things"));
  parcel.from = "order";
  parcel.kind = "request";
  EXPECT_THAT(refusal_of(parcel), HasSubstr("nobody there says such things"));
  for (const auto* kind : {"batch", "ack", "subscribe"}) {
    parcel = batch(4, 9, {});
    parcel.kind = kind;
    parcel.head = R"({"upto":"many"})";
    EXPECT_THAT(refusal_of(parcel), HasSubstr("a " + std::string{kind} + " from order for payment: ")) << kind;
    parcel.head = "\x01\x02";
    EXPECT_NE(refusal_of(parcel), "") << kind;
  }
  for (const auto* kind : {"request", "reply"}) {
    parcel = batch(4, 9, {});
    parcel.kind = kind;
    if (parcel.kind == "request") parcel.from = "@north";
    EXPECT_THAT(refusal_of(parcel), HasSubstr("0 messages in it"));
    parcel.messages = {numbered(1), numbered(2)};
    EXPECT_THAT(refusal_of(parcel), HasSubstr("2 messages in it"));
  }
}

}  // namespace
}  // namespace musiccorp::service
