#include <cstdio>

#include "demo/progress.hpp"
#include "demo/report.hpp"

namespace musiccorp::demo {
namespace {

constexpr std::size_t label_width = 34;
constexpr std::size_t number_width = 10;
constexpr std::size_t promise_width = 48;

std::string decimal(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string milliseconds(double value) { return decimal(value, value < 10 ? 2 : value < 100 ? 1 : 0) + " ms"; }

/// Columns count code points, not bytes.
std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  for (const char letter : text)
    if ((static_cast<unsigned char>(letter) & 0xC0U) != 0x80U) ++width;
  return width;
}

std::string left(std::string text, std::size_t width) {
  const auto has = width_of(text);
  return has < width ? text.append(width - has, ' ') : text;
}
std::string right(const std::string& text, std::size_t width) {
  const auto has = width_of(text);
  return has < width ? std::string(width - has, ' ') + text : text;
}

std::string kind_title(std::string_view kind) {
  if (kind == "ordinary") return "ordinary orders";
  if (kind == "rush") return "a rush for the last pieces";
  if (kind == "unknown_item") return "items that nobody knows";
  if (kind == "without_stock") return "more than there is";
  if (kind == "declined") return "cards that the bank refuses";
  if (kind == "twice") return "sent twice under one key";
  if (kind == "cancelled") return "cancelled right away";
  return "too much for any box";
}

std::string answers_text(const std::map<std::string, std::int64_t>& answers) {
  std::string text;
  for (const auto& [status, count] : answers)
    text += (text.empty() ? "" : ", ") + grouped(count) + (status == "none" ? " without answer" : " x " + status);
  return text;
}

class writer {
 public:
  explicit writer(bool colour) : colour_(colour) {}

  void title(const std::string& text) { out_ += "\n" + paint("1", text) + "\n"; }
  void row(const std::string& label, const std::string& number, const std::string& rest = {}) {
    out_ += "  " + left(label, label_width) + right(number, number_width);
    if (!rest.empty()) out_ += "   " + rest;
    out_ += "\n";
  }
  void verdict(const finding& one) {
    const auto word = one.holds ? paint("32", "holds ") : paint("1;31", "BROKEN");
    out_ += "  " + word + "  " + left(one.promise, promise_width) + "  " + one.evidence + "\n";
  }
  void line(const std::string& text) { out_ += text + "\n"; }
  [[nodiscard]] std::string paint(const std::string& code, const std::string& text) const {
    return colour_ ? "\033[" + code + "m" + text + "\033[0m" : text;
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  bool colour_;
  std::string out_;
};

void write_sent(writer& out, const report& from) {
  out.title("What was sent, and what the shop answered");
  for (const auto& one : from.sent) {
    auto rest = answers_text(one.answers);
    if (!one.cancels.empty()) rest += "; to the cancel: " + answers_text(one.cancels);
    if (one.repeats > 0)
      rest += "; same answer both times: " + grouped(one.repeats_same) + " of " + grouped(one.repeats);
    out.row(kind_title(one.kind), grouped(one.orders), rest);
  }
  if (from.resent > 0) out.row("sent again after 503 and the like", grouped(from.resent));
}

void write_states(writer& out, const report& from) {
  out.title("What became of " + grouped(from.accepted) + " accepted orders");
  for (const auto& one : from.states) {
    std::string rest;
    for (const auto& [reason, count] : one.reasons)
      rest += (rest.empty() ? "" : ", ") + reason + ": " + grouped(count);
    out.row(one.status, grouped(one.orders), rest);
  }
}

void write_speed(writer& out, const report& from) {
  out.title("How fast");
  out.row("first order answered", milliseconds(from.first_answer_ms), "after the program's start");
  out.row("POST /orders", milliseconds(from.http.p50_ms),
          "half of them; 99 of 100: " + milliseconds(from.http.p99_ms));
  out.row("accepted to final state", milliseconds(from.to_final.p50_ms),
          "half of them; 99 of 100: " + milliseconds(from.to_final.p99_ms));
  out.row("orders per second, all services", decimal(from.orders_per_second, 0),
          grouped(from.accepted) + " in " + decimal(from.seconds, 2) + " s");
  out.row("messages handled", grouped(from.messages),
          "in " + grouped(from.commits) + " commits of " + milliseconds(from.commit_ms));
  out.row("messages per commit (one fsync)", decimal(from.messages_per_commit, 1));
}

void write_trouble(writer& out, const report& from) {
  out.title("Trouble, on purpose");
  out.row("retries", grouped(from.retries));
  std::int64_t dead = 0;
  std::string where;
  for (const auto& one : from.dead) {
    dead += one.messages;
    where += (where.empty() ? "" : ", ") + one.queue + ": " + one.reason;
  }
  out.row("dead letters", grouped(dead), where);
  const auto& sick = from.hospital;
  out.row("price job that kills its worker", "dead",
          from.prices.poison_sku + " by -100 %, after " + grouped(sick.attempts) + " attempts: " + sick.error);
  out.row("its neighbour", from.prices.healthy_status, from.prices.healthy_sku + ": " + from.prices.healthy_change);
  out.row("found in the hospital, and mended", sick.state,
          sick.case_id + ", edited and replayed: " + from.prices.poison_change);
  out.row("the job parked behind it", from.prices.behind_status, "after it: " + from.prices.behind_change);
}

}  // namespace

std::string to_text(const report& from, bool colour) {
  writer out{colour};
  write_sent(out, from);
  write_states(out, from);
  write_speed(out, from);
  write_trouble(out, from);
  out.title("The shop's promises");
  for (const auto& one : from.promises) out.verdict(one);
  out.line("");
  out.line(all_hold(from.promises) ? out.paint("1;32", "Every promise holds.") + "  Repeat this run with --seed " +
                                         std::to_string(from.seed) + "."
                                   : out.paint("1;31", "A promise is broken.") + "  Repeat this run with --seed " +
                                         std::to_string(from.seed) + ".");
  return out.take();
}

}  // namespace musiccorp::demo
