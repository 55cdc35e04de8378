#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace musiccorp::demo {

/// "1 234 567"
[[nodiscard]] std::string grouped(std::int64_t number);

/// How far a long work is, on stderr: one line that is redrawn on a terminal, a line for each tenth elsewhere.
/// `quiet` says nothing. One owner; no locking.
class progress {
 public:
  progress(std::string what, std::size_t total, bool quiet);
  ~progress();
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

  /// Draws at most ten times a second.
  void reached(std::size_t done);

 private:
  void draw(std::size_t done);

  std::string what_;
  std::size_t total_;
  bool quiet_;
  bool on_terminal_;
  std::size_t tenths_said_ = 0;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point drawn_{};
};

}  // namespace musiccorp::demo
