#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/ensure.hpp"
#include "http/exchange.hpp"
#include "http/server.hpp"

namespace musiccorp::testing {

/// A collector of spans on a free port: keeps what it gets and answers what it is told, 200 in the end; 0 is no
/// answer.
class span_collector {
 public:
  explicit span_collector(std::deque<int> answers = {}, std::string retry_after = {}) : answers_{std::move(answers)} {
    http::server_options options;
    options.port = 0;
    server_ = std::make_unique<http::server>(
        options, [this, retry_after](const http::request& request, const std::shared_ptr<http::exchange>& exchange) {
          const std::lock_guard hold{mutex_};
          paths_.push_back(request.path);
          bodies_.push_back(nlohmann::json::parse(request.body));
          int status = 200;
          if (!answers_.empty()) {
            status = answers_.front();
            answers_.pop_front();
          }
          changed_.notify_all();
          if (status == 0) return silent_.push_back(exchange);
          http::reply reply;
          reply.status = status;
          if (status != 200 && !retry_after.empty()) reply.headers.push_back({"retry-after", retry_after});
          reply.body = std::string{"{}"};
          exchange->respond(std::move(reply));
        });
    auto bound = server_->start();
    ensure(bound.has_value(), "a collector has a port");
    port_ = *bound;
  }
  [[nodiscard]] std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1/traces"; }
  /// Waits for so many requests, calling `tick` now and then.
  std::vector<nlohmann::json> bodies(std::size_t count, const std::function<void()>& tick) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    std::unique_lock hold{mutex_};
    while (bodies_.size() < count && std::chrono::steady_clock::now() < deadline) {
      hold.unlock();
      tick();
      hold.lock();
      changed_.wait_for(hold, std::chrono::milliseconds{5}, [&] { return bodies_.size() >= count; });
    }
    EXPECT_GE(bodies_.size(), count);
    return bodies_;
  }
  [[nodiscard]] std::vector<std::string> paths() {
    const std::lock_guard hold{mutex_};
    return paths_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<int> answers_;
  std::vector<nlohmann::json> bodies_;
  std::vector<std::string> paths_;
  std::vector<std::shared_ptr<http::exchange>> silent_;
  std::uint16_t port_ = 0;
  std::unique_ptr<http::server> server_;
};

}  // namespace musiccorp::testing
