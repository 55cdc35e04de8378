#include "service/remote_frames.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
