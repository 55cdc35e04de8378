#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "describe/describe.hpp"

namespace musiccorp::bench {

/// One number of several runs.
struct measurement {
  std::string name;
  std::string unit;  ///< "1/s", "ms", "us", "ns"
  double median = 0;
  double min = 0;
  double max = 0;
  std::int64_t runs = 0;
  std::optional<double> mark;  ///< to be reached: at least for "1/s" and ratios, at most for times
  std::string note;

  static constexpr auto describe() {
    return describe_as("measurement", 1, field("name", &measurement::name), field("unit", &measurement::unit),
                       field("median", &measurement::median), field("min", &measurement::min),
                       field("max", &measurement::max), field("runs", &measurement::runs),
                       field("mark", &measurement::mark), field("note", &measurement::note));
  }
};

struct settings {
  std::size_t runs = 5;
  double size = 1;                      ///< of the work, as a share of the full one
  std::filesystem::path scratch;        ///< on the disk that is measured
  std::chrono::seconds loaded_for{20};  ///< how long links are watched while every core is burnt
};
/// `full` work made smaller as wished, at least 1.
[[nodiscard]] inline std::size_t scaled(const settings& how, std::size_t full) {
  return static_cast<std::size_t>(static_cast<double>(full) * how.size) + 1;
}

using measurements = std::vector<measurement>;

[[nodiscard]] measurement summarize(std::string name, std::string unit, std::vector<double> runs,
                                    std::optional<double> mark = {}, std::string note = {});
/// Runs `once` as often as wished and summarizes what it returns.
[[nodiscard]] measurement repeat(const settings& how, std::string name, std::string unit,
                                 const std::function<double()>& once, std::optional<double> mark = {},
                                 std::string note = {});
/// The value below which this share of the values lies; sorts them.
[[nodiscard]] double percentile(std::vector<double>& values, double share);

[[nodiscard]] inline double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The whole-program benches; each adds its lines.
void measure_disk(const settings& how, measurements& into);         ///< fsync of this disk
void measure_store(const settings& how, measurements& into);        ///< the bare store, by group size
void measure_cycle(const settings& how, measurements& into);        ///< publish, deliver, handle, ack through cells
void measure_poison(const settings& how, measurements& into);       ///< the same beside messages that fail and die
void measure_backlog(const settings& how, measurements& into);      ///< a partition with a large backlog
void measure_waiting(const settings& how, measurements& into);      ///< a large waiting room
void measure_orders(const settings& how, measurements& into);       ///< the real program end to end
void measure_cluster(const settings& how, measurements& into);      ///< the real program on several nodes
void measure_suspicions(const settings& how, measurements& into);   ///< links while every core is burnt
void measure_streams(const settings& how, measurements& into);      ///< one durable stream, within a node and between
void measure_start(const settings& how, measurements& into);        ///< a node with a large backlog
void measure_telemetry(const settings& how, measurements& into);    ///< the whole shop with and without metrics
void measure_traces(const settings& how, measurements& into);       ///< the whole shop with and without traces
void measure_tell(const settings& how, measurements& into);         ///< a managed actor beside bare CAF
void measure_supervision(const settings& how, measurements& into);  ///< restarts, thousands of children
void measure_mechanisms(const settings& how, measurements& into);   ///< Google Benchmark

}  // namespace musiccorp::bench
