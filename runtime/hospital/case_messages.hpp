#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "hospital/case_file.hpp"
#include "hospital/limits.hpp"

/// What people ask about cases, what they order, and what they are shown. Personal data is masked everywhere unless
/// the struct says otherwise.
namespace musiccorp::hospital {

/// The fields of a base struct, then more.
template <class Base, class... Fields>
constexpr auto describe_with(std::string_view name, int version, Fields... more) {
  return std::apply([&](auto... fields) { return describe::describe_as(name, version, fields..., more...); },
                    Base::describe().fields);
}

/// All conditions that are given hold.
struct case_filter {
  std::optional<std::string> service{};
  std::optional<std::string> type{};
  std::optional<std::string> reason{};
  std::optional<std::string> key{};
  std::optional<case_state> state{};
  std::optional<std::string> group{};
  std::optional<instant> since{};
  std::optional<instant> until{};
  std::optional<std::string> text{};

  static constexpr auto describe() {
    return describe_as(
        "case_filter", 1, field("service", &case_filter::service, filter_length),
        field("type", &case_filter::type, filter_length, "of the message"),
        field("reason", &case_filter::reason, filter_length), field("key", &case_filter::key, filter_length),
        field("state", &case_filter::state), field("group", &case_filter::group, filter_length, "group_id"),
        field("since", &case_filter::since, "opened then or later"),
        field("until", &case_filter::until, "opened before"),
        field("text", &case_filter::text, filter_length,
              "somewhere in case_id, service, type, key, reason or the masked error; never in payloads"));
  }
};

/// Query: cases, newest first. A page may be short or empty and still have a next_page_token: a request looks through
/// a limited number of cases.
struct list_cases : case_filter {
  std::int64_t page_size = 50;
  std::string page_token{};

  static constexpr auto describe() {
    return describe_with<case_filter>("list_cases", 1,
                                      field("page_size", &list_cases::page_size, defaulted, page_size_limits),
                                      field("page_token", &list_cases::page_token, defaulted, page_token_length));
  }
};

struct case_summary {
  std::string case_id{};
  std::uint64_t version = 0;
  std::string service{};
  std::string type{};
  std::string key{};
  std::string reason{};
  case_state state = case_state::open;
  std::uint64_t attempts = 0;
  std::string error{};
  instant first_failed_at{};
  instant last_failed_at{};
  instant opened_at{};
  std::optional<instant> closed_at{};
  std::int32_t replay = 0;
  std::uint64_t parked = 0;
  std::string group_id{};

  static constexpr auto describe() {
    return describe_as(
        "case_summary", 1, field("case_id", &case_summary::case_id),
        field("version", &case_summary::version, "an action names it, so that nobody acts on what has changed"),
        field("service", &case_summary::service, "that could not handle it"), field("type", &case_summary::type),
        musiccorp::field("key", &case_summary::key), field("reason", &case_summary::reason),
        field("state", &case_summary::state), field("attempts", &case_summary::attempts, "all of them"),
        field("error", &case_summary::error, "personal data is masked"),
        field("first_failed_at", &case_summary::first_failed_at),
        field("last_failed_at", &case_summary::last_failed_at), field("opened_at", &case_summary::opened_at),
        field("closed_at", &case_summary::closed_at),
        field("replay", &case_summary::replay, "number of the last replay; 0: none yet"),
        field("parked", &case_summary::parked,
              "messages of its key that waited behind it at its last death; the case alone shows those of now"),
        field("group_id", &case_summary::group_id));
  }
};

struct case_page {
  std::vector<case_summary> cases{};
  std::string next_page_token{};
  std::uint64_t looked_at = 0;

  static constexpr auto describe() {
    return describe_as("case_page", 1, field("cases", &case_page::cases),
                       field("next_page_token", &case_page::next_page_token, "empty at the end"),
                       field("looked_at", &case_page::looked_at, "cases that were compared with the filter"));
  }
};

struct show_case {
  std::string case_id{};

  static constexpr auto describe() {
    return describe_as("show_case", 1, key("case_id", &show_case::case_id, id_length));
  }
};

/// A payload as it may be shown.
struct payload_view {
  std::optional<describe::raw_json> payload{};
  std::string payload_text{};
  std::string hidden{};

  static constexpr auto describe() {
    return describe_as("payload_view", 1, field("payload", &payload_view::payload),
                       field("payload_text", &payload_view::payload_text, "when it is revealed and no JSON"),
                       field("hidden", &payload_view::hidden, "why it is not shown; empty: it is"));
  }
};

/// The envelope and its payload.
struct message_view : payload_view {
  std::string id{};
  std::string type{};
  std::int32_t version = 1;
  std::string key{};
  std::string source{};
  std::uint64_t seq = 0;
  std::string to{};
  std::string correlation{};
  std::string causation{};
  std::string traceparent{};
  instant occurred{};
  std::optional<instant> expires{};
  std::string reply_to{};
  std::string answers{};
  std::string idempotency{};

  static constexpr auto describe() {
    return describe_with<payload_view>(
        "message_view", 1, field("id", &message_view::id), field("type", &message_view::type),
        field("version", &message_view::version), musiccorp::field("key", &message_view::key),
        field("source", &message_view::source), field("seq", &message_view::seq), field("to", &message_view::to),
        field("correlation", &message_view::correlation), field("causation", &message_view::causation),
        field("traceparent", &message_view::traceparent), field("occurred", &message_view::occurred),
        field("expires", &message_view::expires), field("reply_to", &message_view::reply_to),
        field("answers", &message_view::answers), field("idempotency", &message_view::idempotency));
  }
};

struct payload_version : payload_view {
  std::int32_t number = 1;
  std::int32_t edit_of = 0;
  std::string message_id{};
  std::string by{};
  std::string reason{};
  instant at{};
  bool is_current = false;

  static constexpr auto describe() {
    return describe_with<payload_view>(
        "payload_version", 1, field("number", &payload_version::number),
        field("edit_of", &payload_version::edit_of, "the version before it; 0: the original"),
        field("message_id", &payload_version::message_id),
        field("by", &payload_version::by, "empty: nobody edited it"), field("reason", &payload_version::reason),
        field("at", &payload_version::at),
        field("is_current", &payload_version::is_current, "the service has this one"));
  }
};

/// What waits behind a case now, as its service says.
struct followers_view {
  std::uint64_t count = 0;
  std::vector<delivery::parked_message> first{};

  static constexpr auto describe() {
    return describe_as("followers_view", 1, field("count", &followers_view::count),
                       field("first", &followers_view::first, "of them, in order; at most 20"));
  }
};

struct case_detail : case_summary {
  std::string upstream{};
  std::uint64_t seq = 0;
  message_view message{};
  std::vector<payload_version> payloads{};
  std::vector<delivery::attempt_record> attempt_records{};
  std::vector<case_note> notes{};
  std::string batch_id{};
  std::optional<followers_view> followers{};
  std::uint64_t followers_discarded = 0;
  std::optional<instant> held_until{};
  bool is_revealed = false;

  static constexpr auto describe() {
    return describe_with<case_summary>(
        "case_detail", 1, field("upstream", &case_detail::upstream, "whose log the message is from"),
        field("seq", &case_detail::seq), field("message", &case_detail::message, "as the service has it"),
        field("payloads", &case_detail::payloads, "the original and each edit"),
        field("attempt_records", &case_detail::attempt_records, "the first and the newest ones"),
        field("notes", &case_detail::notes, "what was done to it, oldest first"),
        field("batch_id", &case_detail::batch_id, "of the last batch that acted on it"),
        field("followers", &case_detail::followers,
              "messages of its key that are parked behind it now; missing: its service did not say so in time"),
        field("followers_discarded", &case_detail::followers_discarded),
        field("held_until", &case_detail::held_until, "its discard can be taken back until then"),
        field("is_revealed", &case_detail::is_revealed, "personal data is not masked"));
  }
};

inline constexpr std::string_view nobody_named = "operator";

/// Query with a trace: one case with its personal data. Leaves a line in the audit trail.
struct reveal_case {
  std::string case_id{};
  std::string by{nobody_named};
  std::string reason{};

  static constexpr auto describe() {
    return describe_as("reveal_case", 1, key("case_id", &reveal_case::case_id, id_length),
                       field("by", &reveal_case::by, defaulted, name_length, "who asks"),
                       field("reason", &reveal_case::reason, reason_length));
  }
};

/// Command: try it again, at the service that failed, with its id and its place in the order of its key.
struct replay_case {
  std::string case_id{};
  std::uint64_t version = 0;
  std::string by{nobody_named};
  std::string reason{};

  static constexpr auto describe() {
    return describe_as("replay_case", 1, key("case_id", &replay_case::case_id, id_length),
                       field("version", &replay_case::version, "of the case, as last seen"),
                       field("by", &replay_case::by, defaulted, name_length),
                       field("reason", &replay_case::reason, defaulted, optional_reason_length));
  }
};

/// Command: bury it.
struct discard_case {
  std::string case_id{};
  std::uint64_t version = 0;
  std::string by{nobody_named};
  std::string reason{};
  bool with_followers = false;
  std::int64_t held_s = 0;

  static constexpr auto describe() {
    return describe_as("discard_case", 1, key("case_id", &discard_case::case_id, id_length),
                       field("version", &discard_case::version, "of the case, as last seen"),
                       field("by", &discard_case::by, defaulted, name_length),
                       field("reason", &discard_case::reason, reason_length),
                       field("with_followers", &discard_case::with_followers, defaulted,
                             "also what is parked behind it; else that goes on"),
                       field("held_s", &discard_case::held_s, defaulted, held_limits,
                             "the service hears of it after so many seconds; until then keep takes it back"));
  }
};

/// Command: do not bury it after all. Only while its discard is held.
struct keep_case {
  std::string case_id{};
  std::uint64_t version = 0;
  std::string by{nobody_named};
  std::string reason{};

  static constexpr auto describe() {
    return describe_as("keep_case", 1, key("case_id", &keep_case::case_id, id_length),
                       field("version", &keep_case::version, "of the case, as last seen"),
                       field("by", &keep_case::by, defaulted, name_length),
                       field("reason", &keep_case::reason, defaulted, optional_reason_length));
  }
};

/// Durable request of the hospital to itself: the discard was held long enough.
struct bury_case {
  std::string case_id{};
  std::uint64_t version = 0;
  bool with_followers = false;

  static constexpr auto describe() {
    return describe_as("bury_case", 1, key("case_id", &bury_case::case_id),
                       field("version", &bury_case::version, "of the case, with the discard"),
                       field("with_followers", &bury_case::with_followers));
  }
};

/// Command: try it again with this payload, which is checked first. The edited message has a new id and is linked to
/// the old one; only the service that failed gets it. The payload is of the version that this program knows, whatever
/// version died.
struct edit_case {
  std::string case_id{};
  std::uint64_t version = 0;
  std::string by{nobody_named};
  std::string reason{};
  describe::raw_json payload{};

  static constexpr auto describe() {
    return describe_as("edit_case", 1, key("case_id", &edit_case::case_id, id_length),
                       field("version", &edit_case::version, "of the case, as last seen"),
                       field("by", &edit_case::by, defaulted, name_length),
                       field("reason", &edit_case::reason, reason_length), field("payload", &edit_case::payload));
  }
};

}  // namespace musiccorp::hospital
