#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace musiccorp::demo {

/// How a process ended: by itself with `code`, or by a signal.
struct process_end {
  int code = -1;   ///< of exit(); -1 when a signal ended it
  int signal = 0;  ///< 0 when it ended by itself
  friend bool operator==(const process_end&, const process_end&) = default;
};

struct child_options {
  std::filesystem::path program;
  std::vector<std::string> arguments;  ///< without the program's own name
  std::filesystem::path error_log;     ///< where its stderr goes, appended
};

/// A program that this one started, with a pipe from its stdout. It is killed when this object, or the thread that
/// started it, ends: nothing is left behind. It is in a process group of its own, so a Ctrl-C at the terminal does
/// not reach it. One owner; no locking.
class child_process {
 public:
  /// fault{unavailable} when the system can't start another process. A program that is not there ends with code 127.
  [[nodiscard]] static result<child_process> start(const child_options& options);

  child_process(child_process&& other) noexcept;
  child_process& operator=(child_process&& other) noexcept;
  ~child_process();

  /// The first line of its stdout that begins like this; earlier lines are forgotten. fault{timeout}, or
  /// fault{unavailable} when its stdout ended before.
  [[nodiscard]] result<std::string> wait_for_line(std::string_view beginning, std::chrono::milliseconds longest);
  /// Nothing happens when it has ended.
  void send(int signal) const;
  /// Nothing when it still runs after `longest`.
  [[nodiscard]] std::optional<process_end> wait(std::chrono::milliseconds longest);
  [[nodiscard]] bool is_running();
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  child_process(pid_t pid, int out) : pid_(pid), out_(out) {}
  void end() noexcept;
  void note_end(int status);

  pid_t pid_ = -1;  ///< -1: moved away
  int out_ = -1;
  std::string unread_;
  std::optional<process_end> ended_;
};

}  // namespace musiccorp::demo
