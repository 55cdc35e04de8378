#include "supervision/supervised_process.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

extern char** environ;

namespace musiccorp::supervision {
namespace {

struct pipe_ends {
  int read = -1;
  int write = -1;
};
result<pipe_ends> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    return failure(fault_kind::unavailable, std::string{"no pipe: "} + std::strerror(errno));
  return pipe_ends{ends[0], ends[1]};
}
void close_pipe(pipe_ends ends) {
  close(ends.read);
  close(ends.write);
}

/// Everything that the new process needs, made before it exists.
struct preparation {
  std::string program;
  std::vector<std::string> words;
  std::vector<std::string> settings;
  std::vector<char*> arguments;
  std::vector<char*> environment;
};

preparation prepare(const process_command& command) {
  preparation made;
  made.program = command.program.string();
  made.words = command.arguments;
  made.words.insert(made.words.begin(), made.program);
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string_view setting{*one};
    bool replaced = false;
    for (const auto& [name, value] : command.environment) replaced = replaced || setting.starts_with(name + "=");
    if (!replaced) made.settings.emplace_back(setting);
  }
  for (const auto& [name, value] : command.environment) made.settings.push_back(name + "=" + value);
  return made;
}

/// In the new process, between fork and exec: only calls that are safe there.
[[noreturn]] void become(const preparation& what, int out, int error, int trouble, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // The parent died before it could be watched.
  setpgid(0, 0);
  for (const int one : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE, SIGCHLD}) signal(one, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(error, STDERR_FILENO);
  close_range(STDERR_FILENO + 1, UINT_MAX, CLOSE_RANGE_CLOEXEC);
  execve(what.program.c_str(), what.arguments.data(), what.environment.data());
  const int why = errno;
  [[maybe_unused]] const auto told = write(trouble, &why, sizeof why);
  _exit(127);
}

}  // namespace

std::vector<std::string> line_splitter::take(std::string_view bytes) {
  std::vector<std::string> lines;
  while (!bytes.empty()) {
    const auto room = length_max - unfinished_.size();
    const auto end = bytes.substr(0, room).find('\n');
    if (end == std::string_view::npos && bytes.size() < room) {
      unfinished_ += bytes;
      break;
    }
    unfinished_ += bytes.substr(0, std::min(end, room));
    bytes.remove_prefix(end == std::string_view::npos ? room : end + 1);
    lines.push_back(std::exchange(unfinished_, {}));
  }
  return lines;
}

result<supervised_process> supervised_process::start(const process_command& command) {
  auto what = prepare(command);
  for (auto& word : what.words) what.arguments.push_back(word.data());
  what.arguments.push_back(nullptr);
  for (auto& setting : what.settings) what.environment.push_back(setting.data());
  what.environment.push_back(nullptr);

  const auto out = make_pipe();
  if (!out) return failure(out.error());
  const auto error = make_pipe();
  const auto trouble = error ? make_pipe() : error;
  if (!trouble) {
    close_pipe(*out);
    if (error) close_pipe(*error);
    return failure(trouble.error());
  }
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) become(what, out->write, error->write, trouble->write, parent);
  const int fork_trouble = errno;
  close(out->write);
  close(error->write);
  close(trouble->write);
  int why = 0;
  // Ends when the new program has taken over, which closes the pipe.
  const auto told = pid < 0 ? 0 : ::read(trouble->read, &why, sizeof why);
  close(trouble->read);
  if (pid < 0 || told > 0) {
    if (pid > 0) waitpid(pid, nullptr, 0);
    close(out->read);
    close(error->read);
    return failure(fault_kind::unavailable,
                   "cannot run " + what.program + ": " + std::strerror(pid < 0 ? fork_trouble : why));
  }
  fcntl(out->read, F_SETFL, O_NONBLOCK);
  fcntl(error->read, F_SETFL, O_NONBLOCK);
  // glibc 2.36 declares pidfd_open without C linkage.
  const int end = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  supervised_process made{pid, end, out->read, error->read};
  if (end < 0) return failure(fault_kind::unavailable, std::string{"cannot watch it: "} + std::strerror(errno));
  return made;
}

supervised_process::supervised_process(supervised_process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      end_(std::exchange(other.end_, -1)),
      out_(std::exchange(other.out_, -1)),
      error_(std::exchange(other.error_, -1)),
      out_lines_(std::move(other.out_lines_)),
      error_lines_(std::move(other.error_lines_)) {}

supervised_process& supervised_process::operator=(supervised_process&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(end_, other.end_);
  std::swap(out_, other.out_);
  std::swap(error_, other.error_);
  std::swap(out_lines_, other.out_lines_);
  std::swap(error_lines_, other.error_lines_);
  return *this;
}

supervised_process::~supervised_process() {
  if (pid_ > 0) {
    kill_group();
    waitpid(pid_, nullptr, 0);
  }
  close_all();
}

void supervised_process::close_all() noexcept {
  for (int* one : {&end_, &out_, &error_})
    if (*one >= 0) close(std::exchange(*one, -1));
}

std::vector<std::string> supervised_process::read(int& descriptor, line_splitter& lines) {
  std::vector<std::string> said;
  std::array<char, 16'384> bytes{};
  while (descriptor >= 0) {
    const auto count = ::read(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) break;
    if (count <= 0) {
      close(std::exchange(descriptor, -1));
      if (auto last = lines.rest(); !last.empty()) said.push_back(std::move(last));
      break;
    }
    for (auto& line : lines.take({bytes.data(), static_cast<std::size_t>(count)})) said.push_back(std::move(line));
    if (said.size() > 1000) break;  // Others want to be heard, too.
  }
  return said;
}

void supervised_process::send(int signal) const {
  if (pid_ > 0) ::kill(pid_, signal);
}

void supervised_process::kill_group() const {
  if (pid_ <= 0) return;
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);  // Should it have left its group.
}

bool supervised_process::has_ended() const {
  siginfo_t seen{};
  return pid_ > 0 && waitid(P_PID, static_cast<id_t>(pid_), &seen, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         seen.si_pid == pid_;
}

/// While it is not reaped, its number, and so its group's, belongs to nobody else.
end_reason supervised_process::reap() {
  kill_group();
  int status = 0;
  waitpid(std::exchange(pid_, -1), &status, 0);
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    return {end_kind::crash, "ended by signal " + std::to_string(signal) + " (" + strsignal(signal) + ")", {}};
  }
  if (const int code = WEXITSTATUS(status); code != 0)
    return {end_kind::crash, "ended with code " + std::to_string(code), {}};
  return {end_kind::normal, "ended with code 0", {}};
}

}  // namespace musiccorp::supervision
