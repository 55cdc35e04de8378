// The program behind ./musiccorp: reads the command line and hands over to one command.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <iostream>
#include <span>
#include <string>
#include <vector>

#include "certs_verb.hpp"
#include "commands.hpp"
#include "describe/suggest.hpp"
#include "drain_verb.hpp"
#include "hospital_verb.hpp"
#include "repartition_verb.hpp"
#include "status_verb.hpp"

namespace {

using namespace musiccorp::program;

struct wanted_options {
  node_flags node;
  int nodes = 1;
  std::string cluster;  ///< file
  std::string certified_cluster;
  drain_order drain{};
  repartition_wish repartition{};
  std::string shop = "http://127.0.0.1:8080";
  musiccorp::program::status_view status_view{};
  bool explain_as_json = false;
  std::string schema_folder;
  musiccorp::demo::demo_options demo;
};

void add_node_options(CLI::App& command, node_flags& flags) {
  command.add_option("--config", flags.config, "Node file (default: config/node.json of the project)")
      ->type_name("FILE");
  command.add_option("--data", flags.data, "Folder for the stores (default: as configured, else .data/<node>)")
      ->type_name("FOLDER");
  command.add_option("--http", flags.http, "Address to listen on; port 0 takes a free one")->type_name("HOST:PORT");
  command.add_option("--set", flags.settings, "Override one value of the node file; may be repeated")
      ->type_name("/POINTER=VALUE")
      ->take_all();
}

constexpr auto node_footer = R"(Prints `ready http://HOST:PORT` when it serves. SIGTERM or Ctrl-C stops it in order.
A second one does not wait for what still runs.
Exit codes: 0 stopped in order, 64 wrong command line, 70 it gave up, 74 something could not be opened,
75 requests were cut at the end, 78 bad configuration.

Examples:
  musiccorp node --config config/node.json --data /var/lib/musiccorp
  musiccorp node --config config/cluster/three.json --name north
  musiccorp node --config config/node.json --http 127.0.0.1:0 --set /retry/attempts_max=3)";

constexpr auto status_footer = R"(Exit codes: 0 all of it is up, 1 something is not, 69 the shop can't be reached.)";

constexpr auto drain_footer =
    R"(The node finishes what it has taken and closes its stores; messages for it wait in the logs of the others. Its
process goes on as "drained" (see `status`), its door leads to the other nodes, until SIGTERM ends it; `up` does not
start it again. Its next start serves again.
Exit codes: 0 drained, 1 refused or not done in time, 69 not reached, 78 the cluster file is wrong.

Example:
  musiccorp drain east --cluster config/cluster/three.json --reason "a new disk")";

constexpr auto repartition_footer =
    R"(All stores must be closed, and all that the service was told must be done: stop the shop when it has come to rest.
New stores are written beside the old ones, entities and ledger are compared, and then the old ones are moved aside,
where they stay. Only this service's partitions may differ between the two files. A call that was interrupted is
finished, or begun anew, by the next one. Data of nodes on other machines is to be brought together first.
Exit codes: 0 done, 1 refused with nothing changed, 74 a file could not be read or written, 78 a cluster file is wrong.

Example:
  musiccorp repartition order --from three.json --cluster three-more-orders.json)";

constexpr auto certs_footer =
    R"(An authority for the cluster and a certificate for each node, in the folder that /tls names. What is there and
still serves is kept; a certificate that ends within 30 days is made anew.
Exit codes: 0 done, 74 a file could not be written, 78 the cluster file is wrong.

Example:
  musiccorp certs config/cluster/tls.json)";

constexpr auto up_footer =
    R"(Supervises a process that runs `node`: starts it again when it ends by itself, later and later, and gives up
after more than 5 such ends within a minute. A node that was drained (see `drain`) may end and stays out; when all
have, so does `up`. A second Ctrl-C does not wait.
Exit codes: 0 stopped in order, 69 it did not start, 70 gave up, 78 bad configuration.

Examples:
  musiccorp up
  musiccorp up --cluster config/cluster/three.json
  musiccorp up --http 127.0.0.1:9000 --set /services/acquirer/settings/fail_percent=10)";

constexpr auto explain_footer = R"(Takes the options of `node`, so it shows what a node started with them would do.

Examples:
  musiccorp config explain
  musiccorp config explain --set /retry/attempts_max=3 --json)";

constexpr auto schema_footer =
    R"(`write` makes the files of this program, `check` compares them and exits with 1 when they differ.
Editors that read "$schema" of config/node.json complete and check it with node.schema.json.)";

constexpr auto demo_footer = R"(Exit codes: 0 every promise holds, 1 one is broken, 2 the demo could not run.)";

void add_run_verbs(CLI::App& app, wanted_options& wanted) {
  auto* node = app.add_subcommand("node", "Run one node as its config file says, until SIGTERM");
  add_node_options(*node, wanted.node);
  node->get_option("--config")->required()->description("Node file; with --name a cluster file");
  node->add_option("--name", wanted.node.name, "Which node of the cluster file it is")->type_name("NODE");
  node->footer(node_footer);
  auto* up = app.add_subcommand("up", "Run the shop here until Ctrl-C");
  add_node_options(*up, wanted.node);
  up->add_option("--nodes", wanted.nodes,
                 "How many node processes, 1 to 16; each is a shop of its own on the next port")
      ->check(CLI::Range(1, 16).description({}))
      ->type_name("N")
      ->capture_default_str();
  up->add_option("--cluster", wanted.cluster, "Run all nodes of this cluster file, as one shop")
      ->type_name("FILE")
      ->excludes(up->get_option("--nodes"), up->get_option("--config"), up->get_option("--http"));
  up->footer(up_footer);
  auto* certs = app.add_subcommand("certs", "Make the certificates that a cluster file names");
  certs->add_option("FILE", wanted.certified_cluster, "Cluster file")->required()->type_name("");
  certs->footer(certs_footer);
  auto* drain = app.add_subcommand("drain", "Take a node out of a running cluster, in order");
  drain->add_option("NODE", wanted.drain.node, "Its name in the cluster file")->required()->type_name("");
  drain->add_option("--cluster", wanted.drain.cluster_file, "Cluster file")->required()->type_name("FILE");
  drain->add_option("--by", wanted.drain.by, "Who says so, for the log (default: $USER)")
      ->type_name("NAME")
      ->envname("USER");
  drain->add_option("--reason", wanted.drain.reason, "Why, for the log")->type_name("TEXT")->capture_default_str();
  drain->add_option("--within", wanted.drain.within_s, "How long to wait for it, 1 to 3600")
      ->check(CLI::Range(1, 3'600).description({}))
      ->type_name("SECONDS")
      ->capture_default_str();
  drain->footer(drain_footer);
  auto* parts = app.add_subcommand("repartition", "Give a service another number of partitions, while nothing runs");
  parts->add_option("SERVICE", wanted.repartition.service, "Such as order")->required()->type_name("");
  parts->add_option("--cluster", wanted.repartition.cluster_file, "Cluster file as it shall be")
      ->required()
      ->type_name("FILE");
  parts->add_option("--from", wanted.repartition.former_file, "Cluster file as it was")
      ->required()
      ->type_name("FILE");
  parts
      ->add_option("--data", wanted.repartition.data,
                   "Folder with a folder for each node (default: .data/<cluster> of the project)")
      ->type_name("FOLDER");
  parts->footer(repartition_footer);
  auto* status = app.add_subcommand("status", "What runs in a shop, since when, and what has failed");
  status->add_option("--shop", wanted.shop, "Where it is")->type_name("URL")->capture_default_str();
  status->add_flag("--causes", wanted.status_view.all_causes,
                   "All remembered causes of what has failed, with messages and backtraces");
  status->add_flag("--json", wanted.status_view.as_json, "Print the answer of GET /supervision");
  status->footer(status_footer);
}

void add_demo_verb(CLI::App& app, musiccorp::demo::demo_options& wanted) {
  auto* demo = app.add_subcommand("demo", "Open a fresh shop, drive orders through it, and check every promise");
  demo->add_option("--orders", wanted.orders, "How many orders, 1 to 10000000")
      ->check(CLI::Range(1, 10'000'000).description({}))
      ->type_name("N")
      ->capture_default_str();
  demo->add_option("--clients", wanted.clients, "How many clients at a time, 1 to 512")
      ->check(CLI::Range(1, 512).description({}))
      ->type_name("N")
      ->capture_default_str();
  demo->add_option("--seed", wanted.seed, "The same seed gives the same orders")
      ->type_name("N")
      ->capture_default_str();
  demo->add_flag("--keep", wanted.keep, "Leave the shop open until Ctrl-C, and its data there");
  demo->add_flag("--json", wanted.json, "Print the result as JSON");
  demo->footer(demo_footer);
}

void add_config_verbs(CLI::App& app, wanted_options& wanted) {
  auto* config = app.add_subcommand("config", "About the configuration");
  config->require_subcommand(1);
  auto* explain = config->add_subcommand("explain", "Print every value that is in effect, and where it comes from");
  add_node_options(*explain, wanted.node);
  explain->add_flag("--json", wanted.explain_as_json, "Print JSON");
  explain->footer(explain_footer);

  auto* schema = app.add_subcommand("schema", "JSON Schemas of the node file and of every message");
  schema->require_subcommand(1);
  schema->footer(schema_footer);
  auto* write = schema->add_subcommand("write", "Write the schemas of this program; older versions stay");
  auto* check = schema->add_subcommand("check", "Tell what differs between the schema files and this program");
  for (auto* one : {write, check})
    one->add_option("--dir", wanted.schema_folder, "Where they are (default: config/schema of the project)")
        ->type_name("FOLDER");
}

std::vector<std::string> verbs_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* one : app.get_subcommands([](const CLI::App*) { return true; })) names.push_back(one->get_name());
  return names;
}

std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* one : app.get_options())
    for (const auto& name : one->get_lnames()) names.push_back("--" + name);
  return names;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& names) {
  const std::vector<std::string_view> known(names.begin(), names.end());
  const auto close = musiccorp::describe::closest(word, known);
  return close.empty() ? std::string{} : "; did you mean " + std::string{close} + "?";
}

std::string listed(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

/// The verb that the words name, as far as they do.
struct named_verb {
  const CLI::App* app;
  std::string path = "musiccorp";
  std::string trouble{};  ///< the first word that should be a verb and is none
};

named_verb verb_in(const CLI::App& app, std::span<char*> words) {
  named_verb found{&app};
  for (const std::string_view word : words) {
    const auto names = verbs_of(*found.app);
    if (names.empty() || word.starts_with('-')) return found;
    if (std::ranges::find(names, word) == names.end()) {
      found.trouble = "there is no verb '" + std::string{word} + "'" + suggestion(word, names);
      return found;
    }
    found.app = found.app->get_subcommand(std::string{word});
    found.path += " " + std::string{word};
  }
  if (const auto names = verbs_of(*found.app); !names.empty()) found.trouble = "wanted a verb: " + listed(names);
  return found;
}

/// The first word that looks like an option and is none.
std::string strange_option(const CLI::App& verb, std::span<char*> words) {
  const auto flags = flags_of(verb);
  for (std::string_view word : words) {
    word = word.substr(0, word.find('='));
    if (word.starts_with("--") && std::ranges::find(flags, word) == flags.end())
      return "there is no option '" + std::string{word} + "'" + suggestion(word, flags);
  }
  return {};
}

/// What is wrong with the command line, what was most likely meant, and where more is told.
int usage_error(const CLI::App& app, const CLI::ParseError& error, std::span<char*> words) {
  const auto verb = verb_in(app, words);
  auto text = verb.trouble.empty() ? strange_option(*verb.app, words) : verb.trouble;
  if (text.empty()) text = error.what();
  std::cerr << verb.path << ": " << text << "\n`" << verb.path << " --help` tells more." << std::endl;
  return exit_usage;
}

int run(const CLI::App& app, const wanted_options& wanted, const hospital_verb& hospital) {
  if (app.got_subcommand("hospital")) return hospital.run();
  if (app.got_subcommand("node")) return run_node(wanted.node);
  if (app.got_subcommand("up") && !wanted.cluster.empty()) {
    auto flags = wanted.node;
    flags.config = wanted.cluster;
    return run_up_cluster(flags);
  }
  if (app.got_subcommand("up")) return run_up(wanted.node, wanted.nodes);
  if (app.got_subcommand("drain")) return drain_node(wanted.drain);
  if (app.got_subcommand("repartition")) return repartition_service(wanted.repartition);
  if (app.got_subcommand("certs")) return make_certs(wanted.certified_cluster);
  if (app.got_subcommand("status")) return show_status(wanted.shop, wanted.status_view);
  if (app.got_subcommand("config")) return explain_config(wanted.node, wanted.explain_as_json);
  if (app.got_subcommand("demo")) return demonstrate(wanted.demo);
  const auto* schema = app.get_subcommand("schema");
  return schema->got_subcommand("write") ? write_schema_files(wanted.schema_folder)
                                         : check_schema_files(wanted.schema_folder);
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // A file at its size limit is an I/O error, not the end of the process.
  CLI::App app{"MusicCorp: a music shop of small durable services, and the runtime under it."};
  app.name("musiccorp");
  app.require_subcommand(1);
  app.set_version_flag("--version", MUSICCORP_VERSION);
  app.get_formatter()->label("SUBCOMMAND", "VERB");
  app.get_formatter()->label("Subcommands", "Verbs");
  wanted_options wanted;
  add_run_verbs(app, wanted);
  add_demo_verb(app, wanted.demo);
  const hospital_verb hospital{app};
  add_config_verbs(app, wanted);
  app.footer("`musiccorp VERB --help` tells more about a verb.");  // Last: verbs would inherit it.
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help and --version
    return usage_error(app, error, std::span{argv, static_cast<std::size_t>(argc)}.subspan(argc > 0 ? 1 : 0));
  }
  return run(app, wanted, hospital);
}
