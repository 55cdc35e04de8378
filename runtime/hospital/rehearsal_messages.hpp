#pragma once

#include "hospital/case_messages.hpp"

namespace musiccorp::hospital {

/// Query: what would a replay do now?
struct show_rehearsal {
  std::string case_id{};

  static constexpr auto describe() {
    return describe_as("show_rehearsal", 1, key("case_id", &show_rehearsal::case_id, id_length));
  }
};

/// The same with another payload, or with personal data shown; that leaves a line in the audit trail.
struct rehearse_case {
  std::string case_id{};
  std::optional<describe::raw_json> payload{};
  bool reveal = false;
  std::string by{nobody_named};
  std::string reason{};

  static constexpr auto describe() {
    return describe_as(
        "rehearse_case", 1, key("case_id", &rehearse_case::case_id, id_length),
        field("payload", &rehearse_case::payload, "instead of its own"),
        field("reveal", &rehearse_case::reveal, defaulted), field("by", &rehearse_case::by, defaulted, name_length),
        field("reason", &rehearse_case::reason, defaulted, optional_reason_length, "needed for reveal"));
  }
};

struct write_view {
  std::string type{};
  std::string key{};
  std::string change{};
  std::optional<describe::raw_json> body{};

  static constexpr auto describe() {
    return describe_as("write_view", 1, field("type", &write_view::type), musiccorp::field("key", &write_view::key),
                       field("change", &write_view::change, "saved or erased"),
                       field("body", &write_view::body, "only when revealed: nothing says what is personal in it"));
  }
};

struct sending_view : payload_view {
  std::string type{};
  std::int32_t version = 1;
  std::string key{};
  std::string to{};

  static constexpr auto describe() {
    return describe_with<payload_view>(
        "sending_view", 1, field("type", &sending_view::type), field("version", &sending_view::version),
        musiccorp::field("key", &sending_view::key), field("to", &sending_view::to, "empty: an event"));
  }
};

struct rehearsal_view {
  std::string case_id{};
  std::string outcome{};
  std::string text{};
  std::vector<write_view> writes{};
  std::vector<sending_view> messages{};
  std::vector<std::string> followers{};
  bool is_revealed = false;

  static constexpr auto describe() {
    return describe_as(
        "rehearsal_view", 1, musiccorp::key("case_id", &rehearsal_view::case_id),
        field("outcome", &rehearsal_view::outcome, "done, answer, rejected, not_yet, or the kind of trouble"),
        field("text", &rehearsal_view::text), field("writes", &rehearsal_view::writes),
        field("messages", &rehearsal_view::messages),
        field("followers", &rehearsal_view::followers, "ids of what is parked behind it, in order"),
        field("is_revealed", &rehearsal_view::is_revealed));
  }
};

}  // namespace musiccorp::hospital
