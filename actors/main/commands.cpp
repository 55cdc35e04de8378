#include "commands.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <iostream>

#include "config/explain.hpp"
#include "config/load.hpp"
#include "node/from_config.hpp"
#include "node/node.hpp"
#include "roster/roster.hpp"

namespace musiccorp::program {
namespace {

constexpr int exit_cannot_open = 74;  // EX_IOERR
constexpr int exit_cut_short = 75;    // EX_TEMPFAIL
constexpr int exit_bad_config = 78;   // EX_CONFIG

/// In-flight requests and turns get this long at SIGTERM.
constexpr std::chrono::milliseconds stop_grace{3'000};

std::string json_text(std::string_view text) {
  std::string out;
  describe::write_json_text(out, text);
  return out;
}

/// --http HOST:PORT and --set as overrides of the file.
result<std::vector<config::override_value>> overrides_from(const node_flags& flags) {
  std::vector<config::override_value> overrides;
  if (!flags.http.empty()) {
    const auto colon = flags.http.rfind(':');
    if (colon == std::string::npos)
      return failure(fault_kind::invalid, "--http wants HOST:PORT, found " + flags.http);
    auto host = flags.http.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    overrides.push_back({"/http/host", json_text(host)});
    overrides.push_back({"/http/port", flags.http.substr(colon + 1)});
  }
  for (const auto& text : flags.settings) {
    auto one = config::parse_override(text);
    if (!one) return failure(fault_kind::invalid, "--set: " + one.error().text);
    overrides.push_back(std::move(*one));
  }
  return overrides;
}

std::filesystem::path config_file(const node_flags& flags) {
  return flags.config.empty() ? project_root() / "config" / "node.json" : std::filesystem::path{flags.config};
}

/// The names of all services, from a roster without settings.
result<std::vector<std::string>> service_names(const std::filesystem::path& catalog) {
  auto services = roster::roster({}, {}, catalog);
  if (!services) return failure(std::move(services.error()));
  std::vector<std::string> names;
  for (const auto& one : *services) names.push_back(one.name());
  return names;
}

result<config::loaded_config> load(const node_flags& flags) {
  auto overrides = overrides_from(flags);
  if (!overrides) return failure(std::move(overrides.error()));
  auto names = service_names(project_root() / "config" / "catalog.json");
  if (!names) return failure(std::move(names.error()));
  return config::load_node_config(config_file(flags), *names, *overrides);
}

int complain(const base::fault& trouble, const std::filesystem::path& file, int code) {
  std::cerr << config::report(trouble, file.string()) << std::flush;
  return code;
}

std::filesystem::path data_folder(const node_flags& flags, const config::node_config& config) {
  if (!flags.data.empty()) return std::filesystem::absolute(flags.data);
  if (!config.data.empty()) return std::filesystem::absolute(config.data);
  return project_root() / ".data" / config.node;
}

void tell_where(const node::node& running, const std::filesystem::path& data) {
  const auto url = running.url();
  std::cout << "The shop is open.\n"
            << "  catalogue   " << url << "/catalog\n"
            << "  API         " << url << "/openapi.json\n"
            << "  metrics     " << url << "/metrics\n"
            << "  data        " << data.string() << "\n"
            << "Ctrl-C closes it.\n";
}

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

std::filesystem::path project_root() {
  std::error_code ignored;
  for (auto folder = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
       !folder.empty() && folder != folder.root_path(); folder = folder.parent_path())
    if (std::filesystem::exists(folder / "config" / "node.json", ignored)) return folder;
  return std::filesystem::current_path(ignored);
}

int run_node(const node_flags& flags, run_mode mode) {
  // Before any thread starts: they all inherit it, and only this one waits for the signals.
  const auto signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  auto loaded = load(flags);
  if (!loaded) return complain(loaded.error(), config_file(flags), exit_bad_config);
  const auto& config = loaded->effective;
  if (auto logs = telemetry::start_logs(node::logs_from(config.log, isatty(STDERR_FILENO) != 0)); !logs)
    return complain(logs.error(), config_file(flags), exit_cannot_open);

  const auto data = data_folder(flags, config);
  const auto catalog = config.imports.find("catalog");
  auto services = roster::roster(node::settings_from(config), data,
                                 catalog == config.imports.end() ? project_root() / "config" / "catalog.json"
                                                                 : std::filesystem::path{catalog->second});
  if (!services) return complain(services.error(), config_file(flags), exit_bad_config);

  auto running = node::node::start(node::options_from(config, MUSICCORP_VERSION, data), std::move(*services));
  if (!running) {
    std::cerr << "The node cannot start: " << running.error().text << "\n";
    return exit_cannot_open;
  }
  if (mode == run_mode::talkative) tell_where(**running, data);
  std::cout << "ready " << (*running)->url() << std::endl;

  int signal = 0;
  sigwait(&signals, &signal);
  if (mode == run_mode::talkative) std::cout << "\nClosing ..." << std::endl;
  const bool whole = (*running)->stop(stop_grace);
  telemetry::flush_logs();
  return whole ? 0 : exit_cut_short;
}

int explain_config(const node_flags& flags, bool as_json) {
  auto loaded = load(flags);
  if (!loaded) return complain(loaded.error(), config_file(flags), exit_bad_config);
  std::cout << (as_json ? config::explain_json(*loaded) : config::explain(*loaded));
  return 0;
}

int demonstrate(demo::demo_options options) {
  if (options.data.empty()) options.data = project_root() / ".data";
  if (options.config.empty()) options.config = project_root() / "config" / "node.json";
  return demo::run_demo(options);
}

}  // namespace musiccorp::program
