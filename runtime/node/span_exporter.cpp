#include "node/span_exporter.hpp"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <mutex>

#include "node/otlp.hpp"
#include "telemetry/log.hpp"

namespace musiccorp::node {
namespace {

const telemetry::logger log{"node"};

bool may_pass(int status) { return status == 408 || status == 429 || status >= 500; }

base::duration wanted_wait(const http::client_response& said) {
  const auto header = said.headers.find("retry-after").value_or("");
  std::uint32_t seconds = 0;
  std::from_chars(header.data(), header.data() + header.size(), seconds);
  return std::chrono::seconds{std::min<std::uint32_t>(seconds, 600)};
}

}  // namespace

class span_exporter::impl : public std::enable_shared_from_this<impl> {
 public:
  impl(export_options options, std::shared_ptr<telemetry::span_store> store, std::shared_ptr<const base::clock> clock,
       std::uint64_t seed)
      : options_{std::move(options)}, store_{std::move(store)}, clock_{std::move(clock)}, random_{seed} {
    store_->export_up_to(options_.spans_queued_max);
  }

  void tick(http::client& client) {
    const std::lock_guard hold{mutex_};
    next(client);
  }
  bool flush(http::client& client, std::chrono::milliseconds longest) {
    std::unique_lock hold{mutex_};
    next(client);
    return answered_.wait_for(hold, longest, [&] { return !on_its_way_; }) && batch_.empty();
  }

 private:
  /// Holds the lock.
  void next(http::client& client) {
    if (on_its_way_ || clock_->now() < not_before_) return;
    if (batch_.empty()) batch_ = store_->take_for_export(options_.batch_max);
    if (batch_.empty()) return;
    http::client_request request;
    request.method = "POST";
    request.url = options_.endpoint;
    request.headers.push_back({"content-type", "application/json"});
    request.body = otlp_body(batch_, *store_, options_.node, options_.version);
    request.timeout = options_.timeout;
    on_its_way_ = true;
    const auto sent = client.send(std::move(request), [self = shared_from_this(), &client](const auto& said) {
      const std::lock_guard hold{self->mutex_};
      self->on_its_way_ = false;
      self->came(said);
      self->next(client);
      self->answered_.notify_all();
    });
    if (sent) return;
    on_its_way_ = false;
    came(failure(sent.error()));
  }

  void came(const result<http::client_response>& said) {
    if (said && said->status / 100 == 2) {
      store_->settle_export(batch_.size(), true);
      batch_.clear();
      tries_ = 0;
      if (failures_ > 0) log.info("spans-exported-again", {{"endpoint", options_.endpoint}});
      failures_ = 0;
      return;
    }
    const auto why = said ? "it answered " + std::to_string(said->status) : said.error().text;
    if (failures_++ == 0) log.warn("spans-not-exported", {{"endpoint", options_.endpoint}, {"error", why}});
    if ((said && !may_pass(said->status)) || ++tries_ >= options_.tries_max) {
      store_->settle_export(batch_.size(), false);
      batch_.clear();
      tries_ = 0;
    }
    auto delay = options_.delay_first;
    for (int i = 1; i < failures_ && delay < options_.delay_longest; ++i) delay *= 2;
    delay = std::min(delay, options_.delay_longest);
    delay -=
        base::duration{static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(delay.count()) / 2 + 1))};
    not_before_ = clock_->now() + (said ? std::max(delay, wanted_wait(*said)) : delay);
  }

  const export_options options_;
  const std::shared_ptr<telemetry::span_store> store_;
  const std::shared_ptr<const base::clock> clock_;
  std::condition_variable answered_;
  std::mutex mutex_;  ///< guards the rest
  base::random_source random_;
  std::vector<telemetry::span> batch_;  ///< on its way, or to be sent again
  bool on_its_way_ = false;
  int tries_ = 0;     ///< of this batch that failed
  int failures_ = 0;  ///< in a row, of any
  base::instant not_before_{};
};

span_exporter::span_exporter(export_options options, std::shared_ptr<telemetry::span_store> store,
                             std::shared_ptr<const base::clock> clock, std::uint64_t seed)
    : impl_{std::make_shared<impl>(std::move(options), std::move(store), std::move(clock), seed)} {}

span_exporter::~span_exporter() = default;

void span_exporter::tick() { impl_->tick(client_); }

bool span_exporter::flush(std::chrono::milliseconds longest) { return impl_->flush(client_, longest); }

}  // namespace musiccorp::node
