#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "demo/demo.hpp"

/// What the program can do. Every command returns the process's exit code; sysexits.h says what they mean.
namespace musiccorp::program {

struct node_flags {
  std::string config;  ///< empty: the project's own
  std::string data;
  std::string http;
  std::vector<std::string> settings;
};

enum class run_mode { quiet, talkative };

/// Runs a node until SIGTERM or SIGINT. Prints `ready http://HOST:PORT` when it serves. 0 after an orderly stop, 78
/// for a bad configuration, 74 when something could not be opened, 75 when it had to cut requests at the end.
int run_node(const node_flags& flags, run_mode mode);
int explain_config(const node_flags& flags, bool as_json);
int demonstrate(demo::demo_options options);

/// The folder with `config/node.json` above this program; the current folder when there is none.
[[nodiscard]] std::filesystem::path project_root();

}  // namespace musiccorp::program
