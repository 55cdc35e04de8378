#pragma once

#include <signal.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "demo/child_process.hpp"
#include "support/temporary_folder.hpp"

/// The real program as a child process. MUSICCORP_PROGRAM and MUSICCORP_SOURCE_DIR come from CMake.
namespace musiccorp::testing {

/// A node of the shop on one data folder, which is killed and started as often as a test wants. It may take its time
/// to stop, because the machine may be busy; later flags go before.
class shop_process {
 public:
  explicit shop_process(std::filesystem::path data, std::vector<std::string> flags = {})
      : data_(std::move(data)), flags_(std::move(flags)) {}
  /// From the next start on, instead of the project's own file.
  void use_config(std::filesystem::path file) { config_ = std::move(file); }

  /// Starts it on a free port and waits until it says that it is ready. Throws with the end of its log otherwise.
  void start(std::chrono::milliseconds longest = std::chrono::seconds{30}) {
    launch();
    const auto line = process_->wait_for_line("ready ", longest);
    if (!line) throw std::runtime_error(line.error().text + "\n" + log_end());
    url_ = line->substr(6);
  }
  /// Starts it without waiting for anything.
  void launch() {
    std::vector<std::string> arguments{"node",        "--config", config_.string(),        "--data", data(), "--http",
                                       "127.0.0.1:0", "--set",    "/stop_longest_ms=60000"};
    arguments.insert(arguments.end(), flags_.begin(), flags_.end());
    auto started = demo::child_process::start({MUSICCORP_PROGRAM, arguments, log_file()});
    if (!started) throw std::runtime_error(started.error().text);
    process_.emplace(std::move(*started));
  }

  /// SIGKILL, and its end.
  void kill() {
    process_->send(SIGKILL);
    (void)process_->wait(std::chrono::seconds{10});
  }
  /// SIGTERM, and how it ended; nothing when it did not within `longest`.
  std::optional<demo::process_end> stop(std::chrono::milliseconds longest = std::chrono::seconds{90}) {
    ask_to_stop();
    return process_->wait(longest);
  }
  void ask_to_stop() { process_->send(SIGTERM); }
  /// How it ended; nothing when it did not within `longest`.
  std::optional<demo::process_end> wait(std::chrono::milliseconds longest) { return process_->wait(longest); }
  /// Watches it for so long. True as soon as it ends by itself.
  [[nodiscard]] bool dies_within(std::chrono::milliseconds time) { return process_->wait(time).has_value(); }
  [[nodiscard]] bool is_running() { return process_ && process_->is_running(); }

  [[nodiscard]] pid_t pid() const { return process_->pid(); }
  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] std::string data() const { return data_.string(); }
  [[nodiscard]] std::string log_end(std::size_t bytes = 3'000) const {
    std::ifstream stream{log_file(), std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{stream}, {}};
    return text.size() > bytes ? text.substr(text.size() - bytes) : text;
  }

 private:
  [[nodiscard]] std::filesystem::path log_file() const { return data_ / "node.log"; }

  std::filesystem::path data_;
  std::filesystem::path config_ = std::filesystem::path{MUSICCORP_SOURCE_DIR} / "config" / "node.json";
  std::vector<std::string> flags_;
  std::string url_;
  std::optional<demo::child_process> process_;
};

}  // namespace musiccorp::testing
