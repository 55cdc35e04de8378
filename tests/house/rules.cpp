#include "house/rules.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>

namespace musiccorp::house {
namespace {

struct include_line {
  const source_file* file;
  int line;
  std::string name;
  bool quoted;
};

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + separator.size());
  }
}

/// The part number `index` of a path, or nothing: folder(runtime/http/server.hpp, 1) is http.
std::string_view part(std::string_view path, std::size_t index) {
  const auto parts = split(path, "/");
  return index + 1 < parts.size() ? parts[index] : std::string_view{};
}

bool is_code(std::string_view path) { return path.ends_with(".cpp") || path.ends_with(".hpp"); }

std::string place(const include_line& line) { return line.file->path + ":" + std::to_string(line.line) + ": "; }

std::optional<include_line> read_include(const source_file& file, int number, std::string_view line) {
  line = trim(line);
  if (!line.starts_with('#')) return {};
  line = trim(line.substr(1));
  if (!line.starts_with("include")) return {};
  line = trim(line.substr(7));
  if (line.size() < 2 || (line[0] != '"' && line[0] != '<')) return {};
  const auto end = line.find(line[0] == '"' ? '"' : '>', 1);
  return include_line{&file, number, std::string{line.substr(1, end - 1)}, line[0] == '"'};
}

std::vector<include_line> includes_below(const source_tree& tree, std::string_view folder) {
  std::vector<include_line> found;
  for (const auto& file : tree) {
    if (!file.path.starts_with(folder) || !is_code(file.path)) continue;
    int number = 0;
    for (auto line : split(file.text, "\n"))
      if (auto include = read_include(file, ++number, line)) found.push_back(*std::move(include));
  }
  return found;
}

std::set<std::string, std::less<>> folders_of(const source_tree& tree, std::string_view top) {
  std::set<std::string, std::less<>> folders;
  for (const auto& file : tree)
    if (part(file.path, 0) == top && !part(file.path, 1).empty()) folders.emplace(part(file.path, 1));
  return folders;
}

/// The rooms that runtime/<room>/CMakeLists.txt names after BELOW.
std::vector<std::string> linked_rooms(std::string_view cmake) {
  std::string words{cmake};
  std::ranges::replace_if(
      words, [](char c) { return c == '(' || c == ')'; }, ' ');
  std::istringstream stream{words};
  std::vector<std::string> rooms;
  bool below = false;
  for (std::string word; stream >> word;) {
    if (word == "BELOW")
      below = true;
    else if (word == "USES" || word == "HIDES")
      below = false;
    else if (below)
      rooms.push_back(word);
  }
  return rooms;
}

findings check_linked_rooms(const source_file& file, int floor, const floor_table& floors) {
  findings found;
  for (const auto& room : linked_rooms(file.text)) {
    const auto below = floors.find(room);
    if (below == floors.end())
      found.push_back(file.path + ": links " + room + ", which is no room");
    else if (below->second >= floor)
      found.push_back(file.path + ": floor " + std::to_string(floor) + " links " + room + " on floor " +
                      std::to_string(below->second));
  }
  return found;
}

/// The service folder that an include of a file in actors/ leads to; empty for rooms, neighbours and other libraries.
std::string_view service_of(const include_line& include, const std::set<std::string, std::less<>>& services,
                            const floor_table& floors) {
  std::string_view name = include.name;
  if (name.starts_with("actors/")) return part(name, 1);
  const auto first = part(name, 0);
  return services.contains(first) && !floors.contains(first) ? first : std::string_view{};
}

struct home {
  std::string_view header;  ///< the beginning of the include's name
  std::vector<std::string_view> folders;
  std::size_t files_max;  ///< per folder
};

const std::vector<home>& homes() {
  constexpr std::size_t any = 1000;
  static const std::vector<home> table{
      {"sqlite3.h", {"runtime/storage/"}, any},
      {"prometheus/", {"runtime/telemetry/"}, any},
      {"spdlog/", {"runtime/telemetry/"}, any},
      {"boost/beast", {"runtime/http/"}, 1},
      {"curl/", {"runtime/http/", "actors/notification/"}, 1},
      {"nlohmann/json.hpp", {"runtime/", "actors/"}, any},
      {"caf/all.hpp", {"runtime/", "actors/"}, any},
      {"zlib.h", {"runtime/http/"}, 1},
      {"CLI/", {"runtime/", "actors/"}, any},
  };
  return table;
}

findings check_home(const home& rule, const std::vector<include_line>& includes) {
  findings found;
  std::map<std::string_view, std::set<std::string_view>> files;
  for (const auto& include : includes) {
    if (!include.name.starts_with(rule.header)) continue;
    const std::string_view path = include.file->path;
    const auto folder = std::ranges::find_if(rule.folders, [&](auto at) { return path.starts_with(at); });
    if (folder == rule.folders.end()) {
      found.push_back(place(include) + include.name + " has its home in " + std::string{rule.folders.front()});
      continue;
    }
    if (path.ends_with(".hpp")) found.push_back(place(include) + include.name + " belongs into .cpp files");
    if (files[*folder].insert(path).second && files[*folder].size() > rule.files_max)
      found.push_back(place(include) + include.name + " is already in " + std::string{*files[*folder].begin()});
  }
  return found;
}

}  // namespace

floor_table read_floors(std::string_view readme) {
  floor_table floors;
  for (auto line : split(readme, "\n")) {
    const auto cells = split(trim(line), "|");
    if (cells.size() < 4) continue;
    const auto number = trim(cells[1]);
    int floor = 0;
    if (std::from_chars(number.data(), number.data() + number.size(), floor).ec != std::errc{}) continue;
    for (auto entry : split(cells[2], "·")) {
      const auto words = split(trim(entry), "`");
      if (words.size() >= 3 && words[0].empty()) floors.emplace(words[1], floor);
    }
  }
  return floors;
}

findings check_rooms(const source_tree& tree, const floor_table& floors) {
  findings found;
  const auto folders = folders_of(tree, "runtime");
  for (const auto& folder : folders)
    if (!floors.contains(folder)) found.push_back("runtime/" + folder + ": is not in the table of runtime/README.md");
  for (const auto& [room, floor] : floors)
    if (!folders.contains(room))
      found.push_back("runtime/README.md: names the room " + room + ", which has no folder");
  return found;
}

findings check_floors(const source_tree& tree, const floor_table& floors) {
  findings found;
  const auto services = folders_of(tree, "actors");
  const auto floor_of = [&](std::string_view room) {
    const auto at = floors.find(room);
    return at == floors.end() ? std::optional<int>{} : std::optional{at->second};
  };
  for (const auto& include : includes_below(tree, "runtime/")) {
    const auto room = part(include.file->path, 1);
    const auto target = part(include.name, 0);
    const auto from = floor_of(room), to = floor_of(target);
    if (room == target || !from) continue;  // A room without a floor is a finding of check_rooms.
    if (to && *to >= *from)
      found.push_back(place(include) + std::string{room} + " (floor " + std::to_string(*from) + ") includes " +
                      std::string{target} + " (floor " + std::to_string(*to) + ")");
    else if (!to && (target == "actors" || services.contains(target)))
      found.push_back(place(include) + "the runtime includes " + include.name + " of the shop");
    else if (!to && include.quoted && !target.empty())
      found.push_back(place(include) + include.name +
                      " is in no room; name it from runtime/, or use <> for a library");
  }
  for (const auto& file : tree)
    if (file.path.starts_with("runtime/") && file.path.ends_with("/CMakeLists.txt"))
      if (const auto floor = floor_of(part(file.path, 1)))
        std::ranges::move(check_linked_rooms(file, *floor, floors), std::back_inserter(found));
  return found;
}

findings check_services(const source_tree& tree, const floor_table& floors) {
  findings found;
  const auto services = folders_of(tree, "actors");
  for (const auto& include : includes_below(tree, "actors/")) {
    auto own = part(include.file->path, 1);
    if (own.empty()) own = "main";  // A file directly in actors/.
    const auto target = service_of(include, services, floors);
    if (include.quoted && include.name.find("..") != std::string::npos)
      found.push_back(place(include) + include.name + " climbs over the wall");
    if (target.empty() || target == own || target == "messages" || own == "main") continue;
    if (own == "roster" && target != "main") continue;
    found.push_back(place(include) + std::string{own} + " includes " + include.name + " of " + std::string{target});
  }
  return found;
}

findings check_homes(const source_tree& tree) {
  findings found;
  auto includes = includes_below(tree, "runtime/");
  auto shop = includes_below(tree, "actors/");
  for (const auto& include : shop)
    for (std::string_view library : {"caf/", "nlohmann/", "sqlite3"})
      if (include.file->path.ends_with(".hpp") && include.name.starts_with(library))
        found.push_back(place(include) + include.name + ": headers of the shop know no CAF, JSON or SQL");
  std::ranges::move(shop, std::back_inserter(includes));
  for (const auto& rule : homes()) std::ranges::move(check_home(rule, includes), std::back_inserter(found));
  return found;
}

findings check_length(const source_tree& tree, std::size_t lines_max) {
  findings found;
  for (const auto& file : tree) {
    const auto lines = static_cast<std::size_t>(std::ranges::count(file.text, '\n'));
    if (is_code(file.path) && lines > lines_max)
      found.push_back(file.path + ": " + std::to_string(lines) + " lines; " + std::to_string(lines_max) +
                      " is the limit, and it is probably two files");
  }
  return found;
}

findings check_sleeps(const source_tree& tree) {
  // In two halves, so that this file may be checked as well.
  static const std::array<std::string, 3> words{
      "sleep"
      "_for",
      "sleep"
      "_until",
      "usleep"
      "("};
  findings found;
  for (const auto& file : tree) {
    if (!file.path.starts_with("tests/") || !is_code(file.path)) continue;
    int number = 0;
    for (auto line : split(file.text, "\n")) {
      ++number;
      const auto code = line.substr(0, line.find("//"));
      for (const auto& word : words)
        if (code.find(word) != code.npos)
          found.push_back(file.path + ":" + std::to_string(number) + ": " + word + "; wait for the event instead");
    }
  }
  return found;
}

findings check_clocks(const source_tree& tree) {
  static const std::array<std::string_view, 8> never{"system_clock::now", "random_device", "mt19937",
                                                     "std::rand(",        "srand(",        "gettimeofday",
                                                     "time(nullptr)",     "time(NULL)"};
  static const std::array<std::string_view, 3> steady{"steady_clock::now", "steady_clock;", "clock_gettime"};
  // Each by its name. Who measures how long something took, or waits for threads, sockets and processes; and the
  // handler of fatal signals, which may call no clock of ours.
  static const std::set<std::string, std::less<>> watchers{"runtime/delivery/crash_handler.cpp",
                                                           "runtime/cluster/peer_link.cpp",
                                                           "runtime/http/server.cpp",
                                                           "runtime/node/shutdown.cpp",
                                                           "runtime/service/partition_batch.cpp",
                                                           "runtime/supervision/process_supervisor.cpp",
                                                           "runtime/supervision/watchdog_thread.cpp",
                                                           "actors/main/drain_verb.cpp",
                                                           "actors/demo/books.cpp",
                                                           "actors/demo/child_process.cpp",
                                                           "actors/demo/demo.cpp",
                                                           "actors/demo/hospital_visit.cpp",
                                                           "actors/demo/load.cpp",
                                                           "actors/demo/progress.cpp",
                                                           "actors/demo/progress.hpp"};
  findings found;
  for (const auto& file : tree) {
    if (!is_code(file.path) || file.path.starts_with("runtime/base/") || file.path.starts_with("tests/")) continue;
    const bool watches = watchers.contains(file.path);
    bool is_steady = false;
    int number = 0;
    for (auto line : split(file.text, "\n")) {
      ++number;
      const auto code = line.substr(0, line.find("//"));
      const auto says = [&](std::string_view word) { return code.find(word) != code.npos; };
      const auto refuse = [&](std::string_view word) {
        found.push_back(file.path + ":" + std::to_string(number) + ": " + std::string{word} +
                        "; take a clock or a random_source of base");
      };
      for (const auto word : never)
        if (says(word)) refuse(word);
      for (const auto word : steady) {
        is_steady |= says(word);
        if (says(word) && !watches) refuse(word);
      }
    }
    if (watches && !is_steady)
      found.push_back(file.path + ": may use steady time and does not; take it off the list");
  }
  return found;
}

findings check_top(const std::vector<std::string>& names) {
  static const std::set<std::string, std::less<>> agreed{
      "CMakeLists.txt", "CMakePresets.json", "LICENSE",   "README.md", "actors",
      "config",         "monitoring",        "musiccorp", "runtime",   "tests"};
  findings found;
  for (const auto& name : names)
    if (!name.starts_with('.') && !agreed.contains(name))
      found.push_back(name + ": is not agreed at the top of the tree");
  for (const auto& name : agreed)
    if (std::ranges::find(names, name) == names.end()) found.push_back(name + ": is missing at the top of the tree");
  return found;
}

findings check_json(const source_tree& tree) {
  findings found;
  for (const auto& file : tree) {
    if (!file.path.ends_with(".json")) continue;
    try {
      [[maybe_unused]] const auto value = nlohmann::json::parse(file.text);
    } catch (const nlohmann::json::parse_error& trouble) {
      found.push_back(file.path + ": " + trouble.what());
    }
  }
  return found;
}

}  // namespace musiccorp::house
