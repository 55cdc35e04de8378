#pragma once

#include "hospital/case_messages.hpp"

namespace musiccorp::hospital {

/// One action of a person.
struct audit_line {
  std::string entry_id{};
  instant at{};
  std::string by{};
  std::string action{};
  std::string case_id{};
  std::string batch_id{};
  std::string reason{};
  std::uint64_t version_before = 0;
  std::uint64_t version_after = 0;

  static constexpr auto describe() {
    return describe_as("audit_line", 1, field("entry_id", &audit_line::entry_id), field("at", &audit_line::at),
                       field("by", &audit_line::by),
                       field("action", &audit_line::action,
                             "replay, edit, discard, keep, reveal, reveal_rehearsal, start_batch or cancel_batch"),
                       field("case_id", &audit_line::case_id, "empty: the action is about a batch"),
                       field("batch_id", &audit_line::batch_id, "empty: by hand"),
                       field("reason", &audit_line::reason),
                       field("version_before", &audit_line::version_before, "of the case"),
                       field("version_after", &audit_line::version_after, "the same: nothing was changed"));
  }
};

/// Query: the audit trail, newest first.
struct list_audit {
  std::optional<std::string> case_id{};
  std::optional<std::string> batch_id{};
  std::optional<std::string> by{};
  std::optional<std::string> action{};
  std::optional<instant> since{};
  std::optional<instant> until{};
  std::int64_t page_size = 50;
  std::string page_token{};

  static constexpr auto describe() {
    return describe_as("list_audit", 1, field("case_id", &list_audit::case_id, filter_length),
                       field("batch_id", &list_audit::batch_id, filter_length),
                       field("by", &list_audit::by, filter_length),
                       field("action", &list_audit::action, filter_length), field("since", &list_audit::since),
                       field("until", &list_audit::until, "before this"),
                       field("page_size", &list_audit::page_size, defaulted, page_size_limits),
                       field("page_token", &list_audit::page_token, defaulted, page_token_length));
  }
};

struct audit_page {
  std::vector<audit_line> entries{};
  std::string next_page_token{};

  static constexpr auto describe() {
    return describe_as("audit_page", 1, field("entries", &audit_page::entries),
                       field("next_page_token", &audit_page::next_page_token, "empty at the end"));
  }
};

}  // namespace musiccorp::hospital
