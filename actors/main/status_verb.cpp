#include "status_verb.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>

#include "node/cluster_routes.hpp"
#include "node/supervision_routes.hpp"
#include "running_shop.hpp"

namespace musiccorp::program {
namespace {

using supervision::child_state;
using supervision::child_view;
using supervision::supervisor_view;

std::string ago(base::instant then, base::instant now) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - then).count();
  if (seconds < 120) return std::to_string(std::max<std::int64_t>(seconds, 0)) + " s";
  if (seconds < 7'200) return std::to_string(seconds / 60) + " min";
  if (seconds < 172'800) return std::to_string(seconds / 3'600) + " h";
  return std::to_string(seconds / 86'400) + " days";
}

/// A line of a text from outside, with nothing that a terminal would obey.
std::string clean_line(std::string_view text) {
  std::string line{text.substr(0, text.find('\n'))};
  for (auto& letter : line)
    if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f) letter = '?';
  return line;
}

/// The same, short enough for a terminal.
std::string short_line(std::string_view text) {
  auto line = clean_line(text);
  constexpr std::size_t longest = 100;
  return line.size() > longest ? line.substr(0, longest - 3) + "..." : line;
}

class status_text {
 public:
  status_text(base::instant now, bool all_causes) : now_{now}, all_causes_{all_causes} {}

  void add(const supervisor_view& one, std::size_t depth) {
    for (const auto& child : one.children) add(child, depth);
  }
  /// A breaker, unless it is closed.
  void add(const service::dependency_view& one) {
    if (one.state == request::breaker_state::closed) return;
    text += "\nBREAKER: " + one.service + " does not ask " + one.dependency + " (" + short_line(one.cause) + "), " +
            std::string{describe::name_of(one.state)} + " for " + ago(one.since, now_);
    if (one.next_probe) text += ", next try " + (*one.next_probe > now_ ? "in " + ago(now_, *one.next_probe) : "now");
    text += "\n";
  }
  [[nodiscard]] bool all_up() const { return all_up_; }
  std::string text{};

 private:
  void add(const child_view& one, std::size_t depth) {
    all_up_ = all_up_ && one.state == child_state::up;
    const auto name = std::string(depth * 2, ' ') + one.id;
    std::string line = name + std::string(name.size() < 20 ? 20 - name.size() : 1, ' ');
    line += std::string{describe::name_of(one.state)} + " for " + ago(one.since, now_);
    if (one.restarts > 0) line += ", restarted " + std::to_string(one.restarts) + " times";
    if (one.rebuilds > 0) line += ", survived " + std::to_string(one.rebuilds) + " crashes";
    for (const auto& inside : one.supervises) line += ", may restart " + std::to_string(inside.budget_left) + " more";
    if (one.next_retry) line += ", next try in " + ago(now_, *one.next_retry);
    text += line + "\n";
    if (all_causes_)
      for (const auto& cause : one.causes) add_whole(cause, std::string(depth * 2 + 2, ' '));
    else if (!one.causes.empty())
      text += std::string(depth * 2 + 2, ' ') + "last: " + headline(one.causes.back()) +
              short_line(one.causes.back().text) + "\n";
    for (const auto& inside : one.supervises)
      if (inside.children.size() != 1 || !is_quiet(inside.children.front())) add(inside, depth + 1);
  }
  [[nodiscard]] std::string headline(const supervision::cause_view& cause) const {
    return std::string{describe::name_of(cause.kind)} + " " + ago(cause.at, now_) + " ago: ";
  }
  void add_whole(const supervision::cause_view& cause, const std::string& indent) {
    text += indent + headline(cause) + clean_line(cause.text) + (cause.in_place ? " (survived)" : "") + "\n";
    if (!cause.message.empty()) text += indent + "  while handling " + clean_line(cause.message) + "\n";
    for (std::string_view rest{cause.backtrace}; !rest.empty();) {
      text += indent + "  " + clean_line(rest) + "\n";
      const auto end = rest.find('\n');
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
  }
  /// Says no more than its supervisor does.
  static bool is_quiet(const child_view& one) {
    return one.state == child_state::up && one.causes.empty() && one.supervises.empty();
  }

  base::instant now_;
  bool all_causes_;
  bool all_up_ = true;
};

std::string cell(std::string text, std::size_t width) {
  return text + std::string(text.size() < width ? width - text.size() : 1, ' ');
}

/// What became of a link before, newest first. Empty when it was always as it is.
std::string history_of(const cluster::link_view& link, base::instant now) {
  constexpr std::size_t shown = 5;
  std::string text;
  if (link.history.size() < 2) return text;
  for (auto at = link.history.rbegin(); at != link.history.rend(); ++at) {
    if (at - link.history.rbegin() == shown)
      return text + "      and " + std::to_string(link.history.rend() - at) + " changes before\n";
    text += "      " + ago(at->at, now) + " ago: " + std::string{describe::name_of(at->state)} + ", " +
            short_line(at->why) + "\n";
  }
  return text;
}

/// The other nodes, and what is where. Empty on a node that is alone.
std::string text_of(const node::cluster_page& page, base::instant now) {
  if (page.cluster.empty()) return {};
  auto text = "\ncluster " + page.cluster + ", seen from " + page.node;
  if (page.condition != node::node_condition::serving)
    text += ", which is " + std::string{describe::name_of(page.condition)};
  text += "\n";
  for (const auto& one : page.links) {
    text += "  " + cell(one.node, 18) + std::string{describe::name_of(one.state)} + " for " + ago(one.since, now);
    if (one.state == cluster::link_state::up) {
      std::array<char, 32> rtt{};
      std::snprintf(rtt.data(), rtt.size(), ", round trip %.1f ms", one.rtt_p50_ms);
      text += rtt.data();
      if (!one.condition.empty() && one.condition != "serving") text += ", " + short_line(one.condition);
    } else {
      text += ": " + short_line(one.why);
      if (one.condition == describe::name_of(node::node_condition::drained)) text += ", drained";
    }
    text += "\n" + history_of(one, now);
  }
  for (const auto& one : page.partitions)
    text += "  " + cell(one.partition, 18) + cell(one.node, 12) + one.state +
            (one.epoch ? ", epoch " + std::to_string(*one.epoch) : std::string{}) + "\n";
  for (const auto& one : page.streams)
    if (one.ready > 0)
      text += "  " + cell(one.queue, 30) + std::to_string(one.ready) + " behind" +
              (one.oldest_ready ? ", the oldest for " + ago(*one.oldest_ready, now) : std::string{}) + "\n";
  return text;
}

bool is_whole(const node::cluster_page& page) {
  return std::ranges::all_of(page.links, [](const auto& one) { return one.state == cluster::link_state::up; });
}

}  // namespace

int show_status(const std::string& url, status_view how) {
  try {
    running_shop shop{url};
    const auto body = shop.get("/supervision");
    const auto page = describe::from_json<node::supervision_page>(body);
    if (!page) throw ending_early{exit_unreachable, url + " answers what this program does not understand"};
    status_text told{base::system_clock{}.now(), how.all_causes};
    for (const auto& root : page->tree) {
      told.text += root.path + " at " + url + ", may restart " + std::to_string(root.budget_left) + " more\n";
      told.add(root, 1);
    }
    for (const auto& one : page->dependencies) told.add(one);
    for (const auto& one : page->overdue)
      told.text += "\nWEDGED: " + one.name + " has been handling " + one.what + " for " +
                   std::to_string(one.running_ms) + " ms (deadline " + std::to_string(one.deadline_ms) + " ms)\n";
    const auto around = shop.get("/cluster");
    const auto cluster = describe::from_json<node::cluster_page>(around);
    if (!cluster) throw ending_early{exit_unreachable, url + " answers what this program does not understand"};
    told.text += text_of(*cluster, base::system_clock{}.now());
    // One object: what /supervision says, and all of /cluster in it.
    const auto both = body.substr(0, body.rfind('}')) + ",\"cluster\":" + around + "}\n";
    std::cout << (how.as_json ? both : told.text) << std::flush;
    return is_whole(*cluster) && told.all_up() && page->overdue.empty() && !page->tree.empty() ? 0 : exit_refused;
  } catch (const ending_early& early) {
    std::cerr << early.text << std::endl;
    return early.code;
  }
}

}  // namespace musiccorp::program
