#include "http/client.hpp"

#include <curl/curl.h>

#include <atomic>
#include <future>
#include <mutex>
#include <string_view>
#include <thread>
#include <unordered_map>

#include "base/ensure.hpp"

namespace musiccorp::http {
namespace {

/// Once for the process and never undone: other libraries of the process may use curl as well.
void start_curl() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  ensure(started == CURLE_OK, "libcurl starts");
}

struct easy_closer {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct list_closer {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using easy_handle = std::unique_ptr<CURL, easy_closer>;
using header_lines = std::unique_ptr<curl_slist, list_closer>;

/// One request from `send` to its callback.
struct transfer {
  client_request what;
  client_callback done;
  std::size_t limit = 0;
  easy_handle handle{};
  header_lines lines{};
  client_response answer{};
  bool too_large = false;
};

constexpr bool is_line_break(char letter) { return letter == '\r' || letter == '\n' || letter == '\0'; }

bool is_clean(std::string_view text) {
  for (const char letter : text)
    if (is_line_break(letter)) return false;
  return true;
}

result<void> check(const client_request& what) {
  if (!what.url.starts_with("http://") && !what.url.starts_with("https://"))
    return failure(fault_kind::invalid, "a URL must start with http:// or https://, not \"" + what.url + "\"");
  bool clean = is_clean(what.url) && !what.method.empty() && what.method.find(' ') == std::string::npos;
  clean = clean && is_clean(what.method);
  for (const auto& [name, value] : what.headers) clean = clean && !name.empty() && is_clean(name) && is_clean(value);
  if (!clean) return failure(fault_kind::invalid, "method, URL and headers must be single lines");
  return {};
}

std::size_t take_body(char* bytes, std::size_t, std::size_t count, void* into) {
  auto& here = *static_cast<transfer*>(into);
  here.too_large = here.answer.body.size() + count > here.limit;
  if (here.too_large) return 0;  // Makes curl give up with CURLE_WRITE_ERROR.
  here.answer.body.append(bytes, count);
  return count;
}

std::size_t take_header(char* bytes, std::size_t, std::size_t count, void* into) {
  auto& here = *static_cast<transfer*>(into);
  std::string_view line{bytes, count};
  while (!line.empty() && is_line_break(line.back())) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) here.answer.headers.clear();  // The final answer after a 100.
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return count;
  const auto start = line.find_first_not_of(" \t", colon + 1);
  here.answer.headers.add(line.substr(0, colon), start == std::string_view::npos ? "" : line.substr(start));
  return count;
}

fault fault_of(CURLcode code, const transfer& of) {
  const std::string where = of.what.method + " " + of.what.url + ": ";
  if (of.too_large)
    return {fault_kind::too_large, where + "more than " + std::to_string(of.limit) + " bytes", {}, {}};
  const std::string text = where + curl_easy_strerror(code);
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return {fault_kind::timeout, text, {}, {}};
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return {fault_kind::invalid, text, {}, {}};
    default:
      return {fault_kind::unavailable, text, {}, {}};
  }
}

}  // namespace

class client::impl {
 public:
  explicit impl(client_options options) : options_(options) {
    start_curl();
    multi_ = curl_multi_init();
    ensure(multi_ != nullptr, "libcurl gives a multi handle");
    curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(options_.connections_per_host));
    thread_ = std::thread{[this] { run(); }};
  }

  ~impl() {
    {
      const std::lock_guard lock{mutex_};
      stopping_ = true;
    }
    curl_multi_wakeup(multi_);
    thread_.join();
    curl_multi_cleanup(multi_);
  }

  [[nodiscard]] result<void> send(client_request what, client_callback done) {
    if (auto fine = check(what); !fine) return fine;
    auto fresh = std::make_unique<transfer>(transfer{std::move(what), std::move(done), options_.response_limit});
    {
      const std::lock_guard lock{mutex_};
      if (stopping_) return failure(fault_kind::unavailable, "the HTTP client is stopping");
      if (open_ >= options_.requests_max)
        return failure(fault_kind::overloaded,
                       "more than " + std::to_string(options_.requests_max) + " HTTP requests");
      ++open_;
      queue_.push_back(std::move(fresh));
      if (queue_.size() > 1) return {};  // Whoever came first has woken the thread.
    }
    curl_multi_wakeup(multi_);
    return {};
  }

  [[nodiscard]] bool is_here() const { return thread_.get_id() == std::this_thread::get_id(); }

 private:
  using transfers = std::unordered_map<CURL*, std::unique_ptr<transfer>>;

  const client_options options_;
  CURLM* multi_ = nullptr;
  std::mutex mutex_;
  std::vector<std::unique_ptr<transfer>> queue_;
  std::size_t open_ = 0;  ///< queued and running
  bool stopping_ = false;

  transfers running_;  ///< on the client's thread only, as is `idle_handles_`
  std::vector<easy_handle> idle_handles_;
  std::thread thread_;

  void run() {
    while (!begin_queued()) {
      int active = 0;
      curl_multi_perform(multi_, &active);
      finish_done();
      curl_multi_poll(multi_, nullptr, 0, 1000, nullptr);
    }
    while (!running_.empty()) finish(running_.begin(), stopped());
  }

  static tl::unexpected<fault> stopped() { return failure(fault_kind::unavailable, "the HTTP client was stopped"); }

  /// True when it is time to stop; then nothing was begun.
  bool begin_queued() {
    std::vector<std::unique_ptr<transfer>> fresh;
    bool stopping = false;
    {
      const std::lock_guard lock{mutex_};
      fresh.swap(queue_);
      stopping = stopping_;
    }
    for (auto& each : fresh) stopping ? settle(*each, stopped()) : begin(std::move(each));
    return stopping;
  }

  void begin(std::unique_ptr<transfer> fresh) {
    fresh->handle = idle_handle();
    if (!fresh->handle) return settle(*fresh, failure(fault_kind::unavailable, "libcurl has no memory"));
    CURL* const handle = fresh->handle.get();
    prepare(*fresh);
    running_.emplace(handle, std::move(fresh));
    const auto code = curl_multi_add_handle(multi_, handle);
    if (code != CURLM_OK) finish(running_.find(handle), failure(fault_kind::unavailable, curl_multi_strerror(code)));
  }

  easy_handle idle_handle() {
    if (idle_handles_.empty()) return easy_handle{curl_easy_init()};
    auto handle = std::move(idle_handles_.back());
    idle_handles_.pop_back();
    curl_easy_reset(handle.get());
    return handle;
  }

  void prepare(transfer& fresh) {
    CURL* const handle = fresh.handle.get();
    const auto& what = fresh.what;
    const auto timeout = what.timeout.count() > 0 ? what.timeout : options_.timeout;
    add_header(fresh, "Expect:");  // No round trip for permission; servers have body limits anyway.
    for (const auto& [name, value] : what.headers)
      add_header(fresh, value.empty() ? name + ";" : name + ": " + value);
    curl_easy_setopt(handle, CURLOPT_URL, what.url.c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, fresh.lines.get());
    if (!what.body.empty() || what.method == "POST" || what.method == "PUT") {
      curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(what.body.size()));
      curl_easy_setopt(handle, CURLOPT_POSTFIELDS, what.body.data());
    }
    if (what.method == "HEAD") curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, what.method.c_str());
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &fresh);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, &fresh);
  }

  static void add_header(transfer& fresh, const std::string& line) {
    fresh.lines.reset(curl_slist_append(fresh.lines.release(), line.c_str()));
  }

  void finish_done() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      const auto at = running_.find(message->easy_handle);
      const CURLcode code = message->data.result;
      if (at == running_.end()) continue;
      if (code != CURLE_OK) {
        finish(at, failure(fault_of(code, *at->second)));
        continue;
      }
      long status = 0;
      curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
      at->second->answer.status = static_cast<int>(status);
      finish(at, std::move(at->second->answer));
    }
  }

  void finish(transfers::iterator at, result<client_response> outcome) {
    const auto ended = std::move(at->second);
    curl_multi_remove_handle(multi_, ended->handle.get());
    running_.erase(at);
    if (idle_handles_.size() < options_.connections_per_host) idle_handles_.push_back(std::move(ended->handle));
    settle(*ended, std::move(outcome));
  }

  void settle(transfer& ended, result<client_response> outcome) {
    {
      const std::lock_guard lock{mutex_};
      --open_;
    }
    ended.done(std::move(outcome));
  }
};

client::client(client_options options) : impl_(std::make_unique<impl>(options)) {}
client::~client() = default;

result<void> client::send(client_request what, client_callback done) {
  return impl_->send(std::move(what), std::move(done));
}

result<client_response> client::fetch(client_request what) {
  ensure(!impl_->is_here(), "fetch is not called from a callback");
  auto promise = std::make_shared<std::promise<result<client_response>>>();
  auto answer = promise->get_future();
  auto sent =
      send(std::move(what), [promise](result<client_response> outcome) { promise->set_value(std::move(outcome)); });
  if (!sent) return failure(std::move(sent.error()));
  return answer.get();
}

}  // namespace musiccorp::http
