#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "describe/shape.hpp"
#include "message/envelope.hpp"

/// What services and the hospital say to each other about dead letters. All of it travels through logs like any other
/// message, in the commit that it tells of, so that a hospital that is away for a day misses nothing. The key of each
/// is the case, so that everything about one case arrives in its order.
///
/// One dead letter has one place: the waiting room of the service that could not handle it. The hospital keeps the
/// story, decides nothing about delivery, and asks the service to act.
namespace musiccorp::delivery {

using base::instant;
using message::envelope;

/// The case of one message at one service: "payment.order.42" is the 42nd message of order's log, dead at payment.
[[nodiscard]] inline std::string case_id_of(std::string_view service, std::string_view upstream, std::uint64_t seq) {
  return std::string{service} + "." + std::string{upstream} + "." + std::to_string(seq);
}

/// The upstream of messages that came through no log and can't be tried again: what a cell could not understand.
inline constexpr std::string_view stray_upstream = "stray";

/// One try at handling a message: a failed one, or the one that healed it.
struct attempt_record {
  std::int32_t number = 0;  ///< from 1 over the message's whole life, replays included
  std::int32_t replay = 0;  ///< the replay in which it happened; 0: before any
  instant started{};
  instant ended{};
  std::string outcome{};    ///< "retried", "died", "killed the process", "healed"
  std::string kind{};       ///< a fault kind's name; empty: it healed
  std::string text{};       ///< what the rule or the runtime said; may hold what the message holds
  std::string backtrace{};  ///< one frame a line, innermost first; empty: there is none
  std::string node{};
  std::string version{};  ///< of the program

  friend bool operator==(const attempt_record&, const attempt_record&) = default;
  static constexpr auto describe() {
    return describe_as(
        "attempt_record", 1, field("number", &attempt_record::number),
        field("replay", &attempt_record::replay, defaulted), field("started", &attempt_record::started),
        field("ended", &attempt_record::ended), field("outcome", &attempt_record::outcome),
        field("kind", &attempt_record::kind), field("text", &attempt_record::text),
        field("backtrace", &attempt_record::backtrace, defaulted), field("node", &attempt_record::node, defaulted),
        field("version", &attempt_record::version, defaulted));
  }
};

/// Event: this message will not be tried again unless somebody says so. Said again for each replay that failed.
struct message_died {
  std::string case_id{};
  std::string service{};   ///< that could not handle it
  std::string upstream{};  ///< whose log it is from
  std::uint64_t seq = 0;
  std::int32_t replay = 0;  ///< the replay that failed; 0: the first death
  std::string reason{};     ///< label value of runtime_dead_letters_total: "attempts", "handler_crash", "schema" ...
  std::string error{};      ///< the last attempt's text
  std::uint64_t attempts_made = 0;         ///< all of them, those no longer listed included
  std::vector<attempt_record> attempts{};  ///< the first and the newest ones, in order
  std::uint64_t parked = 0;                ///< messages of its key that wait behind it now
  instant first_failed{};
  instant died{};
  envelope message{};

  static constexpr auto describe() {
    return describe_as(
        "message.died", 1, key("case_id", &message_died::case_id), field("service", &message_died::service),
        field("upstream", &message_died::upstream), field("seq", &message_died::seq),
        field("replay", &message_died::replay, defaulted), field("reason", &message_died::reason),
        field("error", &message_died::error), field("attempts_made", &message_died::attempts_made, defaulted),
        field("attempts", &message_died::attempts, defaulted), field("parked", &message_died::parked, defaulted),
        field("first_failed", &message_died::first_failed), field("died", &message_died::died),
        field("message", &message_died::message));
  }
};

/// Event: a replay of this dead letter succeeded. What waited behind it goes on by itself.
struct message_healed {
  std::string case_id{};
  std::int32_t replay = 0;
  std::vector<attempt_record> attempts{};  ///< of this replay; the last one is the one that succeeded
  instant at{};

  static constexpr auto describe() {
    return describe_as("message.healed", 1, key("case_id", &message_healed::case_id),
                       field("replay", &message_healed::replay),
                       field("attempts", &message_healed::attempts, defaulted), field("at", &message_healed::at));
  }
};

/// Event: this dead letter is buried. `followers` of its key went with it; the others went on.
struct message_discarded {
  std::string case_id{};
  std::uint64_t followers = 0;
  instant at{};

  static constexpr auto describe() {
    return describe_as("message.discarded", 1, key("case_id", &message_discarded::case_id),
                       field("followers", &message_discarded::followers, defaulted),
                       field("at", &message_discarded::at));
  }
};

/// Event: the service could not do what the hospital asked, and nothing changed.
struct treatment_refused {
  std::string case_id{};
  std::string treatment{};  ///< "replay_message" or "discard_message"
  std::int32_t replay = 0;  ///< of a refused replay
  std::string reason{};

  static constexpr auto describe() {
    return describe_as("treatment.refused", 1, key("case_id", &treatment_refused::case_id),
                       field("treatment", &treatment_refused::treatment),
                       field("replay", &treatment_refused::replay, defaulted),
                       field("reason", &treatment_refused::reason));
  }
};

/// Durable request of the hospital to the service: try this dead letter again, with its id, its place in the order of
/// its key, and a fresh count of attempts. Answered by message.healed, message.died or treatment.refused.
struct replay_message {
  std::string case_id{};
  std::string upstream{};
  std::uint64_t seq = 0;
  std::int32_t replay = 0;  ///< number of this replay, from 1; one that is not newer than the last is refused
  std::string payload{};    ///< instead of the message's own; empty: unchanged
  std::string edited_id{};  ///< new id of an edited message; its causation becomes the old id. Empty: unchanged

  static constexpr auto describe() {
    return describe_as("replay_message", 1, key("case_id", &replay_message::case_id),
                       field("upstream", &replay_message::upstream), field("seq", &replay_message::seq),
                       field("replay", &replay_message::replay),
                       field("payload", &replay_message::payload, defaulted),
                       field("edited_id", &replay_message::edited_id, defaulted));
  }
};

/// Durable request: bury this dead letter. Answered by message.discarded or treatment.refused.
struct discard_message {
  std::string case_id{};
  std::string upstream{};
  std::uint64_t seq = 0;
  bool with_followers = false;  ///< also what is parked behind it now; else that goes on

  static constexpr auto describe() {
    return describe_as("discard_message", 1, key("case_id", &discard_message::case_id),
                       field("upstream", &discard_message::upstream), field("seq", &discard_message::seq),
                       field("with_followers", &discard_message::with_followers, defaulted));
  }
};

/// Query, answered with `rehearsal`: run the rule on this dead letter in a turn of which nothing is kept.
struct rehearse_message {
  std::string case_id{};
  std::string upstream{};
  std::uint64_t seq = 0;
  std::string payload{};  ///< instead of the message's own; empty: unchanged

  static constexpr auto describe() {
    return describe_as("rehearse_message", 1, key("case_id", &rehearse_message::case_id),
                       field("upstream", &rehearse_message::upstream), field("seq", &rehearse_message::seq),
                       field("payload", &rehearse_message::payload, defaulted));
  }
};

struct rehearsed_write {
  std::string type{};
  std::string key{};
  std::optional<describe::raw_json> body{};  ///< nothing: it would be erased

  static constexpr auto describe() {
    return describe_as("rehearsed_write", 1, field("type", &rehearsed_write::type),
                       field("key", &rehearsed_write::key), field("body", &rehearsed_write::body));
  }
};

struct rehearsed_message {
  std::string type{};
  std::int32_t version = 1;
  std::string key{};
  std::string to{};  ///< empty: an event
  describe::raw_json payload{};

  static constexpr auto describe() {
    return describe_as("rehearsed_message", 1, field("type", &rehearsed_message::type),
                       field("version", &rehearsed_message::version), field("key", &rehearsed_message::key),
                       field("to", &rehearsed_message::to, defaulted), field("payload", &rehearsed_message::payload));
  }
};

/// What a replay would do now.
struct rehearsal {
  std::string case_id{};
  std::string outcome{};  ///< "done", "answer", "rejected", "not_yet", or a fault kind's name
  std::string text{};     ///< of a no or of trouble
  std::vector<rehearsed_write> writes{};
  std::vector<rehearsed_message> messages{};
  std::vector<std::string> followers{};  ///< ids of the messages parked behind it, in order; at most 100

  static constexpr auto describe() {
    return describe_as("rehearsal", 1, key("case_id", &rehearsal::case_id), field("outcome", &rehearsal::outcome),
                       field("text", &rehearsal::text, defaulted), field("writes", &rehearsal::writes, defaulted),
                       field("messages", &rehearsal::messages, defaulted),
                       field("followers", &rehearsal::followers, defaulted));
  }
};

/// Query, answered with `lane_followers`: what is parked behind this message now? Of one that doesn't wait: nothing.
struct show_followers {
  std::string case_id{};
  std::string upstream{};
  std::uint64_t seq = 0;

  static constexpr auto describe() {
    return describe_as("show_followers", 1, key("case_id", &show_followers::case_id),
                       field("upstream", &show_followers::upstream), field("seq", &show_followers::seq));
  }
};

struct parked_message {
  std::string id{};
  std::string type{};
  std::uint64_t seq = 0;
  instant occurred{};

  static constexpr auto describe() {
    return describe_as("parked_message", 1, field("id", &parked_message::id), field("type", &parked_message::type),
                       field("seq", &parked_message::seq, "in the log of the same upstream"),
                       field("occurred", &parked_message::occurred));
  }
};

struct lane_followers {
  std::string case_id{};
  std::uint64_t count = 0;
  std::vector<parked_message> first{};  ///< in order; at most 20

  static constexpr auto describe() {
    return describe_as("lane_followers", 1, key("case_id", &lane_followers::case_id),
                       field("count", &lane_followers::count), field("first", &lane_followers::first));
  }
};

/// Query to the hospital: which of these conversations have an open case? Answers that were given under an
/// Idempotency-Key are kept as long as a case of their conversation is open.
struct open_conversations {
  std::vector<std::string> correlations{};

  static constexpr auto describe() {
    return describe_as("open_conversations", 1, field("correlations", &open_conversations::correlations));
  }
};

struct conversations_open {
  std::vector<std::string> correlations{};

  static constexpr auto describe() {
    return describe_as("conversations_open", 1, field("correlations", &conversations_open::correlations));
  }
};

}  // namespace musiccorp::delivery
