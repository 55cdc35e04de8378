#include "request/reply.hpp"

#include <optional>
#include <vector>

#include "describe/json.hpp"

namespace musiccorp::request {
namespace {

constexpr std::string_view rejected_type = "rejected";
constexpr std::string_view fault_type = "fault";

struct rejected_body {
  std::string text;
  std::string pointer;
  std::string found;
  int status = 0;
  std::string wanted;

  static constexpr auto describe() {
    return describe_as("rejected", 1, field("text", &rejected_body::text), field("pointer", &rejected_body::pointer),
                       field("found", &rejected_body::found), field("status", &rejected_body::status),
                       field("wanted", &rejected_body::wanted, defaulted));
  }
};

struct problem_body {
  std::string pointer;
  std::string found;
  std::string wanted;

  static constexpr auto describe() {
    return describe_as("problem", 1, field("pointer", &problem_body::pointer), field("found", &problem_body::found),
                       field("wanted", &problem_body::wanted));
  }
};

struct fault_body {
  std::string kind;
  std::string text;
  std::vector<problem_body> problems;
  std::optional<std::int64_t> retry_after_ms;

  static constexpr auto describe() {
    return describe_as("fault", 1, field("kind", &fault_body::kind), field("text", &fault_body::text),
                       field("problems", &fault_body::problems),
                       field("retry_after_ms", &fault_body::retry_after_ms));
  }
};

message::envelope carrying(std::string_view type, std::string payload) {
  message::envelope made;
  made.type = type;
  made.payload = std::move(payload);
  return made;
}

message::envelope write(const answer& said) {
  auto made = carrying(said.type, said.payload);
  made.version = said.version;
  made.key = said.key;
  return made;
}

message::envelope write(const base::rejected& said) {
  return carrying(rejected_type,
                  describe::to_json(rejected_body{said.text, said.pointer, said.found, said.status, said.wanted}));
}

message::envelope write(const base::fault& said) {
  fault_body body{std::string{base::name_of(said.kind)}, said.text, {}, {}};
  for (const auto& one : said.problems) body.problems.push_back({one.pointer, one.found, one.wanted});
  if (said.retry_after) body.retry_after_ms = said.retry_after->count();
  return carrying(fault_type, describe::to_json(body));
}

base::fault unreadable(const base::fault& why) {
  return {base::fault_kind::internal, "a reply cannot be read: " + why.text, {}, {}};
}

}  // namespace

message::envelope to_envelope(const reply& said) {
  return std::visit([](const auto& one) { return write(one); }, said);
}

reply read_reply(const message::envelope& message) {
  if (message.type == rejected_type) {
    auto body = describe::from_json<rejected_body>(message.payload);
    if (!body) return unreadable(body.error());
    return base::rejected{body->text, body->pointer, body->found, body->status, body->wanted};
  }
  if (message.type == fault_type) {
    auto body = describe::from_json<fault_body>(message.payload);
    if (!body) return unreadable(body.error());
    base::fault said{base::fault_kind_named(body->kind), body->text, {}, {}};
    for (auto& one : body->problems) said.problems.push_back({one.pointer, one.found, one.wanted});
    if (body->retry_after_ms) said.retry_after = std::chrono::milliseconds{*body->retry_after_ms};
    return said;
  }
  return answer{message.type, message.version, message.key, message.payload};
}

}  // namespace musiccorp::request
