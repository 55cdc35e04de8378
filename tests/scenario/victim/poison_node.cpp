// A node whose listeners do to their process whatever the message that they hear says. Used by poison_test.
//
//   poison_node DATA [MEMORY_BYTES [DEATHS_MAX [DEADLINE_MS]]]
//
// Prints `ready URL` and runs until SIGTERM. MEMORY_BYTES limits its address space (0: it has no limit), DEATHS_MAX
// is the limit of process deaths of one message (0: the usual one), DEADLINE_MS how long a rule may take before the
// process ends.
#include <signal.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "hospital/hospital_service.hpp"
#include "node/node.hpp"
#include "telemetry/log.hpp"
#include "unit/service/ward.hpp"

namespace musiccorp {
namespace {

using namespace ward;
using namespace std::chrono_literals;

std::filesystem::path data;

/// Not inlined, so that a backtrace can name them.
[[gnu::noinline]] void poison_aborts() { std::abort(); }
[[gnu::noinline]] int poison_reads_null(volatile int* nowhere) { return *nowhere; }
[[gnu::noinline]] std::size_t poison_recurses(std::size_t depth) {
  volatile char page[4096];
  page[depth % sizeof page] = 1;
  return depth == 0 ? 0 : poison_recurses(depth + 1) + static_cast<std::size_t>(page[0]);
}
[[gnu::noinline]] std::uint64_t poison_hangs(const volatile bool& ends) {
  std::uint64_t rounds = 0;
  while (!ends) ++rounds;
  return rounds;
}
/// Out of memory where nobody may throw.
[[gnu::noinline]] void poison_eats_memory() noexcept {
  std::vector<std::unique_ptr<std::string>> eaten;
  for (;;) eaten.push_back(std::make_unique<std::string>(1 << 20, 'x'));
}

/// Stays in flight until the test has made the file `go`.
void linger(const std::string& name) {
  std::ofstream{data / ("in-flight-" + name)} << name;
  while (!std::filesystem::exists(data / "go")) std::this_thread::yield();
}

void suffer(const std::string& name, const std::string& text) {
  if (text == "everybody waits") return linger(name);
  if (!text.ends_with("@" + name)) return;
  const auto what = text.substr(0, text.find('@'));
  if (what == "abort") poison_aborts();
  if (what == "null") (void)poison_reads_null(nullptr);
  if (what == "recursion") (void)poison_recurses(1);
  if (what == "memory") poison_eats_memory();
  const volatile bool never = false;
  if (what == "hang") (void)poison_hangs(never);
  if (what == "kill") (void)::kill(::getpid(), SIGKILL);
}

service_definition listener(const std::string& name) {
  return service_definition{name}
      .on([name](turn& now, const said& event) -> outcome {
        suffer(name, event.text);
        auto all = now.find<heard>(event.key).value_or(heard{event.key, {}});
        all.texts.push_back(event.text);
        now.save(all);
        return done{};
      })
      .on([](turn& now, const show_heard& query) -> outcome {
        return now.find<heard>(query.key).value_or(heard{query.key, {}});
      })
      .get<show_heard, heard>("/" + name + "/{key}", "What it heard of one key");
}

std::vector<service_definition> shop() {
  service_definition speaker{"speaker"};
  speaker
      .on([](turn& now, const say& command) -> outcome {
        now.publish(said{command.key, command.text});
        return said{command.key, command.text};
      })
      .says<said>()
      .post<say, said>("/says", "Says something to everybody");
  std::vector<service_definition> all{std::move(speaker), listener("anna"), listener("bert"), listener("carl")};
  message::catalogue types;
  for (const auto& one : all) types.add_all(one.types());
  all.push_back(hospital::hospital_service(std::move(types)));
  return all;
}

int run(int count, char** arguments) {
  if (count < 2) return 64;
  data = arguments[1];
  if (count > 2 && std::stoull(arguments[2]) > 0) {
    const rlimit limit{std::stoull(arguments[2]), std::stoull(arguments[2])};
    if (setrlimit(RLIMIT_AS, &limit) != 0) return 71;
  }
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  telemetry::log_config logs;
  logs.level = telemetry::log_level::info;
  logs.format = telemetry::log_format::json;
  if (!telemetry::start_logs(std::move(logs))) return 71;
  node::node_options options;
  options.name = "ward";
  options.version = "7";
  options.data = data;
  options.http.host = "127.0.0.1";
  options.http.port = 0;
  options.defaults.limits.retry.delay_first = 1ms;
  options.defaults.limits.retry.delay_longest = 10ms;
  if (count > 3 && std::stoi(arguments[3]) > 0)
    options.defaults.limits.retry.process_deaths_max = std::stoi(arguments[3]);
  if (count > 4) options.supervision.handler_deadline = std::chrono::milliseconds{std::stoi(arguments[4])};
  options.supervision.wedged_ends_process = count > 4;
  auto started = node::node::start(std::move(options), shop());
  if (!started) {
    std::fprintf(stderr, "%s\n", started.error().text.c_str());
    return 74;
  }
  std::printf("ready %s\n", (*started)->url().c_str());
  std::fflush(stdout);
  int got = 0;
  sigwait(&stop, &got);
  return (*started)->stop(5s) ? 0 : 75;
}

}  // namespace
}  // namespace musiccorp

int main(int count, char** arguments) { return musiccorp::run(count, arguments); }
