#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "http/dispatch.hpp"
#include "http/exchange.hpp"
#include "http/server.hpp"
#include "raw_connection.hpp"

namespace musiccorp::http {

using namespace std::chrono_literals;
constexpr auto patience = 20s;

/// Asks until it holds; the deadline is generous, because machines are slow.
template <class Condition>
[[nodiscard]] bool eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

/// Exchanges that a test keeps, to answer them when it likes.
class shelf {
 public:
  void put(std::shared_ptr<exchange> back) {
    const std::lock_guard lock{mutex_};
    kept_.push_back(std::move(back));
    changed_.notify_all();
  }
  [[nodiscard]] std::shared_ptr<exchange> take() {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, patience, [this] { return !kept_.empty(); }))
      throw std::runtime_error{"nobody came"};
    auto first = std::move(kept_.front());
    kept_.pop_front();
    return first;
  }
  /// Lets go of all that came so far.
  void clear() {
    std::deque<std::shared_ptr<exchange>> all;
    const std::lock_guard lock{mutex_};
    all.swap(kept_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<exchange>> kept_;
};

inline std::string ask(std::string_view path, std::string_view method = "GET", std::string_view more = "") {
  return std::string{method}.append(" ").append(path).append(" HTTP/1.1\r\nhost: x\r\n").append(more).append("\r\n");
}

/// A server on a free port with a handful of routes.
class ServerTest : public ::testing::Test {
 protected:
  server_options options;
  shelf kept;
  std::shared_ptr<const std::string> asset = std::make_shared<const std::string>(std::size_t{2} << 20U, 'm');
  std::unique_ptr<server> shop;
  std::uint16_t port = 0;

  void start() {
    const auto say = [](request what, std::shared_ptr<exchange> back) {
      back->respond({200, "text/plain", {}, std::string{what.parameter("word")} + what.body});
    };
    auto handle =
        dispatch({{"GET", "/say/{word}", say},
                  {"POST", "/say/{word}", say},
                  {"GET", "/throw", [](const request&, const auto&) { throw std::runtime_error{"secret"}; }},
                  {"GET", "/drop", [](const request&, const auto&) {}},
                  {"GET", "/keep", [this](const request&, auto back) { kept.put(std::move(back)); }},
                  {"GET", "/asset",
                   [this](const request&, const auto& back) {
                     back->respond({200, "text/plain", {}, asset});
                   }},
                  {"GET", "/events", [this](const request&, auto back) {
                     if (back->open_stream()) kept.put(std::move(back));
                   }}});
    ASSERT_TRUE(handle);
    shop = std::make_unique<server>(options, *handle);
    const auto bound = shop->start();
    ASSERT_TRUE(bound) << bound.error().text;
    port = *bound;
  }

  void expect_still_serving() {
    raw_connection client{port};
    client.send(ask("/say/alive"));
    EXPECT_TRUE(client.read_until("alive").ends_with("alive"));
  }
};

}  // namespace musiccorp::http
