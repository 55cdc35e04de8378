// Google Benchmark for what one message costs in each mechanism.
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/ensure.hpp"
#include "base/random.hpp"
#include "bench/measurement.hpp"
#include "delivery/in_flight_slots.hpp"
#include "delivery/isolation.hpp"
#include "delivery/outbox.hpp"
#include "delivery/waiting_room.hpp"
#include "describe/json.hpp"
#include "http/exchange.hpp"
#include "http/server.hpp"
#include "messages/order_messages.hpp"
#include "request/gather.hpp"
#include "storage/memory_store.hpp"

namespace musiccorp::bench {
namespace {

messages::order_placed some_order() {
  messages::order_placed one;
  one.order_id = "01J8ZQ4T5S0000000000000000";
  one.customer_id = "01J8ZQ4T5S0000000000000001";
  one.name = "Billie";
  one.email = "billie@example.org";
  one.address = {"1 Swing Lane", "Harlem", "10027", "US"};
  one.lines = {{"MC-0001", 1, "Chet Baker", "Chet Baker Sings", {1749}},
               {"MC-0002", 2, "Erroll Garner", "Concert by the Sea", {2299}}};
  one.total = {6347};
  one.card = "4000-0000-0000-0077";
  return one;
}

envelope some_message(std::uint64_t seq) {
  envelope one;
  one.id = "01J8ZQ4T5S0000000000000000";
  one.type = "order.placed";
  one.key = "order-" + std::to_string(seq);
  one.source = "order";
  one.seq = seq;
  one.payload = std::string(300, 'x');
  return one;
}

void write_json(benchmark::State& state) {
  const auto order = some_order();
  for (auto _ : state) benchmark::DoNotOptimize(describe::to_json(order));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(write_json)->Name("json: write order.placed");

void read_json(benchmark::State& state) {
  const auto text = describe::to_json(some_order());
  for (auto _ : state) benchmark::DoNotOptimize(describe::from_json<messages::order_placed>(text));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(read_json)->Name("json: read order.placed");

void memory_store_cycle(benchmark::State& state) {
  const auto store = storage::make_memory_store();
  const auto group = state.range(0);
  std::uint64_t done = 0;
  for (auto _ : state) {
    bool fine = store->begin().has_value();
    for (std::int64_t i = 0; i < group; ++i, ++done) {
      auto message = some_message(0);
      fine = fine && store->save("thing", std::to_string(done % 1'000), message.payload) && store->append(message);
    }
    if (done % 50'000 < static_cast<std::uint64_t>(group))
      fine = fine && store->trim_log(store->last_seq(), instant::max()).has_value();
    ensure(fine && store->commit().has_value(), "the store works");
  }
  state.SetItemsProcessed(state.iterations() * group);
}
BENCHMARK(memory_store_cycle)->Name("memory store: save and append, group of")->Arg(1)->Arg(128);

void waiting_room_visit(benchmark::State& state) {
  delivery::waiting_room room;
  const auto others = static_cast<std::uint64_t>(state.range(0));
  const instant later{std::chrono::hours{1}};
  const auto row = [](std::uint64_t seq, instant due) {
    return storage::waiting_mark{"order", seq, storage::waiting_state::retry, some_message(seq).key, due, {}, {}, {}};
  };
  for (std::uint64_t seq = 1; seq <= others; ++seq) room.put(row(seq, later));
  std::uint64_t seq = others;
  for (auto _ : state) {
    room.put(row(++seq, instant{}));
    const auto due = room.due(instant{}, 1);
    room.remove("order", due.at(0).seq);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(waiting_room_visit)->Name("waiting room: put, due, remove beside others:")->Arg(0)->Arg(100'000);

void outbox_trip(benchmark::State& state) {
  delivery::outbox box{"order", {}};
  box.reset(0);
  const auto subscribers = state.range(0);
  const auto name = [](std::int64_t i) { return "subscriber-" + std::to_string(i); };
  for (std::int64_t i = 0; i < subscribers; ++i)
    (void)box.subscribed({name(i), {"order.placed"}, 0, 4096, 16U << 20U}, 0);
  const auto no_log = [](std::uint64_t, const storage::log_limits&) -> result<std::vector<envelope>> {
    return std::vector<envelope>{};
  };
  constexpr std::uint64_t group = 128;
  std::uint64_t seq = 0;
  for (auto _ : state) {
    for (std::uint64_t i = 0; i < group; ++i) box.committed(some_message(++seq));
    benchmark::DoNotOptimize(box.take_ready(no_log));
    for (std::int64_t i = 0; i < subscribers; ++i) box.acknowledged({name(i), seq});
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(group));
}
BENCHMARK(outbox_trip)->Name("outbox: commit, send, ack; subscribers:")->Arg(1)->Arg(6);

/// A slots file of this program's own.
class slots_here {
 public:
  slots_here() { ensure(slots_ && (*slots_)->accepted({}), "slots need room in the folder for temporary files"); }
  ~slots_here() { std::filesystem::remove(file_); }
  slots_here(const slots_here&) = delete;
  slots_here& operator=(const slots_here&) = delete;
  [[nodiscard]] delivery::slot& of(std::string_view cell) const { return **(*slots_)->of(cell); }

 private:
  std::filesystem::path file_ =
      std::filesystem::temp_directory_path() / ("musiccorp-bench-slots-" + std::to_string(::getpid()));
  result<std::unique_ptr<delivery::in_flight_slots>> slots_ = delivery::in_flight_slots::open(file_);
};

/// With the hashes that a turn makes for it.
const std::string slot_name = "slot: begin and end of a message";

void slot_per_message(benchmark::State& state) {
  const slots_here slots;
  auto& order = slots.of("order");
  const auto message = some_message(1);
  std::uint64_t seq = 0;
  for (auto _ : state) {
    const delivery::handling rule{order,
                                  {base::stable_hash(message.source), ++seq, message.id,
                                   static_cast<std::uint32_t>(base::stable_hash(message.type)), message.occurred}};
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(slot_per_message)->Name(slot_name);

void gate_per_batch(benchmark::State& state) {
  delivery::isolation gate;
  std::vector<delivery::isolation::seat> cells;
  for (std::int64_t i = 0; i < state.range(0); ++i) cells.push_back(gate.join(std::to_string(i), [] {}));
  for (auto _ : state) {
    benchmark::DoNotOptimize(cells.front().try_enter());
    cells.front().leave();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(gate_per_batch)->Name("isolation: enter and leave with a batch; cells:")->Arg(12);

/// A socket of this program's own that sends requests back to back.
class pipe_client {
 public:
  explicit pipe_client(std::uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ensure(connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "the server is there");
  }
  ~pipe_client() { close(socket_); }
  pipe_client(const pipe_client&) = delete;
  pipe_client& operator=(const pipe_client&) = delete;

  /// Returns when as many bytes came back as `answers` answers have; the first call finds out how many that is.
  void exchange(const std::string& requests, std::size_t answers) {
    ensure(send(socket_, requests.data(), requests.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(requests.size()),
           "the requests leave");
    std::string got;
    while (count(got) < answers) {
      std::array<char, 65'536> bytes{};
      const auto size = recv(socket_, bytes.data(), bytes.size(), 0);
      ensure(size > 0, "the server answers");
      got.append(bytes.data(), static_cast<std::size_t>(size));
    }
  }

 private:
  static std::size_t count(const std::string& text) {
    std::size_t found = 0;
    for (auto at = text.find("HTTP/1.1 200"); at != std::string::npos; at = text.find("HTTP/1.1 200", at + 1))
      ++found;
    return found;
  }
  int socket_;
};

void http_inline(benchmark::State& state) {
  http::server server{{}, [](const http::request&, std::shared_ptr<http::exchange> back) {
                        http::reply answer;
                        answer.body = std::string{"{\"status\":\"alive\"}"};
                        back->respond(std::move(answer));
                      }};
  const auto port = server.start();
  ensure(port.has_value(), "the server starts");
  pipe_client client{*port};
  const auto depth = static_cast<std::size_t>(state.range(0));
  std::string requests;
  for (std::size_t i = 0; i < depth; ++i) requests += "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
  for (auto _ : state) client.exchange(requests, depth);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(depth));
}
BENCHMARK(http_inline)->Name("http: answer on the I/O thread, requests in a row:")->Arg(1)->Arg(16)->UseRealTime();

/// One question among three through the breakers before it: permit, question, answer, end.
void ask_through(benchmark::State& state, bool guarded) {
  const instant now{std::chrono::days{20'000}};
  request::breaker one{{}, 1, now}, other{{}, 2, now}, third{{}, 3, now};
  std::array<request::breaker*, 3> asked{&one, &other, &third};
  std::array<request::breaker::permit, 3> permits;
  request::gather_room room;
  for (auto _ : state) {
    if (guarded)
      for (std::size_t i = 0; i < asked.size(); ++i) permits[i] = asked[i]->ask(now, now);
    const auto opened = room.open(permits, now);
    for (const auto question : opened.questions)
      benchmark::DoNotOptimize(room.replied(question, request::answer{}, now));
  }
  state.SetItemsProcessed(state.iterations() * 3);
}
BENCHMARK_CAPTURE(ask_through, bare, false)->Name("ask: question and answer");
BENCHMARK_CAPTURE(ask_through, guarded, true)->Name("ask: question and answer through a closed breaker");

void closed_breaker(benchmark::State& state) {
  instant now{std::chrono::days{20'000}};
  request::breaker one{{}, 1, now};
  for (auto _ : state) {
    now += duration{1};
    one.ask(now, now).end({}, now);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(closed_breaker)->Name("breaker: permit and success");

/// What every message pays, whatever becomes of it: shown as its time, beside what it may be.
const std::map<std::string, double> ns_max{{slot_name, 15}};

/// Keeps each run's items per second by the name of its benchmark.
class collector final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const auto& run : runs) {
      if (run.run_type != Run::RT_Iteration || run.error_occurred) continue;
      const auto name = run.run_name.function_name + (run.run_name.args.empty() ? "" : " " + run.run_name.args);
      if (!rates_.contains(name)) order_.push_back(name);
      rates_[name].push_back(run.counters.at("items_per_second"));
    }
  }
  void add_to(measurements& into) {
    for (const auto& name : order_) {
      auto numbers = rates_.at(name);
      const auto mark = ns_max.find(name);
      if (mark != ns_max.end())
        for (auto& one : numbers) one = 1e9 / one;
      into.push_back(mark == ns_max.end() ? summarize(name, "1/s", std::move(numbers))
                                          : summarize(name, "ns", std::move(numbers), mark->second));
    }
  }

 private:
  std::vector<std::string> order_;
  std::map<std::string, std::vector<double>> rates_;
};

}  // namespace

void measure_mechanisms(const settings& how, measurements& into) {
  std::string program = "musiccorp_bench";
  std::string seconds = "--benchmark_min_time=" + std::to_string(how.size * 0.2 + 0.001);
  std::string runs = "--benchmark_repetitions=" + std::to_string(how.runs);
  std::array<char*, 4> arguments{program.data(), seconds.data(), runs.data(), nullptr};
  int count = 3;
  benchmark::Initialize(&count, arguments.data());
  collector results;
  benchmark::RunSpecifiedBenchmarks(&results);
  results.add_to(into);
}

}  // namespace musiccorp::bench
