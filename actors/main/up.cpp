// `musiccorp up`: node processes under supervision, by the same rules as the actors in them.
#include <csignal>
#include <iostream>
#include <set>

#include "commands.hpp"
#include "supervision/process_supervisor.hpp"

namespace musiccorp::program {
namespace {

using namespace std::chrono_literals;

constexpr auto stops_within = 20s;
constexpr auto is_ready_within = 2min;

std::vector<std::string> arguments_for(const node_flags& flags, const checked_flags& checked, int number, int nodes) {
  const auto data = nodes == 1 ? checked.data : checked.data / ("node-" + std::to_string(number));
  const auto port = checked.port == 0 ? 0 : checked.port + number - 1;
  const bool is_v6 = checked.host.find(':') != std::string::npos;
  std::vector<std::string> arguments{
      "node",
      "--config",
      flags.config.empty() ? (project_root() / "config" / "node.json").string() : flags.config,
      "--data",
      data.string(),
      "--http",
      (is_v6 ? "[" + checked.host + "]" : checked.host) + ":" + std::to_string(port)};
  if (checked.logs_for_people) {  // The node itself only sees a pipe.
    arguments.emplace_back("--set");
    arguments.emplace_back("/log/format=human");
  }
  for (const auto& one : flags.settings) {
    arguments.emplace_back("--set");
    arguments.push_back(one);
  }
  return arguments;
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
  announcer(const std::filesystem::path& data, int nodes) : data_{data}, nodes_{nodes} {}

  void ready(std::string_view child, std::string_view url) {
    const auto name = nodes_ == 1 ? std::string{"The shop"} : std::string{child};
    if (!seen_.emplace(child).second) {
      std::cout << name << " is open again at " << url << "\n" << std::flush;
    } else {
      std::cout << name << " is open.\n\n";
      tell_where(url, nodes_ == 1 ? data_ : data_ / child);
    }
    urls_ += "ready " + std::string{url} + "\n";
  }
  /// For people, and a line for each URL for programs.
  void all_ready() {
    std::cout << "Ctrl-C closes it; the data stays, and the next `up` goes on with it.\n" << urls_ << std::flush;
  }

 private:
  const std::filesystem::path& data_;
  int nodes_;
  std::set<std::string, std::less<>> seen_;
  std::string urls_;
};

}  // namespace

int run_up(const node_flags& flags, int nodes) {
  const auto made = check_flags(flags);
  if (const auto* code = std::get_if<int>(&made)) return *code;
  const auto& checked = std::get<checked_flags>(made);

  supervision::process_supervisor_setup setup;
  setup.name = "musiccorp";
  setup.options = {.intensity = 5, .period = 60s, .backoff = {.delay_first = 500ms, .delay_max = 10s}};
  for (int number = 1; number <= nodes; ++number)
    setup.children.push_back({{.id = nodes == 1 ? "shop" : "node-" + std::to_string(number),
                               .stop = supervision::stop_limit::within(stops_within),
                               .ready_within = is_ready_within},
                              {"/proc/self/exe", arguments_for(flags, checked, number, nodes)}});
  setup.say = [](std::string_view line, bool is_error) {
    if (line.find(" | ready http") == std::string_view::npos) (is_error ? std::cerr : std::cout) << line << std::endl;
  };
  announcer told{checked.data, nodes};
  setup.on_ready = [&](std::string_view child, std::string_view url) { told.ready(child, url); };
  setup.on_all_ready = [&] { told.all_ready(); };
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

}  // namespace musiccorp::program
