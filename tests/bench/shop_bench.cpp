#include <signal.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/ensure.hpp"
#include "bench/measurement.hpp"
#include "bench/order_load.hpp"
#include "bench/waiting_rows.hpp"
#include "demo/report.hpp"
#include "demo/shop_client.hpp"
#include "messages/customer_messages.hpp"
#include "storage/sqlite_store.hpp"
#include "support/process.hpp"

namespace musiccorp::bench {
namespace {

using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

demo::report run_orders(const std::filesystem::path& data, std::size_t count, std::vector<std::string> flags = {}) {
  std::filesystem::create_directories(data);
  testing::shop_process shop_process{data, std::move(flags)};
  shop_process.start();
  auto connection = order_connection();
  return drive_orders({connection, shop_process.url()}, count);
}

/// order's log with so many messages that nobody has taken yet.
void write_backlog(const std::filesystem::path& data, std::size_t count) {
  auto store = storage::sqlite_stores(data, storage::durability::process)->open("order");
  ensure(store.has_value(), "a store can be opened");
  messages::order_placed event;
  event.name = "Customer";
  event.email = "customer@example.org";
  event.lines = {{"MC-0001", 1, "An artist", "A title", {1999}}};
  event.total = {1999};
  event.card = "4000-0000-0000-0077";
  constexpr std::size_t group = 5'000;
  for (std::size_t done = 0; done < count;) {
    ensure((*store)->begin().has_value(), "a transaction begins");
    for (std::size_t i = 0; i < group && done < count; ++i, ++done) {
      event.order_id = "backlog-" + std::to_string(done);
      envelope message;
      message.id = event.order_id;
      message.type = describe::name_of<messages::order_placed>();
      message.key = event.order_id;
      message.source = "order";
      message.occurred = base::system_clock{}.now();
      message.payload = describe::to_json(event);
      ensure((*store)->append(message).has_value(), "a message is appended");
    }
    ensure((*store)->commit().has_value(), "a transaction ends");
  }
}

/// It is ready with all that waits, not before it.
void expect_parked(const std::string& url, std::size_t least) {
  http::client connection;
  const auto metrics = demo::shop_client{connection, url}.metrics();
  ensure(metrics.has_value(), "the node tells its numbers");
  ensure(metrics->sum("runtime_queue_messages", {{"queue", "order:payment"}, {"state", "parked"}}) >=
             static_cast<double>(least),
         "what waited before waits now");
}

/// From SIGKILL for a node under `up` until `up` says that it is open again, in milliseconds.
double restart_of_a_process(const std::filesystem::path& data) {
  auto up = demo::child_process::start({MUSICCORP_PROGRAM,
                                        {"up", "--config", std::string{MUSICCORP_SOURCE_DIR} + "/config/node.json",
                                         "--data", data.string(), "--http", "127.0.0.1:0"},
                                        data.parent_path() / "up.log"});
  ensure(up.has_value() && up->wait_for_line("ready ", 60s).has_value(), "the shop opens");
  const auto pid = std::to_string(up->pid());
  pid_t node = 0;
  std::ifstream{"/proc/" + pid + "/task/" + pid + "/children"} >> node;
  ensure(node > 0, "it has a child");
  const auto start = clock::now();
  ::kill(node, SIGKILL);
  ensure(up->wait_for_line("The shop is open again", 60s).has_value(), "it opens again");
  const auto took = seconds_since(start) * 1000;
  up->send(SIGTERM);
  ensure(up->wait(60s).has_value(), "it ends");
  return took;
}

}  // namespace

void measure_orders(const settings& how, measurements& into) {
  std::vector<double> rate;
  std::vector<double> http;
  std::vector<double> whole;
  std::vector<double> group;
  std::vector<double> commits;
  for (std::size_t run = 0; run < how.runs; ++run) {
    const auto data = how.scratch / ("orders-" + std::to_string(run));
    const auto report = run_orders(data, scaled(how, 6'000));
    ensure(report.accepted == report.orders, "ordinary orders are accepted");
    rate.push_back(report.orders_per_second);
    http.push_back(report.http.p99_ms);
    whole.push_back(report.to_final.p99_ms);
    group.push_back(report.messages_per_commit);
    commits.push_back(static_cast<double>(report.commits) / static_cast<double>(report.accepted));
    // Its data stays until all runs are done: ext4 makes new files slowly for seconds after many were removed.
  }
  into.push_back(summarize("orders end to end, all services", "1/s", std::move(rate), 2'000,
                           std::to_string(open_orders) + " open requests over loopback, client on the same cores"));
  into.push_back(summarize("orders: POST answered, p99", "ms", std::move(http)));
  into.push_back(summarize("orders: accepted to shipped, p99", "ms", std::move(whole)));
  into.push_back(summarize("orders: messages per fsync", "messages", std::move(group)));
  into.push_back(summarize("orders: commits per order", "commits", std::move(commits)));
}

/// Orders with as many requests traced as by default, with each, and with none; which comes first changes.
void measure_traces(const settings& how, measurements& into) {
  const std::array<std::string, 3> traced{"/traces/begun_one_in=0", "", "/traces/begun_one_in=1"};
  std::vector<double> rates[3], usual, all;
  for (std::size_t run = 0; run < how.runs; ++run) {
    std::array<double, 3> rate{};
    for (std::size_t i = 0; i < traced.size(); ++i) {
      const auto which = (run + i) % traced.size();
      const auto data = how.scratch / ("traces-" + std::to_string(run) + "-" + std::to_string(which));
      std::vector<std::string> flags;
      if (!traced[which].empty()) flags = {"--set", traced[which]};
      rate[which] = run_orders(data, scaled(how, 6'000), std::move(flags)).orders_per_second;
      rates[which].push_back(rate[which]);
    }
    usual.push_back(rate[1] / rate[0]);
    all.push_back(rate[2] / rate[0]);
  }
  into.push_back(summarize("orders, no request begins a trace", "1/s", std::move(rates[0])));
  into.push_back(summarize("orders, as many as by default do", "1/s", std::move(rates[1])));
  into.push_back(summarize("orders, each request does", "1/s", std::move(rates[2])));
  into.push_back(summarize("by default / none", "ratio", std::move(usual), 0.98));
  into.push_back(summarize("each / none", "ratio", std::move(all)));
}

void measure_start(const settings& how, measurements& into) {
  const auto queued = scaled(how, 1'000'000);
  const auto waiting = scaled(how, 100'000);
  const auto data = how.scratch / "start";
  std::filesystem::create_directories(data);
  write_backlog(data, queued + waiting);
  write_waiting_rows(data, "payment", waiting, "order");
  into.push_back(repeat(
      how, "start with " + std::to_string(queued) + " queued, " + std::to_string(waiting) + " waiting", "ms",
      [&] {
        testing::shop_process shop{data};
        const auto start = clock::now();
        shop.start(120s);
        const auto took = seconds_since(start) * 1000;
        expect_parked(shop.url(), waiting / 3);
        shop.kill();
        return took;
      },
      1'000, "one node, the whole shop, until it says ready; ended by SIGKILL each time"));
  std::filesystem::remove_all(data);
  into.push_back(repeat(
      how, "start with an empty data folder", "ms",
      [&] {
        const testing::temporary_folder fresh{how.scratch};
        testing::shop_process shop{fresh.path()};
        const auto start = clock::now();
        shop.start();
        return seconds_since(start) * 1000;
      },
      2'000, "catalogue and stock are imported"));
  into.push_back(repeat(
      how, "process: SIGKILL to open again", "ms",
      [&] {
        const testing::temporary_folder fresh{how.scratch};
        return restart_of_a_process(fresh.path() / "data");
      },
      500, "supervised by `up`"));
}

}  // namespace musiccorp::bench
