#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace musiccorp::testing {

/// What happened in a run, as JSON lines: each with `ms` since the start, and what it is. One thread.
class journal {
 public:
  explicit journal(const std::filesystem::path& file) : file_{file} {}

  void add(const std::string& what, nlohmann::ordered_json details = nlohmann::ordered_json::object()) {
    const auto since = std::chrono::steady_clock::now() - began_;
    nlohmann::ordered_json line{{"ms", since / std::chrono::milliseconds{1}}, {"what", what}};
    line.update(details);
    file_ << line.dump() << std::endl;  // A run that ends badly has told so far.
  }

 private:
  std::ofstream file_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace musiccorp::testing
