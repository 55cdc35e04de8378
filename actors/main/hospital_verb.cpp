#include "hospital_verb.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>

#include "hospital_text.hpp"
#include "running_shop.hpp"

namespace musiccorp::program {
namespace {

using namespace hospital;

constexpr auto hospital_footer =
    R"(A dead letter is a message that a service gave up on. Its case keeps the message, every attempt and what
people did about it. `--json` prints the answer of the REST API instead of a table.

Exit codes: 0 done, 1 the shop refused, 64 wrong command line, 69 the shop can't be reached.

Examples:
  musiccorp hospital groups
  musiccorp hospital list --service pricing --state open
  musiccorp hospital show pricing.pricing.17
  musiccorp hospital replay pricing.pricing.17 --reason "fixed in 1.2"
  musiccorp hospital batch start --group 5d1f0c0c7b7b2a10 --canary 3 --reason "fixed in 1.2")";

constexpr auto edit_footer =
    R"(The payload is checked against the message's type before anything happens. Start from the whole payload
(`hospital show CASE --reveal --json`): a masked one is refused. Only the service that failed gets the
edited message, with a new id that is linked to the old one.)";

constexpr auto batch_footer =
    R"(`start` acts on the open cases that the filter finds when it is started, oldest first; a case that has
changed before its turn comes is skipped. With --canary N the rest waits until the outcomes of the first
N are known; --stop-after K stops the batch at K failures.)";

std::string user() {
  const char* name = std::getenv("USER");
  return name && *name ? name : std::string{nobody_named};
}

/// The body of replay, discard, edit and keep; each reads what it knows.
struct action_body {
  std::uint64_t version = 0;
  std::string by{};
  std::string reason{};
  bool with_followers = false;
  std::int64_t held_s = 0;
  std::optional<describe::raw_json> payload{};

  static constexpr auto describe() {
    return describe_as("action_body", 1, field("version", &action_body::version), field("by", &action_body::by),
                       field("reason", &action_body::reason), field("with_followers", &action_body::with_followers),
                       field("held_s", &action_body::held_s), field("payload", &action_body::payload));
  }
};

/// The body of reveal, rehearsal and cancel.
struct reason_body {
  std::string by{};
  std::string reason{};
  bool reveal = false;
  std::optional<describe::raw_json> payload{};

  static constexpr auto describe() {
    return describe_as("reason_body", 1, field("by", &reason_body::by), field("reason", &reason_body::reason),
                       field("reveal", &reason_body::reveal), field("payload", &reason_body::payload));
  }
};

std::string file_text(const std::string& file) {
  if (file == "-") return {std::istreambuf_iterator<char>{std::cin}, {}};
  std::ifstream stream{file, std::ios::binary};
  if (!stream) throw ending_early{exit_refused, file + ": cannot be read"};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

describe::raw_json payload_in(const std::string& file) {
  auto payload = describe::from_json<describe::raw_json>(file_text(file));
  if (!payload) throw ending_early{exit_refused, file + ": " + payload.error().text};
  return std::move(*payload);
}

}  // namespace

struct hospital_verb::words {
  std::string shop = "http://127.0.0.1:8080";
  bool json = false;
  std::string id{};
  running_shop::parameters filter{};
  std::size_t limit = 50;
  std::string by = user();
  std::string reason{};
  std::uint64_t version = 0;
  std::string payload{};
  bool with_followers = false;
  bool reveal = false;
  start_batch batch{};
  std::string action = "replay";
  std::int64_t stop_after = 0;
  std::function<void(running_shop&)> command{};

  template <class T>
  void print(const T& answer) const {
    std::cout << (json ? describe::to_json(answer) + "\n" : text_of(answer)) << std::flush;
  }

  CLI::App* verb(CLI::App& parent, const std::string& name, const std::string& what,
                 std::function<void(running_shop&)> run) {
    auto* made = parent.add_subcommand(name, what);
    made->add_option("--shop", shop, "Where the shop is")->type_name("URL")->capture_default_str();
    made->add_flag("--json", json, "Print JSON");
    made->callback([this, run = std::move(run)] { command = run; });
    return made;
  }
  void add_id(CLI::App& to, const std::string& name) { to.add_option(name, id)->required()->type_name("ID"); }
  void add_who(CLI::App& to, bool needs_reason) {
    to.add_option("--by", by, "Who does it (default: $USER)")->type_name("NAME");
    to.add_option("--reason", reason, "Why")->type_name("TEXT")->required(needs_reason);
  }
  void add_version(CLI::App& to) {
    to.add_option("--case-version", version, "Act only if the case still has this version (default: the present one)")
        ->type_name("N");
  }
  void add_conditions(CLI::App& to, std::initializer_list<std::pair<const char*, const char*>> conditions) {
    for (const auto& [name, what] : conditions) {
      const std::string field = name;
      std::string flag = "--" + field;
      std::ranges::replace(flag, '_', '-');
      to.add_option_function<std::string>(
            flag, [this, field](const std::string& value) { filter.emplace_back(field, value); }, what)
          ->type_name("TEXT");
    }
  }
  void add_hold(CLI::App& to, const std::string& what) {
    to.add_option("--hold", batch.held_s,
                  "Nothing is sent for so many seconds; until then `" + what + "` takes it back")
        ->type_name("SECONDS");
  }
  void add_limit(CLI::App& to) {
    to.add_option("--limit", limit, "At most so many")->type_name("N")->capture_default_str();
  }

  /// Pages until there are enough. The token of the last page stays, so that a script can go on.
  template <class Page, class Item>
  void list(running_shop& from, const std::string& path, std::vector<Item> Page::*items) const {
    Page all;
    do {
      auto query = filter;
      query.emplace_back("page_size", std::to_string(std::clamp<std::size_t>(limit - (all.*items).size(), 1, 200)));
      query.emplace_back("page_token", all.next_page_token);
      auto page = from.read<Page>(path, query);
      for (auto& one : page.*items) (all.*items).push_back(std::move(one));
      all.next_page_token = std::move(page.next_page_token);
    } while (!all.next_page_token.empty() && (all.*items).size() < limit);
    if (json)
      std::cout << describe::to_json(all) << std::endl;
    else
      std::cout << text_of(all.*items)
                << (all.next_page_token.empty() ? "" : "There are more; --limit N shows them.\n") << std::flush;
  }

  void act(running_shop& at, const std::string& action_name, std::optional<describe::raw_json> with = {}) const {
    const auto path = "/cases/" + running_shop::escaped(id);
    const auto of_version = version > 0 ? version : at.read<case_detail>(path).version;
    const action_body body{of_version, by, reason, with_followers, batch.held_s, std::move(with)};
    print(at.send<case_summary>(path + "/" + action_name, describe::to_json(body)));
  }

  void show(running_shop& at) const {
    const auto path = "/cases/" + running_shop::escaped(id);
    if (!reveal) return print(at.read<case_detail>(path));
    if (reason.empty()) throw ending_early{exit_refused, "--reveal needs a --reason; it goes into the audit trail"};
    print(at.send<case_detail>(path + "/reveal", describe::to_json(reason_body{by, reason, true, {}})));
  }

  void rehearse(running_shop& at) const {
    const auto path = "/cases/" + running_shop::escaped(id) + "/rehearsal";
    if (!reveal && payload.empty()) return print(at.read<rehearsal_view>(path));
    reason_body body{by, reason, reveal, {}};
    if (!payload.empty()) body.payload = payload_in(payload);
    print(at.send<rehearsal_view>(path, describe::to_json(body)));
  }

  void start(running_shop& at) {
    std::string text = "{";
    for (const auto& [name, value] : filter) {
      if (text.size() > 1) text += ',';
      describe::write_json_text(text, name);
      text += ':';
      describe::write_json_text(text, value);
    }
    auto read = describe::from_json<case_filter>(text + "}");
    if (!read) throw ending_early{exit_refused, read.error().text};
    batch.filter = std::move(*read);
    batch.action = action == "discard" ? batch_action::discard : batch_action::replay;
    batch.by = by;
    batch.reason = reason;
    batch.with_followers = with_followers;
    if (stop_after > 0) batch.stop_after = stop_after;
    print(at.send<batch_summary>("/batches", describe::to_json(batch)));
  }
};

namespace {

constexpr std::initializer_list<std::pair<const char*, const char*>> case_conditions{
    {"service", "That gave up on it"},
    {"type", "Of the message"},
    {"reason", "attempts, schema, expired ..."},
    {"key", "Of the message"},
    {"state", "open, replaying, discarding, healed or discarded"},
    {"group", "A group_id"},
    {"since", "Opened at this time or later (2026-01-31T08:00:00Z)"},
    {"until", "Opened before this time"},
    {"text", "Stands somewhere in id, service, type, key, reason or error"}};

/// A batch is about open cases, and has a reason of its own.
constexpr std::initializer_list<std::pair<const char*, const char*>> batch_conditions{
    {"service", "That gave up on it"},
    {"type", "Of the message"},
    {"key", "Of the message"},
    {"group", "A group_id"},
    {"since", "Opened at this time or later"},
    {"until", "Opened before this time"},
    {"text", "Stands somewhere in id, service, type, key, reason or error"}};

}  // namespace

hospital_verb::hospital_verb(CLI::App& app) : words_{std::make_unique<words>()} {
  auto& say = *words_;
  auto* top = app.add_subcommand("hospital", "Dead letters of a running shop: see, replay, mend, discard");
  top->require_subcommand(1);
  top->footer(hospital_footer);

  auto* list = say.verb(*top, "list", "Cases, newest first",
                        [&say](auto& shop) { say.list(shop, "/cases", &case_page::cases); });
  say.add_conditions(*list, case_conditions);
  say.add_limit(*list);
  auto* show = say.verb(*top, "show", "One case and its story", [&say](auto& shop) { say.show(shop); });
  say.add_id(*show, "case");
  show->add_flag("--reveal", say.reveal, "With personal data; goes into the audit trail, needs --reason");
  say.add_who(*show, false);
  auto* groups = say.verb(*top, "groups", "Cases that failed in the same way",
                          [&say](auto& shop) { say.list(shop, "/groups", &group_page::groups); });
  say.add_conditions(*groups, {{"service", "That gave up on them"},
                               {"type", "Of the messages"},
                               {"state", "With a case in this state"},
                               {"text", "Stands somewhere in service, type or error"}});
  say.add_limit(*groups);
  auto* replay = say.verb(*top, "replay", "Try it again", [&say](auto& shop) { say.act(shop, "replay"); });
  say.add_id(*replay, "case");
  say.add_version(*replay);
  say.add_who(*replay, false);
  auto* discard = say.verb(*top, "discard", "Bury it", [&say](auto& shop) { say.act(shop, "discard"); });
  say.add_id(*discard, "case");
  say.add_version(*discard);
  say.add_who(*discard, true);
  discard->add_flag("--with-followers", say.with_followers, "Also what is parked behind it; else that goes on");
  say.add_hold(*discard, "hospital keep");
  auto* keep =
      say.verb(*top, "keep", "Take a discard back that is still held", [&say](auto& shop) { say.act(shop, "keep"); });
  say.add_id(*keep, "case");
  say.add_version(*keep);
  say.add_who(*keep, false);
  auto* edit = say.verb(*top, "edit", "Try it again with another payload",
                        [&say](auto& shop) { say.act(shop, "edit", payload_in(say.payload)); });
  say.add_id(*edit, "case");
  edit->add_option("--payload", say.payload, "File with the new payload; - reads stdin")
      ->type_name("FILE")
      ->required();
  say.add_version(*edit);
  say.add_who(*edit, true);
  edit->footer(edit_footer);
  auto* rehearse = say.verb(*top, "rehearse", "What would a replay do now? Nothing is kept of it",
                            [&say](auto& shop) { say.rehearse(shop); });
  say.add_id(*rehearse, "case");
  rehearse->add_option("--payload", say.payload, "With this payload; - reads stdin")->type_name("FILE");
  rehearse->add_flag("--reveal", say.reveal, "With personal data; goes into the audit trail, needs --reason");
  say.add_who(*rehearse, false);
  auto* audit = say.verb(*top, "audit", "Who did what, when and why",
                         [&say](auto& shop) { say.list(shop, "/audit", &audit_page::entries); });
  say.add_conditions(*audit, {{"case_id", "About this case"},
                              {"batch_id", "By this batch"},
                              {"by", "Of this person"},
                              {"action", "replay, edit, discard, keep, reveal, start_batch or cancel_batch"},
                              {"since", "At this time or later"},
                              {"until", "Before this time"}});
  say.add_limit(*audit);
  add_batch_verbs(*top);
}

void hospital_verb::add_batch_verbs(CLI::App& top) {
  auto& say = *words_;
  auto* batch = top.add_subcommand("batch", "Many cases at once");
  batch->require_subcommand(1);
  batch->footer(batch_footer);
  auto* start =
      say.verb(*batch, "start", "Replay or discard what a filter finds", [&say](auto& shop) { say.start(shop); });
  say.add_conditions(*start, batch_conditions);
  start->add_option("--case", say.batch.cases, "This case, instead of a filter; may be repeated")
      ->type_name("ID")
      ->take_all();
  start->add_option("--action", say.action, "replay or discard")
      ->check(CLI::IsMember({"replay", "discard"}).description({}))
      ->type_name("WHAT")
      ->capture_default_str();
  start->add_option("--rate", say.batch.rate_per_second, "Cases a second")->type_name("N")->capture_default_str();
  start->add_option("--canary", say.batch.canary, "So many first; the rest when their outcomes are known")
      ->type_name("N");
  start->add_option("--stop-after", say.stop_after, "Failures that stop it (default: 1 with a canary, else never)")
      ->type_name("K");
  start->add_flag("--with-followers", say.with_followers, "discard: also what is parked behind");
  say.add_hold(*start, "hospital batch cancel");
  start->add_flag("--dry-run", say.batch.dry_run, "Only tell how many cases it would be");
  say.add_who(*start, true);
  auto* list = say.verb(*batch, "list", "Batches, newest first",
                        [&say](auto& shop) { say.list(shop, "/batches", &batch_page::batches); });
  say.add_limit(*list);
  auto* show = say.verb(*batch, "show", "Progress, and the outcome of each case", [&say](auto& shop) {
    say.print(shop.template read<batch_detail>("/batches/" + running_shop::escaped(say.id), {{"page_size", "200"}}));
  });
  say.add_id(*show, "batch");
  auto* cancel = say.verb(*batch, "cancel", "Send no more of it", [&say](auto& shop) {
    const reason_body body{say.by, say.reason, false, {}};
    say.print(shop.template send<batch_summary>("/batches/" + running_shop::escaped(say.id) + "/cancel",
                                                describe::to_json(body)));
  });
  say.add_id(*cancel, "batch");
  say.add_who(*cancel, false);
}

hospital_verb::~hospital_verb() = default;

int hospital_verb::run() const {
  try {
    running_shop shop{words_->shop, "/hospital"};
    words_->command(shop);
    return 0;
  } catch (const ending_early& end) {
    std::cerr << "musiccorp hospital: " << end.text << std::endl;
    return end.code;
  }
}

}  // namespace musiccorp::program
