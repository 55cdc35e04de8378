#include "hospital/case_queries.hpp"

#include "hospital/audit.hpp"
#include "hospital/case_payloads.hpp"
#include "hospital/places.hpp"
#include "hospital/text_search.hpp"

namespace musiccorp::hospital {
namespace {

/// Payloads in one answer; above that only the current one is shown.
constexpr std::size_t payload_bytes_shown = 1U << 20U;

message_view view_of(const envelope& message, payload_view payload) {
  message_view view;
  static_cast<payload_view&>(view) = std::move(payload);
  view.id = message.id;
  view.type = message.type;
  view.version = message.version;
  view.key = message.key;
  view.source = message.source;
  view.seq = message.seq;
  view.to = message.to;
  view.correlation = message.correlation;
  view.causation = message.causation;
  view.traceparent = message.traceparent;
  view.occurred = message.occurred;
  if (message.expires != instant{}) view.expires = message.expires;
  view.reply_to = message.reply_to;
  view.answers = message.answers;
  view.idempotency = message.idempotency;
  return view;
}

enum class sight : std::uint8_t { masked, whole };

payload_view shown(const envelope& message, sight how, const ward& in) {
  return how == sight::whole ? revealed(message.payload) : masked(in.types, message);
}

std::vector<payload_version> versions_of(turn& now, const case_file& one, sight how, const ward& in) {
  std::vector<payload_version> versions;
  std::size_t bytes = 0;
  for (const auto& note : one.payloads) {
    payload_version version;
    const auto message = message_with(now, one, note.number);
    bytes += message.payload.size();
    if (bytes <= payload_bytes_shown)
      static_cast<payload_view&>(version) = shown(message, how, in);
    else
      version.hidden = "the payloads are too large to show all of them";
    version.number = note.number;
    version.edit_of = note.number - 1;
    version.message_id = note.message_id;
    version.by = note.by;
    version.reason = note.reason;
    version.at = note.at;
    version.is_current = note.number == one.payload_current;
    versions.push_back(std::move(version));
  }
  return versions;
}

/// Cuts what is personal out of everything that services have said.
void mask_texts(case_detail& detail, const scrubber& scrub) {
  for (auto& attempt : detail.attempt_records) {
    attempt.text = scrub(attempt.text);
    attempt.backtrace = scrub(attempt.backtrace);
  }
  for (auto& note : detail.notes) note.text = scrub(note.text);
  for (auto& payload : detail.payloads) payload.reason = scrub(payload.reason);
}

/// Behind a closed case waits nothing, whatever its service knows of others of that place.
std::optional<followers_view> waiting_behind(const case_file& one,
                                             const std::optional<delivery::lane_followers>& behind) {
  if (is_closed(one.state)) return followers_view{};
  if (!behind) return std::nullopt;
  return followers_view{behind->count, behind->first};
}

case_detail detail_of(turn& now, const case_file& one, const std::optional<delivery::lane_followers>& behind,
                      sight how, const ward& in) {
  case_detail detail;
  static_cast<case_summary&>(detail) = summary_of(one);
  detail.upstream = one.upstream;
  detail.seq = one.seq;
  detail.message = view_of(one.message, shown(message_with(now, one, one.payload_current), how, in));
  detail.payloads = versions_of(now, one, how, in);
  detail.attempt_records = one.attempt_records;
  detail.notes = one.notes;
  detail.batch_id = one.batch_id;
  detail.followers = waiting_behind(one, behind);
  detail.followers_discarded = one.followers_discarded;
  detail.held_until = one.held_until;
  detail.is_revealed = how == sight::whole;
  if (how == sight::whole)
    detail.error = one.error;
  else
    mask_texts(detail, scrubber_for(now, one, in.types));
  return detail;
}

bool is(const std::optional<std::string>& wanted, const std::string& found) { return !wanted || *wanted == found; }

}  // namespace

bool matches(const case_filter& filter, const case_summary& one) {
  return (!filter.service || is_of(one.service, *filter.service)) && is(filter.type, one.type) &&
         is(filter.reason, one.reason) && is(filter.key, one.key) && is(filter.group, one.group_id) &&
         (!filter.state || *filter.state == one.state) && (!filter.since || one.opened_at >= *filter.since) &&
         (!filter.until || one.opened_at < *filter.until) &&
         (!filter.text ||
          mentions(*filter.text, {one.case_id, one.service, one.type, one.key, one.reason, one.error}));
}

scan_range range_of(const case_filter& filter) {
  scan_range range;
  if (filter.group)
    range.prefix = row_prefix_group(*filter.group);
  else if (filter.state && !is_closed(*filter.state))
    range.prefix = row_prefix_unclosed();
  else
    range.prefix = row_prefix_all();
  // Rows at exactly `until` begin with its place and come after it.
  if (filter.until) range.token = newest_first(*filter.until) + "0";
  if (filter.since) range.end = newest_first(*filter.since - duration{1});
  return range;
}

outcome answer_cases(turn& now, const list_cases& query, const ward& in) {
  case_page page;
  auto range = range_of(query);
  range.rows_max = static_cast<std::size_t>(in.settings.rows_scanned_max);
  range.token = std::max(range.token, query.page_token);
  auto end = scan<case_row>(now, range, [&](const case_row& row) {
    if (matches(query, row)) page.cases.push_back(row);
    return page.cases.size() < static_cast<std::size_t>(query.page_size);
  });
  page.next_page_token = std::move(end.token);
  page.looked_at = end.looked_at;
  return page;
}

outcome answer_case(turn& now, const show_case& query, const std::optional<delivery::lane_followers>& behind,
                    const ward& in) {
  const auto one = now.find<case_file>(query.case_id);
  if (!one) return no_such("case", query.case_id);
  return detail_of(now, *one, behind, sight::masked, in);
}

outcome answer_revealed(turn& now, const reveal_case& query, const std::optional<delivery::lane_followers>& behind,
                        const ward& in) {
  const auto one = now.find<case_file>(query.case_id);
  if (!one) return no_such("case", query.case_id);
  if (auto no = wrong_signature(query.by, query.reason)) return std::move(*no);
  write_audit(now, in.settings,
              {{}, {}, query.by, "reveal", one->case_id, {}, query.reason, one->version, one->version});
  return detail_of(now, *one, behind, sight::whole, in);
}

outcome answer_open_conversations(turn& now, const delivery::open_conversations& query) {
  delivery::conversations_open found;
  for (const auto& correlation : query.correlations)
    if (!correlation.empty() && now.find<conversation>(correlation)) found.correlations.push_back(correlation);
  return found;
}

}  // namespace musiccorp::hospital
