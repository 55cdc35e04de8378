// The proxy that other tests make trouble with does what it says, and no more.
#include "support/link_proxy.hpp"

#include <gtest/gtest.h>

#include "unit/http/raw_connection.hpp"

namespace musiccorp::testing {
namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

/// Where the proxy leads to.
class LinkProxy : public ::testing::Test {
 protected:
  LinkProxy() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 8) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("cannot listen");
    proxy.emplace(ntohs(address.sin_port));
    caller.emplace(proxy->port());
    called = ::accept(listener_, nullptr, nullptr);
    const timeval deadline{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(called, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
  }
  ~LinkProxy() override {
    ::close(called);
    ::close(listener_);
  }
  void say(const std::string& text) const {
    EXPECT_EQ(::write(called, text.data(), text.size()), ssize_t(text.size()));
  }
  /// What the called one hears: so many bytes, or what there was until the end.
  [[nodiscard]] std::string hear(std::size_t bytes) const {
    std::string all(bytes, '\0');
    std::size_t got = 0;
    while (got < bytes) {
      const auto count = ::read(called, all.data() + got, bytes - got);
      if (count <= 0) break;
      got += static_cast<std::size_t>(count);
    }
    all.resize(got);
    return all;
  }
  [[nodiscard]] bool hears_nothing() const {
    char one = 0;
    return ::recv(called, &one, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
  }

  int listener_ = -1, called = -1;
  std::optional<link_proxy> proxy;
  std::optional<http::raw_connection> caller;
};

TEST_F(LinkProxy, PassesBothWaysUntilBothHaveEnded) {
  caller->send("question");
  EXPECT_EQ(hear(8), "question");
  caller->end_sending();
  EXPECT_EQ(hear(1), "");
  say("answer");
  EXPECT_EQ(caller->read_until("answer"), "answer");
}

TEST_F(LinkProxy, StallsOneDirectionAndGoesOn) {
  proxy->let({.stalled = true}, {});
  say("before");
  EXPECT_EQ(caller->read_until("before"), "before");  // It knows the rule by now.
  caller->send("late");
  say("meanwhile");
  EXPECT_EQ(caller->read_until("meanwhile"), "meanwhile");
  EXPECT_TRUE(hears_nothing());
  proxy->let({}, {});
  EXPECT_EQ(hear(4), "late");
}

TEST_F(LinkProxy, DelaysAndNarrows) {
  proxy->let({.delay = 100ms}, {.bytes_per_second = 10'000});
  say(std::string(100, 'x'));
  EXPECT_EQ(caller->read_until(std::string(100, 'x')).size(), 100U);  // It knows the rule by now.
  auto began = steady::now();
  caller->send("slow");
  EXPECT_EQ(hear(4), "slow");
  EXPECT_GE(steady::now() - began, 100ms);
  began = steady::now();
  say(std::string(2'000, 'y'));
  EXPECT_EQ(caller->read_until(std::string(2'000, 'y')).size(), 2'000U);
  EXPECT_GE(steady::now() - began, 150ms);
}

TEST_F(LinkProxy, CutsWhatStandsAndWhatIsNew) {
  proxy->cut();
  EXPECT_EQ(hear(1), "");
  http::raw_connection another{proxy->port()};
  EXPECT_EQ(another.read_all(), "");
  EXPECT_TRUE(another.closed());
}

}  // namespace
}  // namespace musiccorp::testing
