#include "demo/demo.hpp"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>

#include "demo/child_process.hpp"
#include "demo/load.hpp"
#include "demo/progress.hpp"
#include "demo/promises.hpp"
#include "demo/report.hpp"
#include "messages/customer_messages.hpp"
#include "messages/pricing_messages.hpp"

namespace musiccorp::demo {

using namespace messages;

namespace {

namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t customers_count = 64;
constexpr seconds start_longest{30};
constexpr seconds rest_longest{120};
constexpr seconds heal_longest{30};
constexpr std::int64_t mended_percent = -50;
constexpr seconds stop_longest{10};

/// SIGINT and SIGTERM as something that can be asked for.
class stop_signals {
 public:
  stop_signals() {
    sigemptyset(&both_);
    sigaddset(&both_, SIGINT);
    sigaddset(&both_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &both_, &before_);
  }
  ~stop_signals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  stop_signals(const stop_signals&) = delete;
  stop_signals& operator=(const stop_signals&) = delete;

  /// True from the first signal on.
  bool came(milliseconds wait = milliseconds{0}) {
    const timespec longest{wait.count() / 1000, (wait.count() % 1000) * 1'000'000};
    came_ = came_ || sigtimedwait(&both_, nullptr, &longest) > 0;
    return came_;
  }

 private:
  sigset_t both_{};
  sigset_t before_{};
  bool came_ = false;
};

/// A new folder for one run, removed with this object unless it is kept.
class fresh_folder {
 public:
  static result<fresh_folder> make(const fs::path& root) {
    std::error_code trouble;
    fs::create_directories(root, trouble);
    auto name = (root / "demo-XXXXXX").string();
    if (trouble || mkdtemp(name.data()) == nullptr)
      return failure(fault_kind::storage, "cannot make a folder in " + root.string());
    return fresh_folder{name};
  }
  fresh_folder(fresh_folder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  fresh_folder& operator=(fresh_folder&&) = delete;
  ~fresh_folder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  [[nodiscard]] const fs::path& path() const { return path_; }
  fs::path keep() { return std::exchange(path_, {}); }

 private:
  explicit fresh_folder(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

std::string last_lines(const fs::path& file, std::size_t bytes) {
  std::ifstream stream{file, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{stream}, {}};
  return text.size() > bytes ? "..." + text.substr(text.size() - bytes) : text;
}

http::client_options connections_for(const demo_options& options, const load_options& load) {
  return {.connections_per_host = std::max<std::size_t>(8, options.clients * load.window),
          .requests_max = 100'000,
          .response_limit = 64U << 20U,
          .timeout = seconds{30}};
}

/// One run from the empty folder to the report.
class demo_run {
 public:
  explicit demo_run(const demo_options& options)
      : options_(options),
        load_options_{.clients = options.clients},
        connection_(connections_for(options, load_options_)) {}

  result<report> run() {
    return open()
        .and_then([this] { return prepare(); })
        .and_then([this] { return drive(); })
        .and_then([this] { return settle(); })
        .and_then([this] { return mend(); })
        .and_then([this] { return settle(); })
        .and_then([this] { return check(); })
        .map([this] { return std::move(report_); });
  }

  void keep_open() {
    const auto& url = shop_->url();
    auto* out = options_.json ? stderr : stdout;
    std::fprintf(out,
                 "\nThe shop is open; Ctrl-C closes it.\n\n"
                 "  orders          %s/orders\n"
                 "  catalogue       %s/catalog\n"
                 "  stock           %s/inventory\n"
                 "  payments        %s/payments\n"
                 "  metrics         %s/metrics\n"
                 "  what it offers  %s/openapi.json\n"
                 "  health          %s/healthz  %s/readyz\n\n"
                 "  its data        %s (yours to remove)\n",
                 url.c_str(), url.c_str(), url.c_str(), url.c_str(), url.c_str(), url.c_str(), url.c_str(),
                 url.c_str(), folder_->path().c_str());
    std::fflush(out);
    while (!signals_.came(milliseconds{500}) && node_->is_running()) {
    }
    folder_->keep();
  }

  /// Everything about the node's end that somebody should know.
  void close() {
    if (!node_) return;
    node_->send(SIGTERM);
    if (!node_->wait(stop_longest)) std::fputs("the shop did not stop within 10 s and was killed\n", stderr);
  }

  [[nodiscard]] std::string log_end() const { return folder_ ? last_lines(log_file(), 2'000) : std::string{}; }

 private:
  [[nodiscard]] fs::path log_file() const { return folder_->path() / "node.log"; }

  result<void> interrupted_or(result<void> fine) {
    if (signals_.came()) return failure(fault_kind::unavailable, "interrupted");
    return fine;
  }

  void say(const std::string& text) const { std::fprintf(stderr, "%s\n", text.c_str()); }

  result<void> open() {
    auto folder = fresh_folder::make(options_.data);
    if (!folder) return failure(std::move(folder.error()));
    folder_.emplace(std::move(*folder));
    started_ = clock::now();
    auto node = child_process::start(
        {options_.program,
         {"node", "--config", options_.config.string(), "--data", folder_->path().string(), "--http", "127.0.0.1:0"},
         log_file()});
    if (!node) return failure(std::move(node.error()));
    node_.emplace(std::move(*node));
    auto line = node_->wait_for_line("ready ", start_longest);
    if (!line) {
      line.error().text = "the shop did not open: " + line.error().text;
      return failure(std::move(line.error()));
    }
    shop_.emplace(connection_, line->substr(6));
    say("The shop is open at " + shop_->url() + ".");
    return interrupted_or({});
  }

  result<void> prepare() {
    std::vector<std::string> customers;
    for (std::size_t i = 0; i < customers_count; ++i) {
      auto made = shop_->post<customer_summary>("/customers", customer_body(i), 201);
      if (!made) return failure(std::move(made.error()));
      customers.push_back(made->customer_id);
    }
    auto stock = shop_->list("/inventory", &stock_page::items);
    if (!stock) return failure(std::move(stock.error()));
    plan_ = make_plan(options_.seed, options_.orders, customers, *stock, "demo");
    auto metrics = shop_->metrics();
    if (!metrics) return failure(std::move(metrics.error()));
    before_ = std::move(*metrics);
    return interrupted_or({});
  }

  result<std::string> start_price_job(const std::string& sku, std::int64_t percent) {
    return shop_->post<price_job_summary>("/pricing/jobs", describe::to_json(create_price_job{sku, percent}), 202)
        .map([](const price_job_summary& job) { return job.job_id; });
  }

  result<void> drive() {
    auto poison = start_price_job(plan_.poison_sku, -100);
    if (!poison) return failure(std::move(poison.error()));
    auto healthy = start_price_job(plan_.healthy_sku, 10);
    if (!healthy) return failure(std::move(healthy.error()));
    auto behind = start_price_job(plan_.poison_sku, 20);
    if (!behind) return failure(std::move(behind.error()));
    poison_job_ = *poison;
    behind_job_ = *behind;
    healthy_job_ = *healthy;

    progress bar{"orders", plan_.orders.size(), false};
    const auto before = clock::now();
    load_ = run_load(*shop_, plan_, load_options_, [&](std::size_t answered) {
      bar.reached(answered);
      return !signals_.came() && node_->is_running();
    });
    bar.reached(plan_.orders.size());
    report_.seed = options_.seed;
    report_.first_answer_ms =
        std::chrono::duration<double, std::milli>(before - started_ + load_.first_answer).count();
    add_load(report_, load_);
    if (!node_->is_running()) return failure(fault_kind::unavailable, "the shop has died");
    return interrupted_or({});
  }

  result<void> settle() {
    say("Waiting until every order is final and every message is settled.");
    return wait_for_rest(*shop_, rest_longest, [this](std::int64_t) { return !signals_.came(); });
  }

  /// The short form of the tale: what killed its worker is found, mended and healed, in its place.
  result<void> mend() {
    say("Mending the dead price job in the hospital.");
    auto visit = mend_price_job(*shop_, mended_percent, heal_longest);
    if (!visit) return failure(std::move(visit.error()));
    report_.hospital = std::move(*visit);
    return {};
  }

  result<void> check() {
    return shop_->metrics()
        .map([this](const metrics_text& after) { add_metrics(report_, before_, after); })
        .and_then([this] { return note_price_jobs(); })
        .and_then([this] {
          progress bar{"checking", accepted_of(load_).size() * 3, false};
          return read_books(*shop_, accepted_of(load_), [&](std::size_t done) { bar.reached(done); });
        })
        .map([this](const books& all) {
          add_books(report_, all);
          report_.promises = judge(all);
          report_.promises.push_back(same_answers());
          report_.promises.push_back(poison_contained());
          report_.promises.push_back(poison_healed());
        });
  }

  result<void> note_price_jobs() {
    auto poison = shop_->read<price_job_summary>("/pricing/jobs/" + poison_job_);
    if (!poison) return failure(std::move(poison.error()));
    auto healthy = shop_->read<price_job_summary>("/pricing/jobs/" + healthy_job_);
    if (!healthy) return failure(std::move(healthy.error()));
    auto behind = shop_->read<price_job_summary>("/pricing/jobs/" + behind_job_);
    if (!behind) return failure(std::move(behind.error()));
    report_.prices = {poison->sku,
                      std::string{describe::name_of(poison->status)},
                      change_of(*poison),
                      std::string{describe::name_of(behind->status)},
                      change_of(*behind),
                      healthy->sku,
                      std::string{describe::name_of(healthy->status)},
                      change_of(*healthy)};
    return {};
  }

  [[nodiscard]] static std::string change_of(const price_job_summary& job) {
    return amount_text(job.price_before.amount_minor) + " -> " +
           (job.price_after ? amount_text(job.price_after->amount_minor) : "unchanged");
  }

  /// Repeats under one Idempotency-Key.
  [[nodiscard]] finding same_answers() const {
    for (const auto& one : report_.sent)
      if (one.repeats > 0)
        return {"a repeat under the same key gets the same answer", one.repeats == one.repeats_same,
                grouped(one.repeats_same) + " of " + grouped(one.repeats) + " repeats"};
    return {"a repeat under the same key gets the same answer", true, "no repeats in this run"};
  }

  [[nodiscard]] finding poison_contained() const {
    std::int64_t dead = 0;
    for (const auto& one : report_.dead) dead += one.messages;
    return {"poison stops nobody else", dead == 1 && report_.prices.healthy_status == "finished",
            grouped(dead) + " dead letter after " + grouped(report_.retries) + " retries; the other job is " +
                report_.prices.healthy_status};
  }

  [[nodiscard]] finding poison_healed() const {
    const auto& visit = report_.hospital;
    return {"a dead letter is healed in its place",
            visit.state == "healed" && visit.parked == 1 && report_.prices.poison_status == "finished" &&
                report_.prices.behind_status == "finished",
            visit.case_id + " is " + visit.state + "; the job behind it is " + report_.prices.behind_status};
  }

  const demo_options& options_;
  const load_options load_options_;
  stop_signals signals_;
  http::client connection_;
  std::optional<fresh_folder> folder_;
  std::optional<child_process> node_;
  std::optional<shop_client> shop_;
  clock::time_point started_{};
  metrics_text before_;
  order_plan plan_;
  std::string poison_job_;
  std::string behind_job_;
  std::string healthy_job_;
  load_result load_;
  report report_;
};

bool wants_colour() { return isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr; }

}  // namespace

int run_demo(const demo_options& options) {
  demo_run run{options};
  const auto told = run.run();
  if (!told) {
    std::fprintf(stderr, "musiccorp demo: %s\n", told.error().text.c_str());
    run.close();
    if (const auto log = run.log_end(); !log.empty()) std::fprintf(stderr, "The end of its log:\n%s\n", log.c_str());
    return 2;
  }
  const auto text = options.json ? describe::to_json(*told) + "\n" : to_text(*told, wants_colour());
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
  if (options.keep) run.keep_open();
  run.close();
  return all_hold(told->promises) ? 0 : 1;
}

}  // namespace musiccorp::demo
