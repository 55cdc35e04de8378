#include "node/shutdown.hpp"

#include <thread>

#include "telemetry/log.hpp"

namespace musiccorp::node {
namespace {

using namespace std::chrono_literals;

const telemetry::logger log{"node"};

}  // namespace

bool shutdown::patience::is_over() const {
  return whole_.hurried_.load() || std::chrono::steady_clock::now() >= until_;
}

/// What it waits for has no common way to wake it (sockets, actors, threads), and it happens once in a process's
/// life.
bool shutdown::patience::wait_for(const std::function<bool()>& done) const {
  for (;;) {
    if (done()) return true;
    if (is_over()) return false;
    std::this_thread::sleep_for(2ms);
  }
}

std::vector<shutdown::phase_report> shutdown::run(const std::vector<phase>& phases) {
  std::vector<phase_report> reports;
  const auto stop_began = std::chrono::steady_clock::now();
  for (const auto& one : phases) {
    const auto began = std::chrono::steady_clock::now();
    const bool whole = one.act(patience{*this, stop_began + one.over_by});
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
    reports.push_back({std::string{one.name}, took, whole});
    log.write(whole ? telemetry::log_level::info : telemetry::log_level::warning, "shutdown-phase",
              {{"phase", one.name}, {"ms", took.count()}, {"whole", whole}});
  }
  return reports;
}

}  // namespace musiccorp::node
