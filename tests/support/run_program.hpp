#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "demo/child_process.hpp"
#include "support/temporary_folder.hpp"

/// The real program, run as a person would: words in, an exit code and two texts out. MUSICCORP_PROGRAM comes from
/// CMake.
namespace musiccorp::testing {

struct ending {
  int code = -1;
  std::string out;
  std::string err;
};

inline std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

inline void write(const std::filesystem::path& file, const std::string& text) {
  std::ofstream{file, std::ios::binary} << text;
}

/// A shell's word for this text.
inline std::string quoted(const std::string& text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return word + "'";
}

/// Runs it to its end; it is killed after `longest`. Its stdout is a file, as it is for a script.
inline ending run_program(const std::vector<std::string>& words,
                          const std::filesystem::path& program = MUSICCORP_PROGRAM,
                          std::chrono::seconds longest = std::chrono::seconds{30}) {
  const temporary_folder folder;
  std::string line = "exec " + quoted(program.string());
  for (const auto& word : words) line += " " + quoted(word);
  const auto out = folder.path() / "out", err = folder.path() / "err";
  line += " >" + quoted(out.string()) + " 2>" + quoted(err.string());
  auto child = demo::child_process::start({"/bin/sh", {"-c", line}, {}});
  if (!child) throw std::runtime_error(child.error().text);
  const auto end = child->wait(longest);
  if (!end)
    throw std::runtime_error("still runs after " + std::to_string(longest.count()) + " s: " + line + "\n" +
                             text_of(err));
  return {end->code, text_of(out), text_of(err)};
}

}  // namespace musiccorp::testing
