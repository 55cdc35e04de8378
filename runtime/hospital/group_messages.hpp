#pragma once

#include "hospital/case_messages.hpp"

namespace musiccorp::hospital {

/// Cases that failed in the same way: one service, one message type, one fingerprint of error text and backtrace.
struct group_summary {
  std::string group_id{};
  std::string service{};
  std::string type{};
  std::string error{};
  std::string reason{};
  std::string sample_case{};
  std::uint64_t open = 0;
  std::uint64_t replaying = 0;
  std::uint64_t discarding = 0;
  std::uint64_t healed = 0;
  std::uint64_t discarded = 0;
  instant first_seen_at{};
  instant last_seen_at{};

  static constexpr auto describe() {
    return describe_as(
        "hospital.group", 1, key("group_id", &group_summary::group_id), field("service", &group_summary::service),
        field("type", &group_summary::type, "of the messages"),
        field("error", &group_summary::error, "what their errors have in common: ids and numbers are #"),
        field("reason", &group_summary::reason, "of the newest death"),
        field("sample_case", &group_summary::sample_case, "the newest, if it is not forgotten"),
        field("open", &group_summary::open), field("replaying", &group_summary::replaying),
        field("discarding", &group_summary::discarding), field("healed", &group_summary::healed),
        field("discarded", &group_summary::discarded), field("first_seen_at", &group_summary::first_seen_at),
        field("last_seen_at", &group_summary::last_seen_at));
  }

  [[nodiscard]] std::uint64_t& count(case_state state) {
    switch (state) {
      case case_state::replaying:
        return replaying;
      case case_state::discarding:
        return discarding;
      case case_state::healed:
        return healed;
      case case_state::discarded:
        return discarded;
      case case_state::open:
        break;
    }
    return open;
  }
  [[nodiscard]] std::uint64_t total() const { return open + replaying + discarding + healed + discarded; }
};

/// Query: groups, last seen first.
struct list_groups {
  std::optional<std::string> service{};
  std::optional<std::string> type{};
  std::optional<std::string> text{};
  std::optional<case_state> state{};
  std::int64_t page_size = 50;
  std::string page_token{};

  static constexpr auto describe() {
    return describe_as("list_groups", 1, field("service", &list_groups::service, filter_length),
                       field("type", &list_groups::type, filter_length),
                       field("text", &list_groups::text, filter_length, "somewhere in service, type or error"),
                       field("state", &list_groups::state, "groups with a case in it"),
                       field("page_size", &list_groups::page_size, defaulted, page_size_limits),
                       field("page_token", &list_groups::page_token, defaulted, page_token_length));
  }
};

struct group_page {
  std::vector<group_summary> groups{};
  std::string next_page_token{};

  static constexpr auto describe() {
    return describe_as("group_page", 1, field("groups", &group_page::groups),
                       field("next_page_token", &group_page::next_page_token, "empty at the end"));
  }
};

struct show_group {
  std::string group_id{};

  static constexpr auto describe() {
    return describe_as("show_group", 1, key("group_id", &show_group::group_id, id_length));
  }
};

}  // namespace musiccorp::hospital
