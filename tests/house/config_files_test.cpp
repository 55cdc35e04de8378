// Every file in config/ loads through the program's own code.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "config/cluster_file.hpp"
#include "config/load.hpp"
#include "node/from_config.hpp"
#include "roster/roster.hpp"

namespace musiccorp::house {
namespace {

namespace fs = std::filesystem;

const fs::path folder = fs::path{MUSICCORP_SOURCE_DIR} / "config";

/// The stores stay closed; only paths are made from it.
const fs::path data = fs::path{testing::TempDir()} / "config-files-test";

/// Node files: read with the names of all services, then each service's settings by the service itself, and the
/// catalogue that it names.
std::string trouble_of_node_file(const fs::path& file) {
  const auto plain = roster::roster({}, data, folder / "catalog.json");
  if (!plain) return plain.error().text;
  std::vector<std::string> names;
  for (const auto& one : *plain) names.emplace_back(one.name());
  const auto loaded = config::load_node_config(file, names);
  if (!loaded) return config::report(loaded.error(), file.string());
  const auto& effective = loaded->effective;
  const auto catalog = effective.imports.find("catalog");
  if (catalog == effective.imports.end()) return file.string() + ": names no catalogue in /imports/catalog";
  const auto shop = roster::roster(node::settings_from(effective), data, catalog->second);
  return shop ? std::string{} : config::report(shop.error(), file.string());
}

std::string trouble_of_catalogue(const fs::path& file) {
  const auto shop = roster::roster({}, data, file);
  return shop ? std::string{} : config::report(shop.error(), file.string());
}

/// That it is the generated one is shown beside the room that generates it.
std::string trouble_of_schema(const fs::path& file) {
  std::ifstream in{file};
  const auto document = nlohmann::json::parse(in, nullptr, false);
  const bool is_schema = document.is_object() && document.contains("$schema") && document.contains("properties");
  return is_schema ? std::string{} : file.string() + ": wanted a JSON Schema";
}

/// A unit for systemd: what it starts is a node with flags that this program knows.
std::string trouble_of_unit(const fs::path& file) {
  std::ifstream in{file};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  for (auto at = text.find("\\\n"); at != std::string::npos; at = text.find("\\\n")) text.erase(at, 2);
  const auto start = text.find("\nExecStart=");
  if (start == std::string::npos) return file.string() + ": starts nothing";
  std::istringstream words{text.substr(start + 11, text.find('\n', start + 1) - start - 11)};
  std::string program, verb;
  words >> program >> verb;
  if (!program.ends_with("/musiccorp") || verb != "node") return file.string() + ": wanted `musiccorp node`";
  std::vector<config::override_value> overrides;
  for (std::string flag, value; words >> flag >> value;) {
    if (flag == "--set") {
      auto one = config::parse_override(value);
      if (!one) return one.error().text;
      overrides.push_back(std::move(*one));
    } else if (flag != "--config" && flag != "--data") {
      return file.string() + ": unknown flag " + flag;
    }
  }
  const auto loaded = config::load_node_config(folder / "node.json", {}, overrides);
  return loaded ? std::string{} : config::report(loaded.error(), file.string());
}

std::string trouble_of_cluster_file(const fs::path& file) {
  std::vector<std::string> names;
  for (const auto& one : roster::empty_shop()) names.emplace_back(one.name());
  const auto plan = config::load_cluster_file(file, names, roster::partitionable());
  if (!plan) return config::report(plan.error(), file.string());
  if (plan->name + ".json" != file.filename())
    return file.string() + ": wanted its cluster to be called like the file";
  return trouble_of_node_file(plan->settings);
}

std::string trouble_of(const fs::path& file) {
  const auto name = fs::relative(file, folder).generic_string();
  if (name.starts_with("schema/")) return trouble_of_schema(file);
  if (name.starts_with("catalog")) return trouble_of_catalogue(file);
  if (name.starts_with("node")) return trouble_of_node_file(file);
  if (name.starts_with("cluster/")) return trouble_of_cluster_file(file);
  if (name.ends_with(".service")) return trouble_of_unit(file);
  return name + ": nothing is known to read it; say here what does";
}

TEST(ConfigFiles, LoadThroughTheProgramsOwnCode) {
  std::size_t count = 0;
  for (const auto& entry : fs::recursive_directory_iterator{folder}) {
    if (!entry.is_regular_file()) continue;
    ++count;
    EXPECT_EQ(trouble_of(entry.path()), "");
  }
  EXPECT_GE(count, 3U);
}

}  // namespace
}  // namespace musiccorp::house
