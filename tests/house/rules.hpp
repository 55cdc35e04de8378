#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// The rules of the house, as functions on the texts of files, so that each can be shown to fail on a small made-up
/// tree. Every check returns one line per breach, beginning with the path; an empty list means that the rule holds.
namespace musiccorp::house {

struct source_file {
  std::string path;  ///< from the top of the tree, with `/`
  std::string text;
};
using source_tree = std::vector<source_file>;
using findings = std::vector<std::string>;
using floor_table = std::map<std::string, int, std::less<>>;

/// Room to floor, from the table in runtime/README.md.
[[nodiscard]] floor_table read_floors(std::string_view readme);

/// Every folder of runtime/ is in the table, and every room of the table has its folder.
[[nodiscard]] findings check_rooms(const source_tree& tree, const floor_table& floors);
/// A room includes only rooms on strictly lower floors, and never actors/; its CMake target links only such rooms.
[[nodiscard]] findings check_floors(const source_tree& tree, const floor_table& floors);
/// Services share messages/ and nothing else; only main and roster know them all.
[[nodiscard]] findings check_services(const source_tree& tree, const floor_table& floors);
/// Headers of other people's libraries have one home each, and expensive ones stay in .cpp files.
[[nodiscard]] findings check_homes(const source_tree& tree);
[[nodiscard]] findings check_length(const source_tree& tree, std::size_t lines_max);
/// Tests wait for events, not for time to pass.
[[nodiscard]] findings check_sleeps(const source_tree& tree);
/// Time and chance come through base, so that everything runs under simulated time: nobody else asks the machine what
/// time it is, or for a random number. Steady time, by whatever name, is for those who watch over real threads,
/// sockets and processes; each of their files is named in the rule.
[[nodiscard]] findings check_clocks(const source_tree& tree);
/// `names` are all entries at the top of the tree; dot-files of tools are welcome.
[[nodiscard]] findings check_top(const std::vector<std::string>& names);
[[nodiscard]] findings check_json(const source_tree& tree);

}  // namespace musiccorp::house
