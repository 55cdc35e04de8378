#include "commands.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <future>
#include <iostream>
#include <variant>

#include "config/cluster_file.hpp"
#include "config/explain.hpp"
#include "config/load.hpp"
#include "config/lookup.hpp"
#include "describe/findings.hpp"
#include "node/from_config.hpp"
#include "node/node.hpp"
#include "node/operator_gate.hpp"
#include "roster/catalog_file.hpp"
#include "roster/roster.hpp"
#include "schemas.hpp"

namespace musiccorp::program {
namespace {

std::filesystem::path config_file(const node_flags& flags) {
  return flags.config.empty() ? project_root() / "config" / "node.json" : std::filesystem::path{flags.config};
}

/// Tells what is wrong, a line for each problem, on stderr.
int complain(const base::fault& trouble, const std::filesystem::path& file, int code) {
  const bool names_it = trouble.text.starts_with(file.string() + ": ");
  std::cerr << (trouble.problems.empty() && names_it ? trouble.text + "\n" : config::report(trouble, file.string()))
            << std::flush;
  return code;
}

using override_values = std::vector<config::override_value>;

/// --http and --set as overrides of the file, or an exit code after it has told what is wrong.
std::variant<override_values, int> overrides_from(const node_flags& flags) {
  override_values overrides;
  if (!flags.http.empty()) {
    auto door = config::http_overrides(flags.http);
    if (!door) return complain(door.error(), "--http", exit_usage);
    overrides = std::move(*door);
  }
  for (const auto& text : flags.settings) {
    auto one = config::parse_override(text);
    if (!one) return complain(one.error(), "--set", exit_usage);
    overrides.push_back(std::move(*one));
  }
  return overrides;
}

std::vector<std::string> service_names() {
  std::vector<std::string> names;
  for (const auto& one : roster::empty_shop()) names.push_back(one.name());
  return names;
}

std::filesystem::path project_catalog() { return project_root() / "config" / "catalog.json"; }

std::filesystem::path data_folder(const node_flags& flags, const config::node_config& config) {
  if (!flags.data.empty()) return std::filesystem::absolute(flags.data);
  if (!config.data.empty()) return std::filesystem::absolute(config.data);
  return project_root() / ".data" / config.node;
}

std::filesystem::path catalog_file(const config::node_config& config) {
  const auto given = config.imports.find("catalog");
  return given == config.imports.end() ? project_catalog() : std::filesystem::path{given->second};
}

/// What the command line and the files ask for, checked as far as that goes without opening anything.
struct plan {
  config::loaded_config config;
  std::optional<config::cluster_plan> cluster;
  std::filesystem::path data;
  std::vector<service_definition> services;
};

/// Problems of services' settings, with pointers into the node file.
fault in_node_file(fault trouble) {
  for (auto& one : trouble.problems) {
    const auto end = std::min(one.pointer.find('/', 1), one.pointer.size());
    one.pointer = "/services" + one.pointer.substr(0, end) + "/settings" + one.pointer.substr(end);
  }
  return trouble;
}

/// Imports that no service reads.
result<void> check_imports(const config::node_config& config) {
  fault trouble{fault_kind::invalid, "unknown imports", {}, {}};
  for (const auto& [name, path] : config.imports)
    if (name != "catalog") trouble.problems.push_back({"/imports/" + name, "an import that nobody reads", "catalog"});
  if (trouble.problems.empty()) return {};
  return failure(std::move(trouble));
}

/// Says of each refused value that it came from a flag, if it did.
fault attributed(fault trouble, const override_values& overrides) {
  for (auto& one : trouble.problems) {
    const auto flag = std::ranges::find_if(
        overrides, [&](const auto& given) { return config::is_same_branch(one.pointer, given.pointer); });
    if (flag != overrides.end()) one.found += " given by " + flag->flag;
  }
  return trouble;
}

/// The place in the node file first, then what is wrong in the file to which it leads.
int complain_of_catalog(const fault& trouble, const std::filesystem::path& catalog, const override_values& overrides,
                        const std::filesystem::path& file) {
  const bool is_there = trouble.kind != fault_kind::not_found;
  auto place = describe::refusal({{"/imports/catalog", catalog.string(),
                                   is_there ? "a catalogue without mistakes" : "a file that can be read"}});
  const int code = complain(attributed(std::move(place), overrides), file, exit_bad_config);
  return is_there ? complain(trouble, catalog, code) : code;
}

/// All services with the settings of the node file.
result<std::vector<service_definition>> services_for(const config::node_config& config,
                                                     const std::filesystem::path& data) {
  if (auto imports = check_imports(config); !imports) return failure(std::move(imports.error()));
  auto services = roster::roster(node::settings_from(config), data, catalog_file(config));
  if (!services) return failure(in_node_file(std::move(services.error())));
  return services;
}

std::string listed(const std::vector<config::cluster_member>& members) {
  std::string all;
  for (const auto& one : members) all.append(all.empty() ? "" : ", ").append(one.name);
  return all;
}

/// That the node is in the cluster and its files can be read; else an exit code after it has told.
std::optional<int> check_member(const config::cluster_plan& cluster, const std::string& name,
                                const std::filesystem::path& file) {
  if (!cluster.find(name))
    return complain(describe::refusal({{"/nodes", "no node of the name " + describe::shown(name),
                                        "one of " + listed(cluster.members)}}),
                    file, exit_bad_config);
  if (auto unreadable = config::unreadable_files(cluster, name); !unreadable.empty())
    return complain(describe::refusal(std::move(unreadable)), file, exit_bad_config);
  return std::nullopt;
}

/// What a cluster file says about the one node, as if flags had said it; they win over it.
override_values overrides_for(const config::cluster_member& member, override_values flags) {
  override_values all{{"/node", member.name, "the cluster file"},
                      {"/http/host", member.http.host, "the cluster file"},
                      {"/http/port", std::to_string(member.http.port), "the cluster file"}};
  all.insert(all.end(), std::make_move_iterator(flags.begin()), std::make_move_iterator(flags.end()));
  return all;
}

/// An exit code after it has told what is wrong.
std::variant<plan, int> make_plan(const node_flags& flags) {
  const auto given = overrides_from(flags);
  if (const auto* code = std::get_if<int>(&given)) return *code;
  auto overrides = std::get<override_values>(given);
  auto file = config_file(flags);
  std::optional<config::cluster_plan> cluster;
  if (!flags.name.empty()) {
    auto read = load_cluster(file);
    if (const auto* code = std::get_if<int>(&read)) return *code;
    cluster = std::move(std::get<config::cluster_plan>(read));
    if (const auto code = check_member(*cluster, flags.name, file)) return *code;
    overrides = overrides_for(*cluster->find(flags.name), std::move(overrides));
    file = cluster->settings.empty() ? project_root() / "config" / "node.json" : cluster->settings;
  }
  auto loaded = config::load_node_config(file, service_names(), overrides);
  if (!loaded) return complain(loaded.error(), file, exit_bad_config);
  const auto& config = loaded->effective;
  // By itself first: its pointers lead into another file.
  if (const auto catalog = roster::read_catalog(catalog_file(config)); !catalog)
    return complain_of_catalog(catalog.error(), catalog_file(config), overrides, file);
  const auto data = cluster && flags.data.empty() ? project_root() / ".data" / cluster->name / flags.name
                                                  : data_folder(flags, config);
  auto services = services_for(config, data);
  if (!services) return complain(attributed(std::move(services.error()), overrides), file, exit_bad_config);
  if (auto known = node::check_message_types(config, *services); !known)
    return complain(attributed(std::move(known.error()), overrides), file, exit_bad_config);
  return plan{std::move(*loaded), std::move(cluster), data, std::move(*services)};
}

int tell_why_not(const base::fault& trouble, const config::http_config& door) {
  std::cerr << "The node cannot start: " << trouble.text;
  if (trouble.kind == fault_kind::unavailable)
    std::cerr << "; free port " << door.port << ", or choose another address with --http HOST:PORT (port 0 takes a "
              << "free one)";
  std::cerr << std::endl;
  return trouble.kind == fault_kind::invalid ? exit_bad_config : exit_cannot_open;
}

int tell_giving_up(const std::string& why) {
  std::cerr << "The node gave up: " << why << std::endl;
  return exit_gave_up;
}

std::filesystem::path schema_folder(const std::string& given) {
  return given.empty() ? project_root() / "config" / "schema" : std::filesystem::path{given};
}

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

/// One of them has come, and nobody has taken it.
bool is_pending(const sigset_t& signals) {
  sigset_t here, both;
  return sigpending(&here) == 0 && sigandset(&both, &here, &signals) == 0 && sigisemptyset(&both) == 0;
}

}  // namespace

std::variant<config::cluster_plan, int> load_cluster(const std::filesystem::path& file) {
  auto cluster = config::load_cluster_file(file, service_names(), roster::partitionable());
  if (!cluster) return complain(cluster.error(), file, exit_bad_config);
  return std::move(*cluster);
}

std::filesystem::path project_root() {
  std::error_code ignored;
  for (auto folder = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
       !folder.empty() && folder != folder.root_path(); folder = folder.parent_path())
    if (std::filesystem::exists(folder / "config" / "node.json", ignored)) return folder;
  return std::filesystem::current_path(ignored);
}

std::variant<checked_flags, int> check_flags(const node_flags& flags) {
  const auto made = make_plan(flags);
  if (const auto* code = std::get_if<int>(&made)) return *code;
  const auto& fine = std::get<plan>(made);
  const auto& config = fine.config.effective;
  const bool open = config.log.format == config::log_form::automatic && config.log.file.empty();
  return checked_flags{fine.data, config.http.host, config.http.port,
                       std::chrono::milliseconds{config.stop_longest_ms}, open && isatty(STDERR_FILENO) != 0};
}

namespace {

/// In order, while a second signal cuts it short.
bool stop(node::node& running, std::chrono::milliseconds longest, const sigset_t& signals) {
  auto stopping = std::async(std::launch::async, [&] { return running.stop(longest); });
  while (stopping.wait_for(std::chrono::milliseconds{0}) != std::future_status::ready) {
    constexpr timespec a_moment{0, 20'000'000};
    if (sigtimedwait(&signals, nullptr, &a_moment) > 0) running.hurry();
  }
  return stopping.get();
}

}  // namespace

int run_node(const node_flags& flags) {
  // Before any thread starts: they all inherit it, and only this one waits for the signals.
  const auto signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  auto made = make_plan(flags);
  if (const auto* code = std::get_if<int>(&made)) return *code;
  auto& [loaded, cluster, data, services] = std::get<plan>(made);
  const auto& config = loaded.effective;
  if (auto logs = telemetry::start_logs(node::logs_from(config.log, isatty(STDERR_FILENO) != 0)); !logs)
    return complain(logs.error(), config_file(flags), exit_cannot_open);
  auto options = node::options_from(config, MUSICCORP_VERSION, data);
  if (cluster)
    options.cluster = node::cluster_from(*cluster, flags.name, MUSICCORP_VERSION, config.streams.payload_bytes_max);
  if (const auto& file = config.http.operator_token_file; !file.empty()) {
    auto token = node::read_operator_token(file);
    if (!token) return complain(token.error(), config_file(flags), exit_cannot_open);
    options.operator_token = std::move(*token);
  }
  std::atomic<bool> is_over{false};
  options.gave_up = [&](const std::string&) {
    is_over = true;
    kill(getpid(), SIGTERM);  // The same way out as for everybody.
  };
  options.drained = [] { std::cout << std::string{drained_line} + "\n" << std::flush; };
  bool is_called_off = false;
  options.called_off = [&] { return is_called_off = is_pending(signals); };
  auto running = node::node::start(std::move(options), std::move(services));
  if (!running) {
    telemetry::flush_logs();
    if (is_called_off) return 0;
    return is_over ? tell_giving_up(running.error().text) : tell_why_not(running.error(), config.http);
  }
  std::cout << "ready " << (*running)->url() << std::endl;

  int signal = 0;
  sigwait(&signals, &signal);
  const auto gave_up = (*running)->gave_up();
  const bool whole = stop(**running, std::chrono::milliseconds{config.stop_longest_ms}, signals);
  telemetry::flush_logs();
  if (gave_up.empty()) return whole ? 0 : exit_cut_short;
  return tell_giving_up(gave_up);
}

int explain_config(const node_flags& flags, bool as_json) {
  const auto made = make_plan(flags);
  if (const auto* code = std::get_if<int>(&made)) return *code;
  const auto& loaded = std::get<plan>(made).config;
  std::cout << (as_json ? config::explain_json(loaded) : config::explain(loaded)) << std::flush;
  return 0;
}

int demonstrate(demo::demo_options options) {
  if (options.data.empty()) options.data = project_root() / ".data";
  if (options.config.empty()) options.config = project_root() / "config" / "node.json";
  return demo::run_demo(options);
}

int write_schema_files(const std::string& folder) {
  const auto schemas = schemas_of(roster::empty_shop());
  const auto written = write_schemas(schemas, schema_folder(folder));
  if (!written) {
    std::cerr << written.error().text << std::endl;
    return exit_cannot_open;
  }
  for (const auto& file : *written) std::cout << "wrote " << file << "\n";
  std::cout << schemas.size() << " schemas, " << written->size() << " of them new or changed" << std::endl;
  return 0;
}

int check_schema_files(const std::string& folder) {
  const auto schemas = schemas_of(roster::empty_shop());
  const auto differences = compare_schemas(schemas, schema_folder(folder));
  if (differences.empty()) {
    std::cout << schemas.size() << " schemas, all as this program has them" << std::endl;
    return 0;
  }
  for (const auto& one : differences) std::cerr << one << "\n";
  std::cerr << "\nIf the program is right, `./musiccorp schema write" << (folder.empty() ? "" : " --dir " + folder)
            << "` rewrites the files." << std::endl;
  return 1;
}

}  // namespace musiccorp::program
