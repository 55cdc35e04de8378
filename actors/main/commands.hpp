#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/cluster_file.hpp"
#include "demo/demo.hpp"

/// What the program can do. Every command returns the process's exit code; sysexits.h says what they mean.
namespace musiccorp::program {

inline constexpr int exit_usage = 64;        // EX_USAGE: wrong command line
inline constexpr int exit_gave_up = 70;      // EX_SOFTWARE: a supervisor's budget is spent
inline constexpr int exit_cannot_open = 74;  // EX_IOERR: a store, a port or a file
inline constexpr int exit_cut_short = 75;    // EX_TEMPFAIL: something was cut at the end
inline constexpr int exit_bad_config = 78;   // EX_CONFIG

inline constexpr std::string_view drained_line = "drained";

struct node_flags {
  std::string config;  ///< empty: the project's own
  std::string name;    ///< of a node of a cluster; then `config` is a cluster file
  std::string data;
  std::string http;
  std::vector<std::string> settings;
};

/// Runs a node until SIGTERM or SIGINT; a second one hurries it. Prints `ready http://HOST:PORT` when it serves, and
/// `drained_line` when it was taken out in order. 0 after an orderly stop, also before it served, 70 when it gave up,
/// 78 for a bad configuration, 74 when something could not be opened, 75 when something had to be cut at the end.
int run_node(const node_flags& flags);
/// Supervises so many node processes until SIGTERM or SIGINT. 0 after an orderly stop, 69 when one did not start, 70
/// when it gave up, 78 for a bad configuration.
int run_up(const node_flags& flags, int nodes);
/// The same for every node of the cluster file that `flags.config` names; each keeps its data in a folder of its
/// name.
int run_up_cluster(const node_flags& flags);

/// What flags and files ask for, as far as others need it.
struct checked_flags {
  std::filesystem::path data;
  std::string host;
  int port = 0;
  std::chrono::milliseconds stop_longest{};
  bool logs_for_people = false;  ///< the file leaves the form of log lines open, and people read stderr
};
/// An exit code after it has told what is wrong.
[[nodiscard]] std::variant<checked_flags, int> check_flags(const node_flags& flags);
/// A cluster file for this shop; an exit code after it has told what is wrong.
[[nodiscard]] std::variant<config::cluster_plan, int> load_cluster(const std::filesystem::path& file);
int explain_config(const node_flags& flags, bool as_json);
int demonstrate(demo::demo_options options);
/// `folder` empty: config/schema of the project. 74 when a file cannot be written.
int write_schema_files(const std::string& folder);
/// 1 when the files are not what this program would write, after a line for each difference.
int check_schema_files(const std::string& folder);

/// The folder with `config/node.json` above this program; the current folder when there is none.
[[nodiscard]] std::filesystem::path project_root();

}  // namespace musiccorp::program
