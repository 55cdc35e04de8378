#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "supervision/end_reason.hpp"

namespace musiccorp::supervision {

struct process_command {
  std::filesystem::path program;
  std::vector<std::string> arguments{};                            ///< without the program's own name
  std::vector<std::pair<std::string, std::string>> environment{};  ///< on top of this process's own
};

/// Cuts a stream of bytes into lines. A line of more than `length_max` bytes is cut there.
class line_splitter {
 public:
  static constexpr std::size_t length_max = 64U << 10U;
  /// The lines that are complete now, without their ends.
  [[nodiscard]] std::vector<std::string> take(std::string_view bytes);
  /// What is left without an end; empty when nothing is.
  [[nodiscard]] std::string rest() { return std::exchange(unfinished_, {}); }

 private:
  std::string unfinished_;
};

/// A program that this one started, in a process group of its own (so a Ctrl-C at the terminal does not reach it),
/// with pipes from its stdout and stderr and no stdin. Its whole group is killed when it or this object ends, and it
/// is killed when the thread that started it ends: nothing is left behind. One owner; no locking.
class supervised_process {
 public:
  /// fault{unavailable}: the program can't be run, and why.
  [[nodiscard]] static result<supervised_process> start(const process_command& command);

  supervised_process(supervised_process&& other) noexcept;
  supervised_process& operator=(supervised_process&& other) noexcept;
  ~supervised_process();

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Descriptors for poll(): readable when it has ended, or has said something.
  [[nodiscard]] int end_descriptor() const { return end_; }
  [[nodiscard]] int out() const { return out_; }
  [[nodiscard]] int error() const { return error_; }

  /// Lines that have come since; does not wait. Closes the descriptor (then -1) at its end, with the last line.
  [[nodiscard]] std::vector<std::string> read_out() { return read(out_, out_lines_); }
  [[nodiscard]] std::vector<std::string> read_error() { return read(error_, error_lines_); }

  void send(int signal) const;
  /// SIGKILL for it and all that it has started.
  void kill_group() const;
  /// When it has ended: how. 0 is normal; anything else a crash, told as code or signal.
  [[nodiscard]] bool has_ended() const;
  [[nodiscard]] end_reason reap();

 private:
  supervised_process(pid_t pid, int end, int out, int error) : pid_(pid), end_(end), out_(out), error_(error) {}
  static std::vector<std::string> read(int& descriptor, line_splitter& lines);
  void close_all() noexcept;

  pid_t pid_ = -1;  ///< -1: reaped, or moved away
  int end_ = -1;
  int out_ = -1;
  int error_ = -1;
  line_splitter out_lines_;
  line_splitter error_lines_;
};

}  // namespace musiccorp::supervision
