#pragma once

#include "hospital/case_messages.hpp"

namespace musiccorp::hospital {

enum class batch_action : std::uint8_t { replay, discard };
constexpr std::array<std::string_view, 2> describe_choice(batch_action) { return {"replay", "discard"}; }

enum class batch_state : std::uint8_t {
  canary,     ///< sends the first few, then waits for their outcomes
  running,    ///< sends the rest at its rate
  finishing,  ///< everything is sent, outcomes are missing
  finished,
  stopped,   ///< too many failures; what was not sent stays as it is
  cancelled  ///< by a person; what was not sent stays as it is
};
constexpr std::array<std::string_view, 6> describe_choice(batch_state) {
  return {"canary", "running", "finishing", "finished", "stopped", "cancelled"};
}

enum class item_outcome : std::uint8_t { waiting, sent, healed, discarded, died_again, refused, skipped };
constexpr std::array<std::string_view, 7> describe_choice(item_outcome) {
  return {"waiting", "sent", "healed", "discarded", "died_again", "refused", "skipped"};
}

/// Command: act on many cases, oldest first. Which ones is decided now: the open ones that the filter finds, or those
/// that are named. A case that has changed before its turn comes is skipped.
struct start_batch {
  batch_action action = batch_action::replay;
  case_filter filter{};
  std::vector<std::string> cases{};
  std::string by{nobody_named};
  std::string reason{};
  std::int64_t rate_per_second = 10;
  std::int64_t canary = 0;
  std::optional<std::int64_t> stop_after{};
  bool with_followers = false;
  bool dry_run = false;
  std::int64_t held_s = 0;

  static constexpr auto describe() {
    return describe_as(
        "start_batch", 1, field("action", &start_batch::action), field("filter", &start_batch::filter, defaulted),
        field("cases", &start_batch::cases, defaulted, at_most(1'000), "their ids, instead of a filter"),
        field("by", &start_batch::by, defaulted, name_length), field("reason", &start_batch::reason, reason_length),
        field("rate_per_second", &start_batch::rate_per_second, defaulted, between(1, 1'000)),
        field("canary", &start_batch::canary, defaulted, between(0, 1'000),
              "so many first; the rest when their outcomes are known"),
        field("stop_after", &start_batch::stop_after, between(1, 1'000'000),
              "failures, in the canary or later; missing: 1 with a canary, else it never stops"),
        field("with_followers", &start_batch::with_followers, defaulted, "discard: also what is parked behind"),
        field("dry_run", &start_batch::dry_run, defaulted, "only tell how many cases it would be"),
        field("held_s", &start_batch::held_s, defaulted, held_limits,
              "nothing is sent for so many seconds; a cancel until then leaves every case as it was"));
  }
};

struct batch_summary {
  std::string batch_id{};
  batch_action action = batch_action::replay;
  batch_state state = batch_state::running;
  case_filter filter{};
  std::string by{};
  std::string reason{};
  std::int64_t rate_per_second = 10;
  std::int64_t canary = 0;
  std::int64_t stop_after = 0;
  bool with_followers = false;
  instant started_at{};
  instant ended_at{};
  std::int64_t total = 0;
  std::int64_t waiting = 0;
  std::int64_t sent = 0;
  std::int64_t healed = 0;
  std::int64_t discarded = 0;
  std::int64_t died_again = 0;
  std::int64_t refused = 0;
  std::int64_t skipped = 0;
  std::optional<instant> held_until{};

  static constexpr auto describe() {
    return describe_as(
        "batch_summary", 1, key("batch_id", &batch_summary::batch_id, "empty: a dry run"),
        field("action", &batch_summary::action), field("state", &batch_summary::state),
        field("filter", &batch_summary::filter), field("by", &batch_summary::by),
        field("reason", &batch_summary::reason), field("rate_per_second", &batch_summary::rate_per_second),
        field("canary", &batch_summary::canary), field("stop_after", &batch_summary::stop_after, "0: never"),
        field("with_followers", &batch_summary::with_followers), field("started_at", &batch_summary::started_at),
        field("ended_at", &batch_summary::ended_at, "1970: it goes on"), field("total", &batch_summary::total),
        field("waiting", &batch_summary::waiting, "not sent"),
        field("sent", &batch_summary::sent, "without an outcome yet"), field("healed", &batch_summary::healed),
        field("discarded", &batch_summary::discarded), field("died_again", &batch_summary::died_again),
        field("refused", &batch_summary::refused), field("skipped", &batch_summary::skipped),
        field("held_until", &batch_summary::held_until, "nothing is sent before"));
  }
};

struct batch_item {
  std::string case_id{};
  std::uint64_t version = 0;
  item_outcome outcome = item_outcome::waiting;
  std::string text{};

  static constexpr auto describe() {
    return describe_as("batch_item", 1, field("case_id", &batch_item::case_id),
                       field("version", &batch_item::version, "of the case when the batch was started"),
                       field("outcome", &batch_item::outcome),
                       field("text", &batch_item::text, defaulted, "why it was skipped or refused, or died again"));
  }
};

struct list_batches {
  std::int64_t page_size = 50;
  std::string page_token{};

  static constexpr auto describe() {
    return describe_as("list_batches", 1, field("page_size", &list_batches::page_size, defaulted, page_size_limits),
                       field("page_token", &list_batches::page_token, defaulted, page_token_length));
  }
};

struct batch_page {
  std::vector<batch_summary> batches{};
  std::string next_page_token{};

  static constexpr auto describe() {
    return describe_as("batch_page", 1, field("batches", &batch_page::batches, "newest first"),
                       field("next_page_token", &batch_page::next_page_token, "empty at the end"));
  }
};

/// Query: progress, and the outcome of each case in the order in which they are sent.
struct show_batch {
  std::string batch_id{};
  std::int64_t page_size = 50;
  std::string page_token{};

  static constexpr auto describe() {
    return describe_as("show_batch", 1, key("batch_id", &show_batch::batch_id, id_length),
                       field("page_size", &show_batch::page_size, defaulted, page_size_limits),
                       field("page_token", &show_batch::page_token, defaulted, page_token_length));
  }
};

struct batch_detail : batch_summary {
  std::vector<batch_item> items{};
  std::string next_page_token{};

  static constexpr auto describe() {
    return describe_with<batch_summary>("batch_detail", 1, field("items", &batch_detail::items),
                                        field("next_page_token", &batch_detail::next_page_token, "empty at the end"));
  }
};

/// Command: send no more of it. What was sent is followed to its outcome.
struct cancel_batch {
  std::string batch_id{};
  std::string by{nobody_named};
  std::string reason{};

  static constexpr auto describe() {
    return describe_as("cancel_batch", 1, key("batch_id", &cancel_batch::batch_id, id_length),
                       field("by", &cancel_batch::by, defaulted, name_length),
                       field("reason", &cancel_batch::reason, defaulted, optional_reason_length));
  }
};

/// Durable request of the hospital to itself: send the next ones.
struct continue_batch {
  std::string batch_id{};
  std::int64_t step = 0;

  static constexpr auto describe() {
    return describe_as("continue_batch", 1, key("batch_id", &continue_batch::batch_id),
                       field("step", &continue_batch::step, "each is done once"));
  }
};

}  // namespace musiccorp::hospital
