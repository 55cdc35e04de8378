#include "service/remote_frames.hpp"

#include <algorithm>

#include "describe/json.hpp"

namespace musiccorp::service {
namespace {

/// The part of a stream that a batch tells.
struct batch_head {
  std::uint64_t after = 0;
  std::uint64_t upto = 0;
  std::string generation;
  static constexpr auto describe() {
    return describe_as("batch_head", 1, field("after", &batch_head::after), field("upto", &batch_head::upto),
                       field("generation", &batch_head::generation, defaulted));
  }
};
struct ack_head {
  std::uint64_t upto = 0;
  std::uint64_t received = 0;
  static constexpr auto describe() {
    return describe_as("ack_head", 1, field("upto", &ack_head::upto), field("received", &ack_head::received));
  }
};
struct subscribe_head {
  std::vector<std::string> types;
  std::uint64_t after = 0;
  std::uint64_t window_messages = 0;
  std::uint64_t window_bytes = 0;
  std::uint64_t received = 0;
  std::uint32_t partition = 0;
  std::uint32_t partitions = 1;
  std::vector<std::string> everywhere;
  std::string generation;
  static constexpr auto describe() {
    return describe_as(
        "subscribe_head", 1, field("types", &subscribe_head::types), field("after", &subscribe_head::after),
        field("window_messages", &subscribe_head::window_messages),
        field("window_bytes", &subscribe_head::window_bytes), field("received", &subscribe_head::received),
        field("partition", &subscribe_head::partition, defaulted, between(0, delivery::key_slots - 1)),
        field("partitions", &subscribe_head::partitions, defaulted, between(1, delivery::key_slots)),
        field("everywhere", &subscribe_head::everywhere, defaulted),
        field("generation", &subscribe_head::generation, defaulted));
  }
};
struct request_head {
  std::uint64_t token = 0;
  std::int64_t time_left_us = 0;
  static constexpr auto describe() {
    return describe_as("request_head", 1, field("token", &request_head::token),
                       field("time_left_us", &request_head::time_left_us));
  }
};
struct reply_head {
  std::uint64_t token = 0;
  static constexpr auto describe() { return describe_as("reply_head", 1, field("token", &reply_head::token)); }
};

constexpr std::string_view hello_kind = "hello", subscribe_kind = "subscribe", batch_kind = "batch", ack_kind = "ack",
                           request_kind = "request", reply_kind = "reply";

struct packer {
  cluster::parcel made;

  void kind(std::string_view name) { made.kind = name; }
  template <describe::described Head>
  void head(const Head& head) {
    made.head = describe::to_json(head);
  }
  void operator()(delivery::hello&) { kind(hello_kind); }
  void operator()(delivery::subscribe& frame) {
    kind(subscribe_kind);
    head(subscribe_head{std::move(frame.types), frame.after, frame.window_messages, frame.window_bytes,
                        frame.received, frame.share.index, frame.share.partitions, std::move(frame.share.everywhere),
                        std::move(frame.generation)});
  }
  void operator()(delivery::batch& frame) {
    kind(batch_kind);
    head(batch_head{frame.after, frame.upto, std::move(frame.generation)});
    made.messages = std::move(frame.messages);
  }
  void operator()(delivery::ack& frame) {
    kind(ack_kind);
    head(ack_head{frame.upto, frame.received});
  }
  void operator()(remote_request& frame) {
    kind(request_kind);
    head(request_head{frame.token, frame.time_left.count()});
    made.messages.push_back(std::move(frame.message));
  }
  void operator()(remote_reply& frame) {
    kind(reply_kind);
    head(reply_head{frame.token});
    made.messages.push_back(std::move(frame.message));
  }
};

auto refused(const cluster::parcel& parcel, const std::string& why) {
  return failure(fault_kind::invalid,
                 "a " + parcel.kind + " from " + parcel.from + " for " + parcel.to + ": " + std::move(why));
}

template <describe::described Head>
result<Head> head_of(const cluster::parcel& parcel) {
  auto head = describe::from_json<Head>(parcel.head);
  if (!head) return refused(parcel, head.error().text);
  return head;
}

result<remote_frame> read_batch(cluster::parcel& parcel) {
  auto head = head_of<batch_head>(parcel);
  if (!head) return failure(head.error());
  auto before = head->after;
  for (const auto& one : parcel.messages) {
    if (one.seq <= before || one.seq > head->upto) return refused(parcel, "its messages are out of order");
    if (one.source != parcel.from) return refused(parcel, "a message of " + one.source + " is in it");
    before = one.seq;
  }
  if (head->upto < head->after) return refused(parcel, "it ends before it begins");
  return delivery::batch{parcel.from, head->after, head->upto, std::move(parcel.messages),
                         std::move(head->generation)};
}

result<remote_frame> read_subscribe(const cluster::parcel& parcel) {
  auto head = head_of<subscribe_head>(parcel);
  if (!head) return failure(head.error());
  return delivery::subscribe{parcel.from,
                             std::move(head->types),
                             head->after,
                             head->window_messages,
                             head->window_bytes,
                             head->received,
                             {head->partition, head->partitions, std::move(head->everywhere)},
                             std::move(head->generation)};
}

}  // namespace

cluster::parcel to_parcel(std::string from, std::string to, remote_frame frame) {
  packer pack;
  pack.made.from = std::move(from);
  pack.made.to = std::move(to);
  std::visit(pack, frame);
  return std::move(pack.made);
}

result<remote_frame> read_frame(cluster::parcel&& parcel) {
  const bool is_request = parcel.kind == request_kind, is_reply = parcel.kind == reply_kind;
  if (!cluster::node_of(parcel.from).empty() != is_request) return refused(parcel, "nobody there says such things");
  const auto wanted = std::size_t{is_request || is_reply};
  if (parcel.kind != batch_kind && parcel.messages.size() != wanted)
    return refused(parcel, std::to_string(parcel.messages.size()) + " messages in it");
  if (parcel.kind == batch_kind) return read_batch(parcel);
  if (parcel.kind == subscribe_kind) return read_subscribe(parcel);
  if (parcel.kind == hello_kind) return delivery::hello{std::move(parcel.from)};
  if (parcel.kind == ack_kind) {
    const auto head = head_of<ack_head>(parcel);
    if (!head) return failure(head.error());
    return delivery::ack{std::move(parcel.from), head->upto, head->received};
  }
  if (is_request) {
    const auto head = head_of<request_head>(parcel);
    if (!head) return failure(head.error());
    return remote_request{head->token, base::duration{head->time_left_us}, std::move(parcel.messages.front())};
  }
  if (is_reply) {
    const auto head = head_of<reply_head>(parcel);
    if (!head) return failure(head.error());
    return remote_reply{head->token, std::move(parcel.messages.front())};
  }
  return refused(parcel, "this kind is not known here");
}

}  // namespace musiccorp::service
