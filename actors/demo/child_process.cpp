#include "demo/child_process.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

namespace musiccorp::demo {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

int left_until(clock::time_point deadline) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - clock::now()).count();
  return static_cast<int>(std::max<milliseconds::rep>(0, left));
}

/// True when `descriptor` has something to read, or its other end is closed, before the deadline.
bool wait_readable(int descriptor, clock::time_point deadline) {
  pollfd watched{descriptor, POLLIN, 0};
  for (;;) {
    const int ready = poll(&watched, 1, left_until(deadline));
    if (ready >= 0) return ready == 1;
    if (errno != EINTR) return false;
  }
}

/// In the new process, between fork and exec: only calls that are safe there.
[[noreturn]] void become(const char* program, char* const* arguments, int out, int log, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // The parent died before it could be watched.
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  close_range(STDERR_FILENO + 1, UINT_MAX, 0);
  execv(program, arguments);
  _exit(127);
}

tl::unexpected<fault> system_trouble(const std::string& what) {
  return failure(fault_kind::unavailable, what + ": " + std::strerror(errno));
}

}  // namespace

result<child_process> child_process::start(const child_options& options) {
  const std::string program = options.program.string();
  std::vector<std::string> words{program};
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  std::vector<char*> pointers;
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);

  const auto log_name = options.error_log.empty() ? std::string{"/dev/null"} : options.error_log.string();
  const int log = open(log_name.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log < 0) return system_trouble("cannot write " + log_name);
  std::array<int, 2> out{};
  if (pipe2(out.data(), O_CLOEXEC) != 0) {
    close(log);
    return system_trouble("no pipe");
  }
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) become(program.c_str(), pointers.data(), out[1], log, parent);
  close(log);
  close(out[1]);
  if (pid < 0) {
    close(out[0]);
    return system_trouble("cannot start " + program);
  }
  return child_process{pid, out[0]};
}

child_process::child_process(child_process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      out_(std::exchange(other.out_, -1)),
      unread_(std::move(other.unread_)),
      ended_(other.ended_) {}

child_process& child_process::operator=(child_process&& other) noexcept {
  if (this == &other) return *this;
  end();
  pid_ = std::exchange(other.pid_, -1);
  out_ = std::exchange(other.out_, -1);
  unread_ = std::move(other.unread_);
  ended_ = other.ended_;
  return *this;
}

child_process::~child_process() { end(); }

void child_process::end() noexcept {
  if (pid_ > 0 && !ended_) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (out_ >= 0) close(out_);
  pid_ = out_ = -1;
}

result<std::string> child_process::wait_for_line(std::string_view beginning, milliseconds longest) {
  const auto deadline = clock::now() + longest;
  for (;;) {
    for (auto stop = unread_.find('\n'); stop != std::string::npos; stop = unread_.find('\n')) {
      const std::string line = unread_.substr(0, stop);
      unread_.erase(0, stop + 1);
      if (line.starts_with(beginning)) return line;
    }
    if (!wait_readable(out_, deadline))
      return failure(fault_kind::timeout, "no line \"" + std::string{beginning} + "...\" within " +
                                              std::to_string(longest.count()) + " ms");
    std::array<char, 4096> bytes{};
    const auto count = read(out_, bytes.data(), bytes.size());
    if (count <= 0)
      return failure(fault_kind::unavailable, "it ended before it said \"" + std::string{beginning} + "\"");
    unread_.append(bytes.data(), static_cast<std::size_t>(count));
  }
}

void child_process::send(int signal) const {
  if (pid_ > 0 && !ended_) kill(pid_, signal);
}

void child_process::note_end(int status) {
  ended_ = WIFSIGNALED(status) ? process_end{-1, WTERMSIG(status)} : process_end{WEXITSTATUS(status), 0};
}

std::optional<process_end> child_process::wait(milliseconds longest) {
  if (ended_ || pid_ <= 0) return ended_;
  // glibc 2.36 declares pidfd_open without C linkage.
  const int ending = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  if (ending < 0) return std::nullopt;
  const bool over = wait_readable(ending, clock::now() + longest);
  close(ending);
  if (!over) return std::nullopt;
  int status = 0;
  waitpid(pid_, &status, 0);
  note_end(status);
  return ended_;
}

bool child_process::is_running() { return pid_ > 0 && !wait(milliseconds{0}).has_value(); }

}  // namespace musiccorp::demo
