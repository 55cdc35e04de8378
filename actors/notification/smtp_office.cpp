#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string_view>

#include "base/ensure.hpp"
#include "notification/post_office.hpp"

namespace musiccorp::notification {
namespace {

struct close_easy {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct close_multi {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
struct free_list {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

std::size_t read_text(char* buffer, std::size_t size, std::size_t count, void* context) {
  auto& rest = *static_cast<std::string_view*>(context);
  const auto taken = std::min(size * count, rest.size());
  std::memcpy(buffer, rest.data(), taken);
  rest.remove_prefix(taken);
  return taken;
}

result<void> verdict(CURLcode code, long status, const std::string& server) {
  if (code == CURLE_OK) return {};
  const auto text =
      server + ": " + curl_easy_strerror(code) + (status > 0 ? ", answer " + std::to_string(status) : "");
  if (status >= 500 && status < 600) return failure(fault_kind::invalid, text);
  if (code == CURLE_OPERATION_TIMEDOUT) return failure(fault_kind::timeout, text);
  return failure(fault_kind::unavailable, text);
}

/// One pair of handles for all mails: libcurl keeps the connection open between them.
class smtp final : public post_office {
 public:
  explicit smtp(smtp_settings settings) : settings_{std::move(settings)} {
    curl_global_init(CURL_GLOBAL_DEFAULT);  // Counts its callers; the first call is to be made before threads.
    all_.reset(curl_multi_init());
    handle_.reset(curl_easy_init());
    ensure(all_ != nullptr && handle_ != nullptr, "libcurl gives handles");
    set_up();
  }

  result<void> deliver(const mail& what) override {
    auto rest = std::string_view{what.text};
    const std::unique_ptr<curl_slist, free_list> to{curl_slist_append(nullptr, ("<" + what.to + ">").c_str())};
    const auto from = "<" + what.from + ">";
    set(CURLOPT_MAIL_FROM, from.c_str());
    set(CURLOPT_MAIL_RCPT, to.get());
    set(CURLOPT_READDATA, &rest);
    const auto code = perform();
    if (closed_) return failure(fault_kind::unavailable, settings_.url + ": the post office is closing");
    long status = 0;
    curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
    return verdict(code, status, settings_.url);
  }

  void close() override {
    closed_ = true;
    curl_multi_wakeup(all_.get());
  }

 private:
  /// Its time limits are the handle's own; `close` may end it before.
  CURLcode perform() {
    CURLcode code = CURLE_FAILED_INIT;
    if (curl_multi_add_handle(all_.get(), handle_.get()) != CURLM_OK) return code;
    for (int running = 1; !closed_;) {
      if (curl_multi_perform(all_.get(), &running) != CURLM_OK) break;
      if (running == 0) {
        int left = 0;
        if (const CURLMsg* said = curl_multi_info_read(all_.get(), &left)) code = said->data.result;
        break;
      }
      curl_multi_poll(all_.get(), nullptr, 0, 1'000, nullptr);
    }
    curl_multi_remove_handle(all_.get(), handle_.get());  // It says goodbye, and waits for the answer: see below.
    return code;
  }

  /// libcurl asks at least once a second, also while it waits where nobody can wake it.
  static int is_over(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return int{static_cast<smtp*>(context)->closed_.load()};
  }

  template <class Value>
  void set(CURLoption option, Value value) {
    curl_easy_setopt(handle_.get(), option, value);
  }

  void set_up() {
    set(CURLOPT_URL, settings_.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    set(CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_TRY));
    if (!settings_.user.empty()) {
      set(CURLOPT_USERNAME, settings_.user.c_str());
      set(CURLOPT_PASSWORD, settings_.password.c_str());
    }
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings_.connect_timeout_ms));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(settings_.total_timeout_ms));
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_READFUNCTION, &read_text);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &is_over);
    set(CURLOPT_XFERINFODATA, this);
  }

  smtp_settings settings_;
  std::unique_ptr<CURLM, close_multi> all_;  ///< outlives the handle; keeps the connection open between mails
  std::unique_ptr<CURL, close_easy> handle_;
  std::atomic<bool> closed_{false};
};

}  // namespace

std::unique_ptr<post_office> smtp_office(smtp_settings settings) {
  return std::make_unique<smtp>(std::move(settings));
}

}  // namespace musiccorp::notification
