// The table in CASES.md is true: every case is there, held twice, by tests that exist.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace musiccorp::supervision {
namespace {

using ::testing::IsEmpty;
namespace fs = std::filesystem;

constexpr int cases_count = 70;
constexpr int edges_count = 21;  ///< listed at the end of section 6 of the study that the table is made from

std::string content_of(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}
const fs::path folder = fs::path{MUSICCORP_SOURCE_DIR} / "tests";

/// A test's file, by "Suite.Name".
using known_tests = std::map<std::string, std::string>;

void add_tests(known_tests& known, const std::string& file, const std::string& text) {
  static const std::regex declared{R"(\bTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\))"};
  for (std::sregex_iterator at{text.begin(), text.end(), declared}, end; at != end; ++at)
    known.emplace((*at)[1].str() + "." + (*at)[2].str(), file);
}
known_tests tests_of_the_project() {
  known_tests known;
  for (const auto& entry : fs::recursive_directory_iterator{folder})
    if (entry.path().extension() == ".cpp") add_tests(known, entry.path().filename(), content_of(entry.path()));
  return known;
}

std::string trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return std::string{text.substr(begin, text.find_last_not_of(' ') - begin + 1)};
}
std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream from{text};
  for (std::string part; std::getline(from, part, at);) parts.push_back(trimmed(part));
  return parts;
}

/// Cells of each row of a table that begins with this heading.
using table = std::vector<std::vector<std::string>>;
table rows_below(const std::string& text, std::string_view heading) {
  table rows;
  std::istringstream from{text.substr(std::min(text.find(heading), text.size()))};
  std::string line;
  std::getline(from, line);
  std::getline(from, line);  // The dashes.
  while (std::getline(from, line) && line.starts_with("|")) rows.push_back(split(line.substr(1), '|'));
  return rows;
}

/// "6, 7 in a pool" and "32-40 kinds" say numbers at their beginning.
std::vector<int> numbers_of(const std::string& cell) {
  static const std::regex first{R"(^(\d+)(?:-(\d+))?(?:, )?)"};
  std::vector<int> numbers;
  std::smatch found;
  for (auto rest = cell; std::regex_search(rest, found, first); rest = found.suffix())
    for (int n = std::stoi(found[1]), last = found[2].matched ? std::stoi(found[2]) : n; n <= last; ++n)
      numbers.push_back(n);
  return numbers;
}

/// Files of the tests that a cell names: "Suite.Name", after it names of the same suite, prefixes with "...",
/// "Suite.*"; remarks in parentheses. What is not there, or says something else, goes into `wrong`.
std::set<std::string> files_of(const std::string& cell, const known_tests& known, std::vector<std::string>& wrong) {
  static const std::regex remarks{R"(\s*\([^)]*\))"}, name{R"((?:(\w+)\.)?(\w+(?:\.\.\.)?|\*))"};
  std::set<std::string> files;
  std::string suite;
  for (const auto& part : split(std::regex_replace(cell, remarks, ""), ',')) {
    std::smatch found;
    if (!std::regex_match(part, found, name)) {
      wrong.push_back("not understood: " + part);
      continue;
    }
    if (found[1].matched) suite = found[1];
    auto wanted = suite + "." + found[2].str();
    const bool is_prefix = wanted.ends_with("*") || wanted.ends_with("...");
    if (is_prefix) wanted.erase(wanted.find_last_not_of(".*") + 1 + (wanted.ends_with("*") ? 1 : 0));
    const auto at = known.lower_bound(wanted);
    if (at == known.end() || (is_prefix ? !at->first.starts_with(wanted) : at->first != wanted))
      wrong.push_back("no such test: " + part);
    else
      files.insert(at->second);
  }
  return files;
}

bool is_over_actors(const std::string& file) { return file.starts_with("supervisor_"); }

std::vector<std::string> check_cases(const std::string& text, const known_tests& known) {
  std::vector<std::string> wrong;
  std::map<int, int> seen;
  for (const auto& row : rows_below(text, "| case |")) {
    if (row.size() != 3) {
      wrong.push_back("three cells wanted: " + row.at(0));
      continue;
    }
    for (const auto number : numbers_of(row[0])) ++seen[number];
    if (row[1].starts_with("does not apply: ")) continue;
    const auto rules = files_of(row[1], known, wrong), actors = files_of(row[2], known, wrong);
    if (std::ranges::all_of(rules, is_over_actors)) wrong.push_back("no test of the rules: " + row[0]);
    if (std::ranges::none_of(actors, is_over_actors)) wrong.push_back("no test over actors: " + row[0]);
  }
  for (int number = 1; number <= cases_count; ++number)
    if (seen[number] == 0) wrong.push_back("missing: case " + std::to_string(number));
  return wrong;
}

std::vector<std::string> check_edges(const std::string& text, const known_tests& known) {
  std::vector<std::string> wrong;
  const auto rows = rows_below(text, "| edge |");
  if (rows.size() < edges_count) wrong.push_back("missing: an edge");
  for (const auto& row : rows)
    if (row.size() != 2 || files_of(row[1], known, wrong).empty()) wrong.push_back("no test: " + row.at(0));
  return wrong;
}

TEST(Cases, AllSeventyAreHeldByTestsOfTheRulesAndOverActors) {
  EXPECT_THAT(check_cases(content_of(folder / "unit/supervision/CASES.md"), tests_of_the_project()), IsEmpty());
}

TEST(Cases, EachEdgeIsHeldByATest) {
  EXPECT_THAT(check_edges(content_of(folder / "unit/supervision/CASES.md"), tests_of_the_project()), IsEmpty());
}

/// The check itself finds what it is for.
TEST(Cases, ATableThatIsNotTrueIsFound) {
  known_tests known;
  add_tests(known, "rules_a_test.cpp", "TEST(Rules, StopInOrder) {\nTEST_F(Rules, StartInOrder) {");
  add_tests(known, "supervisor_a_test.cpp", "TEST_P(Actors,\n     StopInOrder) {");
  const auto with_row = [](const std::string& row) {
    return "| case | rules | actors |\n|---|---|---|\n" + row + "\n| 2-70 x | does not apply: why | |\n\n| 1 |";
  };
  const auto found = [&](const std::string& row) { return check_cases(with_row(row), known); };
  using ::testing::ElementsAre;
  EXPECT_THAT(found("| 1 x | Rules.StopInOrder, StartIn... (a remark) | Actors.* |"), IsEmpty());
  EXPECT_THAT(found("| x | Rules.StopInOrder | Actors.StopInOrder |"), ElementsAre("missing: case 1"));
  EXPECT_THAT(found("| 1 x | Rules.Stop | Actors.StopInOrder |"),
              ElementsAre("no such test: Rules.Stop", "no test of the rules: 1 x"));
  EXPECT_THAT(found("| 1 x | Rules.StopInOrder, Halt... | Actors.StopInOrder |"),
              ElementsAre("no such test: Halt..."));
  EXPECT_THAT(found("| 1 x | Rules.StopInOrder | |"), ElementsAre("no test over actors: 1 x"));
  EXPECT_THAT(found("| 1 x | Rules.StopInOrder | the same as 9 |"),
              ElementsAre("not understood: the same as 9", "no test over actors: 1 x"));
  EXPECT_THAT(check_edges("| edge | tests |\n|---|---|\n| x | Rules.Halt |\n", known),
              ElementsAre("missing: an edge", "no such test: Rules.Halt", "no test: x"));
}

}  // namespace
}  // namespace musiccorp::supervision
