#pragma once

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

/// Networks that a test makes for itself, of network namespaces: what is said in them never leaves them, and they are
/// gone when the test and the programs that it has started are. Nobody needs to be root for that.
namespace musiccorp::testing {

/// What a command has said on both its outputs, and whether it was fine.
inline std::pair<std::string, bool> say_to_system(const std::string& command) {
  auto* const pipe = ::popen((command + " 2>&1").c_str(), "re");
  if (pipe == nullptr) return {std::strerror(errno), false};
  std::string said;
  for (int letter = 0; (letter = std::fgetc(pipe)) != EOF;) said += static_cast<char>(letter);
  return {said, ::pclose(pipe) == 0};
}

class own_network {
 public:
  /// First in main(): begins this program anew in a user and a network namespace of its own. Where that is not
  /// permitted, or the tools are missing, it returns, and why_not() says so.
  static void enter(int& argc, char** argv) {
    constexpr std::string_view mark = "--in-a-network-of-its-own";
    if (argc > 1 && argv[argc - 1] == mark) {
      argv[--argc] = nullptr;
      if (const auto [said, is_fine] = say_to_system("ip link set lo up"); !is_fine) why() = said;
      return;
    }
    const auto [said, is_fine] = say_to_system("unshare --user --map-root-user --net sh -ec '" + wanted() + "'");
    if (!is_fine) {
      why() = "no network namespaces here: " + said.substr(0, said.find('\n'));
      return;
    }
    std::string marked{mark}, program = "/proc/self/exe";
    char self[4096] = {};
    if (::readlink(program.c_str(), self, sizeof self - 1) > 0) program = self;
    std::vector<std::string> words{"unshare", "--user", "--map-root-user", "--net", program};
    words.insert(words.end(), argv + 1, argv + argc);
    words.push_back(marked);
    std::vector<char*> pointers;
    for (auto& one : words) pointers.push_back(one.data());
    pointers.push_back(nullptr);
    ::execvp(pointers[0], pointers.data());
    why() = std::string{"unshare: "} + std::strerror(errno);
  }
  /// Empty: this process is in a network of its own.
  [[nodiscard]] static const std::string& why_not() { return why(); }

 private:
  static std::string& why() {
    static std::string text;
    return text;
  }
  /// Everything that is used later.
  static std::string wanted() {
    return "ip link set lo up; ip link add name here type veth peer name there; ip link set here up; "
           "ip neigh replace 10.77.0.9 lladdr 02:00:00:00:00:09 dev here nud permanent; "
           "tc qdisc replace dev here root tbf rate 1mbit burst 32kbit latency 400ms; "
           "nsenter --net=/proc/self/ns/net true";
  }
};

/// A network namespace, with nothing in it but loopback. Any thread.
class net_host {
 public:
  net_host() {
    inside_a_thread([this] {
      if (::unshare(CLONE_NEWNET) != 0) throw std::runtime_error("no network namespace");
      space_ = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
      run("ip link set lo up");
    });
  }
  ~net_host() { ::close(space_); }
  net_host(const net_host&) = delete;
  net_host& operator=(const net_host&) = delete;

  /// Puts the calling thread there: its sockets, and the programs that it starts.
  void enter() const {
    if (::setns(space_, CLONE_NEWNET) != 0) throw std::runtime_error("cannot enter a network namespace");
  }
  /// Runs a command there; throws what it has said when it fails.
  void command(const std::string& line) const {
    inside_a_thread([&] {
      enter();
      run(line);
    });
  }
  /// Words before those of a program, which let it run there as the same process.
  [[nodiscard]] std::vector<std::string> words() const { return {"/usr/bin/env", "nsenter", "--net=" + path()}; }
  [[nodiscard]] std::string path() const {
    return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(space_);
  }
  /// TCP connections with this address that both ends have agreed on and none has ended, as this host knows it.
  [[nodiscard]] std::size_t connections_with(const std::string& address) const {
    std::size_t count = 0;
    inside_a_thread([&] {
      enter();
      std::ifstream table{"/proc/thread-self/net/tcp"};
      std::string line;
      std::getline(table, line);  // The columns' names.
      while (std::getline(table, line)) {
        unsigned here[2], there[2], number, state;
        if (std::sscanf(line.c_str(), " %u: %x:%x %x:%x %x", &number, &here[0], &here[1], &there[0], &there[1],
                        &state) == 6 &&
            state == 1 && address_of(there[0]) == address)
          ++count;
      }
    });
    return count;
  }

 private:
  static std::string address_of(unsigned network_order) {
    std::string text;
    for (int byte = 0; byte < 4; ++byte, network_order >>= 8U)
      text += (byte == 0 ? "" : ".") + std::to_string(network_order & 255U);
    return text;
  }
  static void run(const std::string& line) {
    if (const auto [said, is_fine] = say_to_system(line); !is_fine) throw std::runtime_error(line + ": " + said);
  }
  template <class What>
  static void inside_a_thread(What what) {
    std::exception_ptr trouble;
    std::thread{[&] {
      try {
        what();
      } catch (...) {
        trouble = std::current_exception();
      }
    }}.join();
    if (trouble) std::rethrow_exception(trouble);
  }

  int space_ = -1;
};

}  // namespace musiccorp::testing
