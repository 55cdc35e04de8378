// ./musiccorp bench: numbers beside what the disk of the same run can do. Run it on a quiet machine.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <string>
#include <thread>

#include "bench/measurement.hpp"
#include "describe/json.hpp"
#include "support/process.hpp"

namespace {

using namespace musiccorp;
using namespace musiccorp::bench;

struct part {
  const char* name;
  const char* about;
  void (*measure)(const settings&, measurements&);
};
constexpr std::array parts{part{"disk", "how fast this disk confirms", measure_disk},
                           part{"store", "the bare store by group size", measure_store},
                           part{"cycle", "durable cycles through cells", measure_cycle},
                           part{"poison", "the same beside messages that fail and die", measure_poison},
                           part{"backlog", "opening a partition with a large backlog", measure_backlog},
                           part{"waiting", "a large waiting room", measure_waiting},
                           part{"orders", "the real program end to end", measure_orders},
                           part{"cluster", "the real program on several nodes", measure_cluster},
                           part{"suspicions", "links of three nodes while every core is burnt", measure_suspicions},
                           part{"streams", "a durable stream within a node and between two", measure_streams},
                           part{"start", "starting with a large backlog", measure_start},
                           part{"telemetry", "what it costs to count", measure_telemetry},
                           part{"traces", "what it costs to say what caused what", measure_traces},
                           part{"tell", "a bounded mailbox beside bare CAF", measure_tell},
                           part{"supervision", "restarts and thousands of children", measure_supervision},
                           part{"mechanisms", "what a message costs where", measure_mechanisms}};

struct bench_report {
  std::int64_t cores = 0;
  double load = 0;  ///< the machine's load average before the run: above 1 somebody else was there
  measurements results;

  static constexpr auto describe() {
    return describe_as("bench_report", 1, field("cores", &bench_report::cores), field("load", &bench_report::load),
                       field("results", &bench_report::results));
  }
};

std::string number(double value) {
  char text[64];
  std::snprintf(text, sizeof text, value >= 1000 ? "%.0f" : value >= 10 ? "%.1f" : "%.3f", value);
  return text;
}

bool reached(const measurement& one) {
  return one.unit == "1/s" || one.unit == "ratio" ? one.median >= *one.mark : one.median <= *one.mark;
}

void print(const measurement& one) {
  std::printf("%-58s %12s %-9s %12s .. %-12s", one.name.c_str(), number(one.median).c_str(), one.unit.c_str(),
              number(one.min).c_str(), number(one.max).c_str());
  if (one.mark) std::printf(" mark %s: %s", number(*one.mark).c_str(), reached(one) ? "reached" : "missed");
  std::printf("\n");
  if (!one.note.empty()) std::printf("    %s\n", one.note.c_str());
  std::fflush(stdout);
}

/// Ratios of what was measured side by side.
void add_ratios(measurements& results) {
  const auto median_of = [&](const std::string& name) {
    for (const auto& one : results)
      if (one.name == name) return one.median;
    return 0.0;
  };
  const auto bare = median_of("bare store: cycles in groups of 512");
  const auto cells = median_of("durable cycle through cells");
  if (bare > 0 && cells > 0)
    results.push_back(summarize("durable cycle / bare store", "ratio", {cells / bare}, 0.6,
                                "the cycle also writes the publisher's log"));
}

double load_average() {
  double now = 0;
  return getloadavg(&now, 1) == 1 ? now : 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app{"Measures MusicCorp: medians of several runs with the smallest and the largest."};
  app.name("musiccorp bench");
  bool json = false;
  bool quick = false;
  bool smoke = false;
  std::vector<std::string> only;
  settings how;
  auto loaded_for = how.loaded_for.count();
  app.add_flag("--json", json, "Print the result as JSON");
  app.add_flag("--quick", quick, "A tenth of the work and fewer runs");
  app.add_flag("--smoke", smoke, "Only show that everything runs");
  app.add_option("--runs", how.runs, "How often each is measured")->check(CLI::Range(1, 100))->capture_default_str();
  std::filesystem::path root = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  app.add_option("--scratch", root,
                 "A folder on the disk to measure (default: beside the program; /tmp may be memory)")
      ->check(CLI::ExistingDirectory);
  app.add_option("--loaded-for", loaded_for, "How many seconds `suspicions` burns every core, 1 to 3600")
      ->check(CLI::Range(1, 3'600).description({}))
      ->type_name("SECONDS")
      ->capture_default_str();
  app.add_option("--only", only,
                 "Only these parts: disk, store, cycle, poison, backlog, waiting, orders, cluster, suspicions, "
                 "streams, start, "
                 "telemetry, traces, tell, supervision, mechanisms")
      ->delimiter(',');
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 64;
  }
  how.loaded_for = std::chrono::seconds{loaded_for};
  if (quick) how = {std::min<std::size_t>(how.runs, 3), 0.1, {}, how.loaded_for};
  if (smoke) how = {1, 0.005, {}, std::chrono::seconds{1}};

  const musiccorp::testing::temporary_folder scratch{root};
  how.scratch = scratch.path();
  bench_report report{static_cast<std::int64_t>(std::thread::hardware_concurrency()), load_average(), {}};
  if (!json)
    std::printf("%lld cores, load average %.2f before the run, scratch data in %s\n\n%-58s %12s %-9s %12s .. %s\n",
                static_cast<long long>(report.cores), report.load, scratch.path().parent_path().c_str(), "", "median",
                "", "min", "max");
  for (const auto& part : parts) {
    if (!only.empty() && std::ranges::find(only, part.name) == only.end()) continue;
    if (json) std::fprintf(stderr, "%s: %s\n", part.name, part.about);
    const auto before = report.results.size();
    try {
      part.measure(how, report.results);
    } catch (const std::exception& trouble) {
      std::fprintf(stderr, "musiccorp bench: %s could not be measured: %s\n", part.name, trouble.what());
      return 1;
    }
    for (auto i = before; i < report.results.size() && !json; ++i) print(report.results[i]);
  }
  const auto before = report.results.size();
  add_ratios(report.results);
  for (auto i = before; i < report.results.size() && !json; ++i) print(report.results[i]);
  if (json) std::cout << describe::to_json(report) << "\n";
  return 0;
}
