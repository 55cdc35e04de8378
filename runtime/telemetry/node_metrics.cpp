#include "telemetry/node_metrics.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace musiccorp::telemetry {
namespace {

double resident_bytes() {
  std::ifstream file{"/proc/self/statm"};
  double total_pages = 0, resident_pages = 0;
  file >> total_pages >> resident_pages;
  return resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::int64_t open_fds() {
  std::error_code trouble;
  const std::filesystem::directory_iterator all{"/proc/self/fd", trouble};
  return trouble ? 0 : std::distance(begin(all), end(all)) - 1;  // Reading the folder takes one itself.
}

double fds_max() {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<double>(limit.rlim_cur) : 0;
}

/// Seconds since 1970 when the machine came up.
double boot_seconds() {
  std::ifstream file{"/proc/stat"};
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("btime ")) return std::stod(line.substr(6));
  return 0;
}

/// Field 22 of proc(5)'s stat counts from boot, in clock ticks. Field 2 is a file name that may hold spaces and
/// brackets.
double start_seconds() {
  std::ifstream file{"/proc/self/stat"};
  std::string all;
  std::getline(file, all);
  std::istringstream rest{all.substr(all.rfind(')') + 1)};
  std::string skipped;
  for (int field = 3; field < 22; ++field) rest >> skipped;
  double ticks = 0;
  rest >> ticks;
  return boot_seconds() + ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace

node_metrics::node_metrics(metrics_registry& registry, const node_facts& facts) {
  registry.gauges("runtime_node_info", "What runs here; always 1.", {"version", "commit", "caf_version"})
      .with({{"version", facts.version}, {"commit", facts.commit}, {"caf_version", facts.caf_version}})
      .set(1);
  registry.gauges("process_start_time_seconds", "Start of the process since 1970.").with({}).set(start_seconds());
  const auto resident = registry.gauges("process_resident_memory_bytes", "Memory that is in RAM.").with({});
  const auto fds = registry.gauges("process_open_fds", "Open file descriptors.").with({});
  registry.gauges("process_max_fds", "Descriptors that may be open.").with({}).set(fds_max());
  const auto cpu = registry.counters("process_cpu_seconds_total", "CPU time, user and system.").with({});
  hook_ = registry.on_scrape([resident, fds, cpu] {
    resident.set(resident_bytes());
    fds.set(open_fds());
    cpu.raise_to(cpu_seconds());
  });
}

}  // namespace musiccorp::telemetry
