#include "support/link_proxy.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <list>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace musiccorp::testing {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t on_the_way_max = 256 * 1024;
constexpr std::size_t part_max = 16 * 1024;
constexpr std::uint64_t slices_per_second = 50;  ///< a narrow passage lets a part of its second through at a time

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void reset(int socket) {
  const linger at_once{1, 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(socket);
}

void make_ready(int socket) {
  const int yes = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK);
}

/// One direction of one connection.
class flow {
 public:
  flow(int from, int to) : from_(from), to_(to) {}

  /// What to wait for on either socket; `wakes` becomes earlier when it waits for the time.
  [[nodiscard]] std::array<pollfd, 2> interest(const passage& rule, clock::time_point now, clock::time_point& wakes) {
    pollfd in{-1, POLLIN, 0}, out{-1, POLLOUT, 0};
    if (rule.stalled) return {in, out};
    if (!has_ended_ && bytes_ < on_the_way_max) in.fd = from_;
    if (!parts_.empty()) {
      const auto when = std::max(parts_.front().due, next_);
      if (when <= now)
        out.fd = to_;
      else
        wakes = std::min(wakes, when);
    }
    return {in, out};
  }
  /// False when the connection is broken.
  [[nodiscard]] bool take(const passage& rule, clock::time_point now) {
    std::string part(part_max, '\0');
    const auto got = recv(from_, part.data(), part.size(), 0);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) {
      has_ended_ = true;
      end_when_empty();
      return true;
    }
    part.resize(static_cast<std::size_t>(got));
    bytes_ += part.size();
    parts_.push_back({now + rule.delay, std::move(part)});
    return true;
  }
  [[nodiscard]] bool give(const passage& rule, clock::time_point now) {
    auto& part = parts_.front().bytes;
    const auto most = rule.bytes_per_second == 0
                          ? part.size()
                          : std::clamp<std::size_t>(rule.bytes_per_second / slices_per_second, 1, part.size());
    const auto put = send(to_, part.data(), most, MSG_NOSIGNAL);
    if (put < 0) return errno == EAGAIN || errno == EINTR;
    if (rule.bytes_per_second != 0)
      next_ = now + std::chrono::microseconds{1'000'000 * static_cast<std::uint64_t>(put) / rule.bytes_per_second};
    bytes_ -= static_cast<std::size_t>(put);
    part.erase(0, static_cast<std::size_t>(put));
    if (part.empty()) parts_.pop_front();
    end_when_empty();
    return true;
  }
  [[nodiscard]] bool is_over() const { return has_ended_ && parts_.empty(); }

 private:
  void end_when_empty() const {
    if (is_over()) shutdown(to_, SHUT_WR);
  }
  struct chunk {
    clock::time_point due;
    std::string bytes;
  };
  int from_, to_;
  std::deque<chunk> parts_;
  std::size_t bytes_ = 0;
  bool has_ended_ = false;
  clock::time_point next_{};
};

struct connection {
  connection(int from_caller, int to_called)
      : caller(from_caller), called(to_called), there(from_caller, to_called), back(to_called, from_caller) {}
  int caller, called;
  flow there, back;
};

}  // namespace

class link_proxy::parts {
 public:
  parts(std::uint16_t target, const std::function<void()>& on_its_thread) : target_(target) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    auto address = loopback(0);
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 64) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("a proxy cannot listen");
    port_ = ntohs(address.sin_port);
    wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    thread_ = std::thread{[this, on_its_thread] {
      if (on_its_thread) on_its_thread();
      run();
    }};
  }
  ~parts() {
    change([this] { is_over_ = true; });
    thread_.join();
    close(listener_);
    close(wake_);
  }

  template <class Change>
  void change(Change what) {
    {
      const std::lock_guard hold{mutex_};
      what();
    }
    const std::uint64_t one = 1;
    static_cast<void>(!write(wake_, &one, sizeof one));
  }

  std::uint16_t port_ = 0;
  passage there_, back_;  ///< these three: guarded by mutex_
  bool is_cut_ = false;
  bool is_over_ = false;

 private:
  void run() {
    std::list<connection> all;
    std::vector<pollfd> waits;
    for (;;) {
      passage there, back;
      bool is_cut = false;
      {
        const std::lock_guard hold{mutex_};
        there = there_;
        back = back_;
        is_cut = is_cut_ || is_over_;
      }
      if (is_cut) {
        for (const auto& one : all) end(one);
        all.clear();
        const std::lock_guard hold{mutex_};
        if (is_over_) return;
      }
      const auto now = clock::now();
      auto wakes = now + std::chrono::hours{1};
      waits.assign({{wake_, POLLIN, 0}, {listener_, POLLIN, 0}});
      for (auto& one : all)
        for (const auto& set : {one.there.interest(there, now, wakes), one.back.interest(back, now, wakes)})
          waits.insert(waits.end(), set.begin(), set.end());
      const auto rest = std::chrono::ceil<std::chrono::milliseconds>(wakes - now);
      if (poll(waits.data(), waits.size(), static_cast<int>(rest.count())) < 0 && errno != EINTR) return;
      std::uint64_t ignored = 0;
      if (waits[0].revents != 0) static_cast<void>(!read(wake_, &ignored, sizeof ignored));
      serve(all, waits, there, back);
      if (waits[1].revents != 0) accept_one(all, is_cut);
    }
  }

  static void serve(std::list<connection>& all, const std::vector<pollfd>& waits, const passage& there,
                    const passage& back) {
    const auto now = clock::now();
    std::size_t at = 2;
    for (auto one = all.begin(); one != all.end(); at += 4) {
      const auto happened = [&](std::size_t which) { return waits[at + which].revents != 0; };
      const bool lives = (!happened(0) || one->there.take(there, now)) &&
                         (!happened(1) || one->there.give(there, now)) &&
                         (!happened(2) || one->back.take(back, now)) && (!happened(3) || one->back.give(back, now));
      if (lives && !(one->there.is_over() && one->back.is_over())) {
        ++one;
        continue;
      }
      end(*one);
      one = all.erase(one);
    }
  }

  void accept_one(std::list<connection>& all, bool is_cut) const {
    const int caller = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (caller < 0) return;
    const int called = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto address = loopback(target_);
    if (is_cut || connect(called, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      reset(caller);
      close(called);
      return;
    }
    make_ready(caller);
    make_ready(called);
    all.emplace_back(caller, called);
  }

  /// Both sides have ended it by themselves, or nobody shall think so.
  static void end(const connection& one) {
    const bool in_order = one.there.is_over() && one.back.is_over();
    for (const int socket : {one.caller, one.called}) in_order ? static_cast<void>(close(socket)) : reset(socket);
  }

  const std::uint16_t target_;
  int listener_ = -1;
  int wake_ = -1;
  std::mutex mutex_;
  std::thread thread_;
};

link_proxy::link_proxy(std::uint16_t target, const std::function<void()>& on_its_thread)
    : parts_(std::make_unique<parts>(target, on_its_thread)) {}
link_proxy::~link_proxy() = default;

std::uint16_t link_proxy::port() const { return parts_->port_; }

void link_proxy::let(passage there, passage back) {
  parts_->change([&] {
    parts_->there_ = there;
    parts_->back_ = back;
    parts_->is_cut_ = false;
  });
}

void link_proxy::cut() {
  parts_->change([&] { parts_->is_cut_ = true; });
}

}  // namespace musiccorp::testing
