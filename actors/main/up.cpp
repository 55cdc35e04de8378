// `musiccorp up`: node processes under supervision, by the same rules as the actors in them. One that was drained may
// end; any other end, also an orderly one, is made good.
#include <algorithm>
#include <csignal>
#include <iostream>
#include <set>

#include "commands.hpp"
#include "config/address.hpp"
#include "supervision/process_supervisor.hpp"

namespace musiccorp::program {
namespace {

using namespace std::chrono_literals;

constexpr auto stops_late = 10s;  ///< by so much more than it may take to stop, a process has had its time
constexpr auto is_ready_within = 2min;

/// One process to supervise.
struct wanted_node {
  std::string id;
  std::filesystem::path data;
  std::chrono::milliseconds stop_longest{};
  std::vector<std::string> arguments{};
};

void add_common(std::vector<std::string>& arguments, const node_flags& flags, bool logs_for_people) {
  if (logs_for_people) {  // The node itself only sees a pipe.
    arguments.emplace_back("--set");
    arguments.emplace_back("/log/format=human");
  }
  for (const auto& one : flags.settings) {
    arguments.emplace_back("--set");
    arguments.push_back(one);
  }
}

wanted_node single_node(const node_flags& flags, const checked_flags& checked, int number, int nodes) {
  const auto id = "node-" + std::to_string(number);
  wanted_node made{nodes == 1 ? "shop" : id, nodes == 1 ? checked.data : checked.data / id, checked.stop_longest};
  const auto port = checked.port == 0 ? 0 : checked.port + number - 1;
  made.arguments = {"node",
                    "--config",
                    flags.config.empty() ? (project_root() / "config" / "node.json").string() : flags.config,
                    "--data",
                    made.data.string(),
                    "--http",
                    config::text_of(config::address{checked.host, static_cast<std::uint16_t>(port)})};
  add_common(made.arguments, flags, checked.logs_for_people);
  return made;
}

void tell_where(std::string_view url, const std::filesystem::path& data) {
  std::cout << "  console     " << url << "/console/\n"
            << "  catalogue   " << url << "/catalog\n"
            << "  API         " << url << "/openapi.json\n"
            << "  ready?      " << url << "/readyz\n"
            << "  supervision " << url << "/supervision\n"
            << "  metrics     " << url << "/metrics\n"
            << "  data        " << data.string() << "\n\n";
}

/// What a person wants to know when a process is up, for the first time or again.
class announcer {
 public:
  explicit announcer(const std::vector<wanted_node>& nodes) : nodes_{nodes} {}

  void ready(std::string_view child, std::string_view url) {
    const auto node = std::ranges::find(nodes_, child, &wanted_node::id);
    const auto name = nodes_.size() == 1 ? std::string{"The shop"} : std::string{child};
    if (!seen_.emplace(child).second) {
      std::cout << name << " is open again at " << url << "\n" << std::flush;
    } else {
      std::cout << name << " is open.\n\n";
      tell_where(url, node->data);
    }
    urls_ += "ready " + std::string{url} + "\n";
  }
  void drained(std::string_view child) {
    std::cout << child << " was drained and has ended. It stays so until its `node` command, or the next `up`.\n"
              << std::flush;
  }
  /// For people, and a line for each URL for programs.
  void all_ready() {
    std::cout << "Ctrl-C closes it; the data stays, and the next `up` goes on with it.\n" << urls_ << std::flush;
  }

 private:
  const std::vector<wanted_node>& nodes_;
  std::set<std::string, std::less<>> seen_;
  std::string urls_;
};

int supervise(const std::vector<wanted_node>& nodes) {
  supervision::process_supervisor_setup setup;
  setup.name = "musiccorp";
  setup.options = {.intensity = 5,
                   .period = 60s,
                   .shutdown = supervision::auto_shutdown::all_significant,
                   .backoff = {.delay_first = 500ms, .delay_max = 10s}};
  for (const auto& one : nodes)
    setup.children.push_back({.spec = {.id = one.id,
                                       .restart = supervision::restart_kind::transient,
                                       .stop = supervision::stop_limit::within(one.stop_longest + stops_late),
                                       .significant = true,
                                       .ready_within = is_ready_within},
                              .command = {"/proc/self/exe", one.arguments},
                              .last_word = std::string{drained_line}});
  setup.say = [](std::string_view line, bool is_error) {
    if (line.find(" | ready http") == std::string_view::npos) (is_error ? std::cerr : std::cout) << line << std::endl;
  };
  announcer told{nodes};
  setup.on_ready = [&](std::string_view child, std::string_view url) { told.ready(child, url); };
  setup.on_all_ready = [&] { told.all_ready(); };
  setup.on_done = [&](std::string_view child) { told.drained(child); };
  auto supervisor = supervision::process_supervisor::make(std::move(setup));
  if (!supervisor) {
    std::cerr << supervisor.error().text << std::endl;
    return exit_bad_config;
  }
  const auto end = (*supervisor)->run();
  if (end.exit_code == 0)
    std::cout << "Closed." << std::endl;
  else
    std::cerr << "Giving up: " << end.why.text << std::endl;
  return end.exit_code;
}

}  // namespace

int run_up(const node_flags& flags, int nodes) {
  const auto made = check_flags(flags);
  if (const auto* code = std::get_if<int>(&made)) return *code;
  std::vector<wanted_node> wanted;
  for (int number = 1; number <= nodes; ++number)
    wanted.push_back(single_node(flags, std::get<checked_flags>(made), number, nodes));
  return supervise(wanted);
}

int run_up_cluster(const node_flags& flags) {
  const auto made = load_cluster(flags.config);
  if (const auto* code = std::get_if<int>(&made)) return *code;
  std::vector<wanted_node> wanted;
  for (const auto& member : std::get<config::cluster_plan>(made).members) {
    const auto& name = member.name;
    auto one = flags;
    one.name = name;
    if (!flags.data.empty()) one.data = (std::filesystem::path{flags.data} / name).string();
    const auto fine = check_flags(one);
    if (const auto* code = std::get_if<int>(&fine)) return *code;
    const auto& checked = std::get<checked_flags>(fine);
    wanted_node node{name,
                     checked.data,
                     checked.stop_longest,
                     {"node", "--config", flags.config, "--name", name, "--data", checked.data.string()}};
    add_common(node.arguments, flags, checked.logs_for_people);
    wanted.push_back(std::move(node));
  }
  return supervise(wanted);
}

}  // namespace musiccorp::program
