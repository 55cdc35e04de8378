#include "hospital_text.hpp"

#include <algorithm>

namespace musiccorp::program {
namespace {

using namespace hospital;

constexpr std::size_t cell_max = 60;

std::string plain(std::string_view text) {
  std::string made{text};
  std::ranges::replace_if(
      made, [](char letter) { return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f; }, '?');
  return made;
}

/// To the second.
std::string text_of(instant at) { return at == instant{} ? "-" : base::to_text(at).substr(0, 19) + "Z"; }

template <class Choice>
std::string word(Choice value) {
  return std::string{describe::name_of(value)};
}

using line = std::vector<std::string>;

/// Columns as wide as they need to be; the last one is not cut.
std::string table(const line& head, std::vector<line> lines, const std::string& when_empty) {
  if (lines.empty()) return when_empty + "\n";
  lines.insert(lines.begin(), head);
  std::vector<std::size_t> width(head.size());
  for (auto& one : lines)
    for (std::size_t i = 0; i < one.size(); ++i) {
      one[i] = plain(one[i]);
      if (i + 1 < one.size() && one[i].size() > cell_max) one[i] = one[i].substr(0, cell_max - 3) + "...";
      width[i] = std::max(width[i], one[i].size());
    }
  std::string text;
  for (const auto& one : lines) {
    for (std::size_t i = 0; i + 1 < one.size(); ++i) text += one[i] + std::string(width[i] - one[i].size() + 2, ' ');
    text += one.back() + "\n";
  }
  return text;
}

std::string row(const std::string& name, const std::string& value) {
  if (value.empty()) return {};
  return name + std::string(name.size() < 16 ? 16 - name.size() : 1, ' ') + plain(value) + "\n";
}

std::string payload_of(const payload_view& view) {
  if (!view.hidden.empty()) return "hidden: " + view.hidden;
  return view.payload ? view.payload->text : view.payload_text;
}

std::string attempts_of(const case_detail& one) {
  std::vector<line> lines;
  for (const auto& attempt : one.attempt_records)
    lines.push_back({std::to_string(attempt.number), std::to_string(attempt.replay), text_of(attempt.ended),
                     attempt.outcome, attempt.kind, attempt.text});
  return table({"ATTEMPT", "REPLAY", "AT", "OUTCOME", "KIND", "TEXT"}, std::move(lines), "no attempts are listed");
}

std::string backtrace_of(const case_detail& one) {
  if (one.attempt_records.empty() || one.attempt_records.back().backtrace.empty()) return {};
  std::string text = "\nBACKTRACE\n";
  std::string frame;
  for (const char letter : one.attempt_records.back().backtrace + "\n") {
    if (letter != '\n') {
      frame += letter;
      continue;
    }
    if (!frame.empty()) text += "  " + plain(frame) + "\n";
    frame.clear();
  }
  return text;
}

std::string notes_of(const case_detail& one) {
  std::vector<line> lines;
  for (const auto& note : one.notes) lines.push_back({text_of(note.at), note.what, note.by, note.text});
  return table({"AT", "WHAT", "BY", "TEXT"}, std::move(lines), "no notes");
}

std::string payloads_of(const case_detail& one) {
  std::string text;
  for (const auto& version : one.payloads)
    text += row("payload " + std::to_string(version.number) + (version.is_current ? " *" : ""), payload_of(version)) +
            row("  edited by", version.by.empty() ? std::string{} : version.by + ": " + version.reason);
  return text;
}

std::string followers_of(const case_detail& one) {
  if (!one.followers) return row("parked behind", "not known: " + one.service + " does not answer");
  std::string text = row("parked behind", std::to_string(one.followers->count));
  for (const auto& each : one.followers->first) text += row("", each.type + " " + each.id);
  const auto more = one.followers->count - one.followers->first.size();
  return more > 0 ? text + row("", "and " + std::to_string(more) + " more") : text;
}

std::string number(std::int64_t value) { return std::to_string(value); }

}  // namespace

std::string text_of(const std::vector<case_summary>& cases) {
  std::vector<line> lines;
  for (const auto& one : cases)
    lines.push_back({one.case_id, word(one.state), one.type, one.key, one.reason, std::to_string(one.attempts),
                     text_of(one.last_failed_at), one.error});
  return table({"CASE", "STATE", "TYPE", "KEY", "REASON", "ATTEMPTS", "LAST FAILED", "ERROR"}, std::move(lines),
               "No cases: nothing is dead here.");
}

std::string text_of(const std::vector<group_summary>& groups) {
  std::vector<line> lines;
  for (const auto& one : groups)
    lines.push_back({one.group_id, one.service, one.type, std::to_string(one.open),
                     std::to_string(one.replaying + one.discarding), std::to_string(one.healed),
                     std::to_string(one.discarded), text_of(one.last_seen_at), one.error});
  return table({"GROUP", "SERVICE", "TYPE", "OPEN", "IN WORK", "HEALED", "DISCARDED", "LAST SEEN", "ERROR"},
               std::move(lines), "No groups: nothing is dead here.");
}

std::string text_of(const std::vector<audit_line>& all) {
  std::vector<line> lines;
  for (const auto& one : all)
    lines.push_back({text_of(one.at), one.by, one.action, one.case_id.empty() ? one.batch_id : one.case_id,
                     std::to_string(one.version_before) + "->" + std::to_string(one.version_after), one.reason});
  return table({"AT", "BY", "ACTION", "ON", "VERSION", "REASON"}, std::move(lines), "Nobody has done anything.");
}

std::string text_of(const std::vector<batch_summary>& batches) {
  std::vector<line> lines;
  for (const auto& one : batches)
    lines.push_back({one.batch_id, word(one.action), word(one.state), number(one.total), number(one.waiting),
                     number(one.sent), number(one.healed + one.discarded), number(one.died_again),
                     number(one.refused), number(one.skipped), text_of(one.started_at), one.by + ": " + one.reason});
  return table({"BATCH", "ACTION", "STATE", "TOTAL", "WAITING", "SENT", "DONE", "DIED AGAIN", "REFUSED", "SKIPPED",
                "STARTED", "BY"},
               std::move(lines), "No batches.");
}

std::string text_of(const case_detail& one) {
  return row("case", one.case_id) + row("state", word(one.state) + ", version " + std::to_string(one.version)) +
         row("service", one.service) + row("message", one.type + " " + one.message.id) + row("key", one.key) +
         row("reason", one.reason) + row("error", one.error) +
         row("attempts", std::to_string(one.attempts) + ", replays " + std::to_string(one.replay)) +
         row("first failed", text_of(one.first_failed_at)) + row("last failed", text_of(one.last_failed_at)) +
         row("closed", one.closed_at ? text_of(*one.closed_at) : std::string{}) + followers_of(one) +
         row("group", one.group_id) + row("batch", one.batch_id) + row("conversation", one.message.correlation) +
         row("caused by", one.message.causation) + row("traceparent", one.message.traceparent) + payloads_of(one) +
         "\n" + attempts_of(one) + backtrace_of(one) + "\n" + notes_of(one);
}

std::string text_of(const batch_detail& batch) {
  std::vector<line> lines;
  for (const auto& one : batch.items) lines.push_back({one.case_id, word(one.outcome), one.text});
  return text_of(std::vector<batch_summary>{batch}) + "\n" +
         table({"CASE", "OUTCOME", "TEXT"}, std::move(lines), "No cases.");
}

std::string text_of(const rehearsal_view& played) {
  std::string text = row("a replay now", played.outcome) + row("text", played.text);
  for (const auto& write : played.writes)
    text += row("would be " + write.change,
                write.type + " " + write.key + (write.body ? " " + write.body->text : std::string{}));
  for (const auto& sent : played.messages)
    text += row("would be sent",
                sent.type + " " + sent.key + (sent.to.empty() ? "" : " to " + sent.to) + " " + payload_of(sent));
  for (const auto& id : played.followers) text += row("then goes on", id);
  return text;
}

std::string text_of(const case_summary& one) {
  return plain(one.case_id) + ": " + word(one.state) + ", version " + std::to_string(one.version) + "\n";
}

std::string text_of(const batch_summary& batch) {
  if (batch.batch_id.empty()) return "It would be " + number(batch.total) + " cases.\n";
  return "batch " + plain(batch.batch_id) + ": " + word(batch.state) + ", " + number(batch.total) + " cases\n";
}

}  // namespace musiccorp::program
