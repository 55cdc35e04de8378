// The rules of rules.hpp, applied to the tree that this program was built from.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>

#include "house/rules.hpp"

namespace musiccorp::house {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;

const fs::path root{MUSICCORP_SOURCE_DIR};

std::string text_of(const fs::path& file) {
  std::ifstream stream{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

void read_folder(source_tree& tree, const fs::path& folder) {
  if (!fs::exists(folder)) return;
  for (const auto& entry : fs::recursive_directory_iterator{folder})
    if (entry.is_regular_file()) tree.push_back({fs::relative(entry.path(), root).generic_string(), text_of(entry)});
  std::ranges::sort(tree, {}, &source_file::path);
}

source_tree read_tree(std::initializer_list<const char*> folders) {
  source_tree tree;
  for (const auto* folder : folders) read_folder(tree, root / folder);
  return tree;
}

const source_tree& sources() {
  static const auto tree = read_tree({"runtime", "actors", "tests"});
  return tree;
}

floor_table floors() { return read_floors(text_of(root / "runtime/README.md")); }

/// What git holds; nothing when there is no git or no repository here.
std::vector<std::string> tracked_files() {
  if (!fs::exists(root / ".git")) return {};
  const auto command = "git -C '" + root.string() + "' ls-files 2>/dev/null";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe{::popen(command.c_str(), "r"), ::pclose};
  std::vector<std::string> files;
  std::array<char, 4096> line{};
  while (pipe && std::fgets(line.data(), line.size(), pipe.get()) != nullptr) files.emplace_back(line.data());
  for (auto& file : files) file.erase(file.find_last_not_of('\n') + 1);
  return files;
}

std::vector<std::string> top_names() {
  std::set<std::string> names;
  for (const auto& file : tracked_files()) names.insert(fs::path{file}.begin()->string());
  if (names.empty())
    for (const auto& entry : fs::directory_iterator{root}) names.insert(entry.path().filename().string());
  return {names.begin(), names.end()};
}

TEST(House, HasRooms) {
  EXPECT_GE(floors().size(), 11U);  // An unreadable table would make every other rule hold.
  EXPECT_THAT(check_rooms(sources(), floors()), IsEmpty());
}

TEST(House, IncludesLeadDownstairsOnly) { EXPECT_THAT(check_floors(sources(), floors()), IsEmpty()); }

TEST(House, ServicesNeverIncludeEachOther) { EXPECT_THAT(check_services(sources(), floors()), IsEmpty()); }

TEST(House, LibrariesStayAtHome) { EXPECT_THAT(check_homes(sources()), IsEmpty()); }

TEST(House, TimeAndChanceComeThroughBase) { EXPECT_THAT(check_clocks(sources()), IsEmpty()); }

TEST(House, NoFileIsTooLong) { EXPECT_THAT(check_length(sources(), 500), IsEmpty()); }

TEST(House, NoTestSleeps) { EXPECT_THAT(check_sleeps(sources()), IsEmpty()); }

TEST(House, TheTopOfTheTreeIsTheAgreedOne) { EXPECT_THAT(check_top(top_names()), IsEmpty()); }

/// JSON that parses. That each kind of file also loads is shown by its owner, in a test of this suite: the room whose
/// code reads the file adds itself to USES in CMakeLists.txt here, and a `<kind>_files_test.cpp` beside this one.
TEST(ConfigFiles, AreJson) { EXPECT_THAT(check_json(read_tree({"config"})), IsEmpty()); }

}  // namespace
}  // namespace musiccorp::house
