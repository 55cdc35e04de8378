// The program behind ./musiccorp: reads the command line and hands over to one command.
#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>

#include "commands.hpp"
#include "describe/suggest.hpp"

namespace {

using namespace musiccorp::program;

void add_node_options(CLI::App& command, node_flags& flags) {
  command.add_option("--config", flags.config, "Node file (default: config/node.json of the project)");
  command.add_option("--data", flags.data, "Folder for the stores (default: as configured, else .data/<node>)");
  command.add_option("--http", flags.http, "Address to listen on, HOST:PORT; port 0 takes a free one");
  command.add_option("--set", flags.settings, "Override one value: --set /retry/attempts_max=3; may be repeated")
      ->type_name("/POINTER=VALUE");
}

/// CLI11's own text, and what the person most likely meant.
int usage_error(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  const int code = app.exit(error);
  if (code == 0) return 0;
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
    for (const auto* option : command->get_options())
      for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  }
  const std::vector<std::string_view> known(names.begin(), names.end());
  for (int i = 1; i < argc; ++i) {
    const std::string_view word{argv[i]};
    if (std::find(known.begin(), known.end(), word) != known.end()) continue;
    if (const auto close = musiccorp::describe::closest(word, known); !close.empty())
      std::cerr << "Did you mean " << close << "?\n";
  }
  return 64;  // EX_USAGE of sysexits.h
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app{"MusicCorp: a music shop of small durable services, and the runtime under it."};
  app.name("musiccorp");
  app.require_subcommand(1);
  app.set_version_flag("--version", MUSICCORP_VERSION);

  node_flags flags;
  auto* node = app.add_subcommand("node", "Run one node as its config file says, until SIGTERM");
  add_node_options(*node, flags);
  node->get_option("--config")->required();
  auto* up = app.add_subcommand("up", "Run the shop here until Ctrl-C");
  add_node_options(*up, flags);

  auto* config = app.add_subcommand("config", "About the configuration");
  config->require_subcommand(1);
  bool as_json = false;
  auto* explain = config->add_subcommand("explain", "Print every value that is in effect, and where it comes from");
  add_node_options(*explain, flags);
  explain->add_flag("--json", as_json, "Print JSON");

  musiccorp::demo::demo_options demo_wanted;
  auto* demo = app.add_subcommand("demo", "Open a fresh shop, drive orders through it, and check every promise");
  demo->add_option("--orders", demo_wanted.orders, "How many orders")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  demo->add_option("--clients", demo_wanted.clients, "How many clients at a time")
      ->check(CLI::Range(1, 512))
      ->capture_default_str();
  demo->add_option("--seed", demo_wanted.seed, "Repeat a run")->capture_default_str();
  demo->add_flag("--keep", demo_wanted.keep, "Leave the shop open until Ctrl-C, and its data there");
  demo->add_flag("--json", demo_wanted.json, "Print the result as JSON");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return usage_error(app, error, argc, argv);
  }
  if (*node) return run_node(flags, run_mode::quiet);
  if (*up) return run_node(flags, run_mode::talkative);
  if (*explain) return explain_config(flags, as_json);
  return demonstrate(demo_wanted);
}
