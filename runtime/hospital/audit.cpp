#include "hospital/audit.hpp"

#include "hospital/places.hpp"
#include "hospital/scan.hpp"

namespace musiccorp::hospital {
namespace {

bool is_blank(const std::string& text) { return text.find_first_not_of(" \t\r\n") == std::string::npos; }

constexpr std::size_t forgotten_at_once = 4;

/// A line in one of its lists: a/<newest first>/<entry_id>, c/<case_id>/..., b/<batch_id>/...
struct audit_row : audit_line {
  std::string row{};

  static constexpr auto describe() {
    return describe_with<audit_line>("hospital.audit_row", 1, musiccorp::describe::key("row", &audit_row::row));
  }
};

/// The same lines by age; ids are sorted by time.
struct audit_age {
  std::string entry_id{};
  instant at{};
  std::string case_id{};
  std::string batch_id{};

  static constexpr auto describe() {
    return describe_as("hospital.audit_age", 1, key("entry_id", &audit_age::entry_id), field("at", &audit_age::at),
                       field("case_id", &audit_age::case_id, defaulted),
                       field("batch_id", &audit_age::batch_id, defaulted));
  }
};

constexpr std::string_view prefix_all = "a/";
std::string prefix_case(std::string_view case_id) { return "c/" + std::string{case_id} + "/"; }
std::string prefix_batch(std::string_view batch_id) { return "b/" + std::string{batch_id} + "/"; }

std::vector<std::string> rows_of(const audit_age& line) {
  const auto end = newest_first(line.at) + "/" + line.entry_id;
  std::vector<std::string> rows{std::string{prefix_all} + end};
  if (!line.case_id.empty()) rows.push_back(prefix_case(line.case_id) + end);
  if (!line.batch_id.empty()) rows.push_back(prefix_batch(line.batch_id) + end);
  return rows;
}

void forget_old_lines(turn& now, const hospital_settings& settings) {
  const auto before = now.now() - std::chrono::days{settings.audit_kept_days};
  for (const auto& line : now.list<audit_age>({.limit = forgotten_at_once}).items) {
    if (line.at >= before) return;
    for (const auto& row : rows_of(line)) now.erase<audit_row>(row);
    now.erase<audit_age>(line.entry_id);
  }
}

bool matches(const audit_line& line, const list_audit& query) {
  const auto is = [](const std::optional<std::string>& wanted, const std::string& found) {
    return !wanted || *wanted == found;
  };
  return is(query.case_id, line.case_id) && is(query.batch_id, line.batch_id) && is(query.by, line.by) &&
         is(query.action, line.action) && (!query.since || line.at >= *query.since) &&
         (!query.until || line.at < *query.until);
}

std::string prefix_of(const list_audit& query) {
  if (query.case_id) return prefix_case(*query.case_id);
  if (query.batch_id) return prefix_batch(*query.batch_id);
  return std::string{prefix_all};
}

}  // namespace

void write_audit(turn& now, const hospital_settings& settings, audit_line line) {
  line.entry_id = now.new_id();
  line.at = now.now();
  const audit_age age{line.entry_id, line.at, line.case_id, line.batch_id};
  for (auto& row : rows_of(age)) now.save(audit_row{line, std::move(row)});
  now.save(age);
  forget_old_lines(now, settings);
}

std::optional<base::rejected> wrong_signature(const std::string& by) {
  if (!is_blank(by)) return std::nullopt;
  return base::rejected{.text = "who does it must be known", .pointer = "/by", .wanted = "a name"};
}

std::optional<base::rejected> wrong_signature(const std::string& by, const std::string& reason) {
  if (auto no = wrong_signature(by)) return no;
  if (!is_blank(reason)) return std::nullopt;
  return base::rejected{
      .text = "why it is done must be known", .pointer = "/reason", .wanted = "a reason that says something"};
}

outcome answer_audit(turn& now, const list_audit& query, const ward& in) {
  audit_page page;
  const scan_range range{
      prefix_of(query), query.page_token, {}, static_cast<std::size_t>(in.settings.rows_scanned_max)};
  page.next_page_token = scan<audit_row>(now, range, [&](const audit_row& row) {
                           if (matches(row, query)) page.entries.push_back(row);
                           return page.entries.size() < static_cast<std::size_t>(query.page_size);
                         }).token;
  return page;
}

}  // namespace musiccorp::hospital
