#include "cluster/gate.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "cluster/peer_link.hpp"

namespace musiccorp::cluster {

namespace {

using addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

std::uint16_t port_of(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                                             : reinterpret_cast<sockaddr_in&>(address).sin_port);
}

}  // namespace

gate::gate(gate_options options, credentials_now keys, make_answerer make, on_failure failed)
    : options_(std::move(options)), keys_(std::move(keys)), make_(std::move(make)), failed_(std::move(failed)) {}

gate::~gate() { stop(); }

result<void> gate::start() {
  const auto where = options_.host + ":" + std::to_string(options_.port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  if (const auto code = getaddrinfo(options_.host.empty() ? nullptr : options_.host.c_str(),
                                    std::to_string(options_.port).c_str(), &hints, &list);
      code != 0)
    return failure(fault_kind::unavailable, "cannot listen on " + where + ": " + gai_strerror(code));
  const addresses found{list, freeaddrinfo};
  const int yes = 1;
  listener_ = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener_ < 0 || setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      bind(listener_, found->ai_addr, found->ai_addrlen) != 0 || listen(listener_, 128) != 0) {
    auto trouble = failure(fault_kind::unavailable, "cannot listen on " + where + ": " + std::strerror(errno));
    if (listener_ >= 0) close(listener_);
    listener_ = -1;
    return trouble;
  }
  port_ = port_of(listener_);
  stop_ = eventfd(0, EFD_CLOEXEC);
  thread_ = std::thread{[this] { run(); }};
  return {};
}

void gate::stop() {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  static_cast<void>(!write(stop_, &one, sizeof one));
  thread_.join();
  talks_.clear();
  close(listener_);
  close(stop_);
}

void gate::run() {
  std::vector<pollfd> sockets;
  for (;;) {
    sockets.assign({{stop_, POLLIN, 0}, {is_full_ ? -1 : listener_, POLLIN, 0}});
    auto next = steady_now() + (is_full_ ? duration{100'000} : duration{3'600'000'000});
    for (auto& one : talks_) {
      sockets.push_back({one.words.connection().socket(), one.waits_for, 0});
      next = std::min(next, one.until);
    }
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(std::max(next - steady_now(), duration{0}));
    if (poll(sockets.data(), sockets.size(), static_cast<int>(rest.count())) < 0 && errno != EINTR) return;
    if (sockets[0].revents != 0) return;
    is_full_ = false;
    std::size_t at = 2;
    for (auto one = talks_.begin(); one != talks_.end(); ++at) {
      const bool is_ready = sockets[at].revents != 0;
      const bool is_late = steady_now() >= one->until;
      if (is_late && !is_ready) failed_(one->address, "it took too long", one->words.has_heard());
      if ((is_ready && go_on(*one)) || (!is_ready && !is_late))
        ++one;
      else
        one = talks_.erase(one);
    }
    if (sockets[1].revents != 0) accept_all();
  }
}

bool gate::go_on(talk& one) {
  switch (one.words.step()) {
    case conversation::state::wants_read:
      one.waits_for = POLLIN;
      break;
    case conversation::state::wants_write:
      one.waits_for = POLLOUT;
      break;
    case conversation::state::agreed:
      one.who->take(std::move(one.words.connection()));
      return false;
    case conversation::state::ended:
      failed_(one.address, one.words.why(), one.words.has_heard());
      return false;
  }
  if (steady_now() < one.until) return true;
  failed_(one.address, "it took too long", one.words.has_heard());  // One byte at a time is not enough.
  return false;
}

void gate::accept_all() {
  for (;;) {
    const auto socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (socket < 0) {
      is_full_ = errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS;
      if (is_full_) close_oldest();
      return;
    }
    if (talks_.size() >= options_.talks_max) close_oldest();
    const auto address = peer_address(socket);
    auto who = make_(address);
    auto& heard_by = *who;
    talks_.push_back({std::move(who), conversation{wire{socket, wire::side::called, keys_()}, heard_by}, address,
                      steady_now() + options_.talk_within, POLLIN});
    if (!go_on(talks_.back())) talks_.pop_back();
  }
}

void gate::close_oldest() {
  if (talks_.empty()) return;
  failed_(talks_.front().address, "too many wait", talks_.front().words.has_heard());
  talks_.pop_front();
}

}  // namespace musiccorp::cluster
