#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "delivery/dead_letters.hpp"
#include "hospital/case_table.hpp"

/// What the hospital keeps about one dead letter. Payloads are entities of their own, so that a case stays small and
/// a change of its state never writes a payload again.
namespace musiccorp::hospital {

using base::instant;

/// The payload that came with the first death, or an edit of it. Numbered from 1.
struct payload_note {
  std::int32_t number = 1;
  std::int32_t version = 1;  ///< of the message type
  std::string message_id{};  ///< an edited message has an id of its own
  std::string by{};          ///< empty: nobody edited it
  std::string reason{};
  instant at{};

  static constexpr auto describe() {
    return describe_as("payload_note", 1, field("number", &payload_note::number),
                       field("version", &payload_note::version), field("message_id", &payload_note::message_id),
                       field("by", &payload_note::by, defaulted), field("reason", &payload_note::reason, defaulted),
                       field("at", &payload_note::at));
  }
};

/// A line of the case's own story: what people and the service did.
struct case_note {
  instant at{};
  std::string what{};  ///< "died", "healed", "replay", "edit", "discard", "keep", "refused", "discarded"
  std::string by{};    ///< a person, or the service that reported it
  std::string text{};  ///< the person's reason, or the service's
  std::int32_t replay = 0;

  static constexpr auto describe() {
    return describe_as("case_note", 1, field("at", &case_note::at), field("what", &case_note::what),
                       field("by", &case_note::by), field("text", &case_note::text, defaulted),
                       field("replay", &case_note::replay, defaulted));
  }
};

struct case_file {
  std::string case_id{};
  std::uint64_t version = 0;  ///< grows with each change
  case_state state = case_state::open;
  std::string service{};
  std::string upstream{};
  std::uint64_t seq = 0;
  std::int32_t replay = 0;  ///< number of the last one that was requested or reported
  std::string reason{};
  std::string error{};         ///< of the last death; may hold what the payload holds
  std::string masked_error{};  ///< the same without personal data; all that lists and groups ever show
  std::string group_id{};
  std::uint64_t attempts = 0;                               ///< all of them
  std::vector<delivery::attempt_record> attempt_records{};  ///< the first and the newest, in order
  std::uint64_t parked = 0;
  std::uint64_t followers_discarded = 0;
  instant first_failed_at{};
  instant last_failed_at{};
  instant opened_at{};
  instant closed_at{};  ///< 0: is not closed
  envelope message{};   ///< as the service has it, without its payload
  std::vector<payload_note> payloads{};
  std::int32_t payload_current = 0;          ///< number of the one that the service has
  std::int32_t payload_sent = 0;             ///< number of the one that the running replay tries
  std::vector<case_note> notes{};            ///< the newest, oldest first
  std::string batch_id{};                    ///< of the last batch that acted on it
  std::optional<std::int64_t> batch_item{};  ///< its place there while the batch waits for the outcome
  std::optional<instant> held_until{};       ///< the service hears of the discard then; nothing: none is held

  static constexpr auto describe() {
    return describe_as(
        "hospital.case", 1, key("case_id", &case_file::case_id), field("version", &case_file::version),
        field("state", &case_file::state), field("service", &case_file::service),
        field("upstream", &case_file::upstream), field("seq", &case_file::seq), field("replay", &case_file::replay),
        field("reason", &case_file::reason), field("error", &case_file::error, pii),
        field("masked_error", &case_file::masked_error), field("group_id", &case_file::group_id),
        field("attempts", &case_file::attempts), field("attempt_records", &case_file::attempt_records),
        field("parked", &case_file::parked), field("followers_discarded", &case_file::followers_discarded, defaulted),
        field("first_failed_at", &case_file::first_failed_at), field("last_failed_at", &case_file::last_failed_at),
        field("opened_at", &case_file::opened_at), field("closed_at", &case_file::closed_at),
        field("message", &case_file::message), field("payloads", &case_file::payloads),
        field("payload_current", &case_file::payload_current), field("payload_sent", &case_file::payload_sent),
        field("notes", &case_file::notes), field("batch_id", &case_file::batch_id),
        field("batch_item", &case_file::batch_item), field("held_until", &case_file::held_until));
  }
};

/// One payload of one case.
struct payload_text {
  std::string place{};  ///< case_id and number
  std::string payload{};

  static constexpr auto describe() {
    return describe_as("hospital.payload", 1, key("place", &payload_text::place),
                       field("payload", &payload_text::payload, pii));
  }
};

[[nodiscard]] inline std::string payload_place(const std::string& case_id, std::int32_t number) {
  return case_id + "/" + std::to_string(number);
}

/// The first message of the conversation that the dead letter belongs to.
[[nodiscard]] inline const std::string& conversation_of(const case_file& one) {
  return one.message.correlation.empty() ? one.message.id : one.message.correlation;
}

}  // namespace musiccorp::hospital
