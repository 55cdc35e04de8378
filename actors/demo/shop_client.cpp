#include "demo/shop_client.hpp"

#include <array>
#include <condition_variable>
#include <mutex>

namespace musiccorp::demo {
namespace {

result<std::string> body_of(http::client_response answer, const std::string& url, int wanted_status) {
  if (answer.status == wanted_status) return std::move(answer.body);
  const auto kind = answer.status == 404 ? fault_kind::not_found : fault_kind::internal;
  return failure(kind, url + ": wanted " + std::to_string(wanted_status) + ", found " +
                           std::to_string(answer.status) + " " + answer.body.substr(0, 300));
}

/// Asks for many targets with a window of open requests; each answer sends the next request.
class gathering {
 public:
  gathering(const shop_client& shop, const std::vector<std::string>& targets,
            const std::function<void(std::size_t)>& done)
      : shop_(shop), targets_(targets), done_(done), bodies_(targets.size()) {}

  result<std::vector<std::optional<std::string>>> run() {
    constexpr std::size_t window = 32;
    std::unique_lock lock{mutex_};
    while (next_ < targets_.size() && open_ < window && !trouble_) send_next(lock);
    changed_.wait(lock, [&] { return open_ == 0; });
    if (trouble_) return failure(std::move(*trouble_));
    return std::move(bodies_);
  }

 private:
  void send_next(std::unique_lock<std::mutex>& lock) {
    const auto index = next_++;
    ++open_;
    lock.unlock();
    auto sent = shop_.connection().send(shop_.get_request(targets_[index]),
                                        [this, index](auto answer) { take(index, std::move(answer)); });
    lock.lock();
    if (sent) return;
    trouble_ = std::move(sent.error());
    --open_;
  }

  void take(std::size_t index, result<http::client_response> answer) {
    auto body = answer ? body_of(std::move(*answer), targets_[index], 200) : failure(std::move(answer.error()));
    std::unique_lock lock{mutex_};
    if (body)
      bodies_[index] = std::move(*body);
    else if (body.error().kind != fault_kind::not_found && !trouble_)
      trouble_ = std::move(body.error());
    if (next_ < targets_.size() && !trouble_) send_next(lock);
    if (done_) done_(next_ - open_);
    --open_;
    if (open_ == 0) changed_.notify_all();  // Under the lock: the object may end as soon as it is released.
  }

  const shop_client& shop_;
  const std::vector<std::string>& targets_;
  const std::function<void(std::size_t)>& done_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::optional<std::string>> bodies_;
  std::optional<fault> trouble_;
  std::size_t next_ = 0;
  std::size_t open_ = 0;
};

}  // namespace

http::client_request shop_client::post_request(const std::string& target, std::string body,
                                               const std::string& idempotency) const {
  http::client_request request{.method = "POST", .url = url_ + target, .body = std::move(body)};
  request.headers.push_back({"content-type", "application/json"});
  if (!idempotency.empty()) request.headers.push_back({"idempotency-key", idempotency});
  return request;
}

result<std::string> shop_client::expect(http::client_request what, int wanted_status) const {
  const auto url = what.url;
  auto answer = connection_->fetch(std::move(what));
  if (!answer) return failure(std::move(answer.error()));
  return body_of(std::move(*answer), url, wanted_status);
}

result<std::string> shop_client::get(const std::string& target) const { return expect(get_request(target), 200); }

result<std::vector<std::optional<std::string>>> shop_client::get_all(
    const std::vector<std::string>& targets, const std::function<void(std::size_t)>& done) const {
  return gathering{*this, targets, done}.run();
}

result<metrics_text> shop_client::metrics() const {
  auto text = get("/metrics");
  if (!text) return failure(std::move(text.error()));
  for (const auto& url : others_) {
    auto more = shop_client{*connection_, url}.get("/metrics");
    if (!more) return failure(std::move(more.error()));
    *text += *more;
  }
  return metrics_text{*text};
}

std::string shop_client::escaped(std::string_view text) {
  constexpr std::string_view plain = "-._~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  constexpr std::string_view hexadecimal = "0123456789ABCDEF";
  std::string out;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (plain.find(letter) != std::string_view::npos)
      out.push_back(letter);
    else
      out.append({'%', hexadecimal[byte >> 4U], hexadecimal[byte & 15U]});
  }
  return out;
}

}  // namespace musiccorp::demo
