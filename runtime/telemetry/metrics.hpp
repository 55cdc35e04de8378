#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/clock.hpp"
#include "telemetry/bucket_counts.hpp"

namespace prometheus {
class Counter;
class Gauge;
}  // namespace prometheus

/// Numbers about the running system, in the Prometheus text format.
///
/// A family is a name with a closed set of label names; `with` finds the series of some label values, takes a lock
/// and is for start-up. What it returns is a handle: a pointer, cheap to copy, thread-safe, lock-free, a few
/// nanoseconds a call, valid as long as the registry. A handle that was made without a registry counts nothing.
///
/// Label values come from our own code and config, never from users: no ids, no error text, nothing personal.
namespace musiccorp::telemetry {

/// A number that only grows.
class counter {
 public:
  counter() = default;
  void increment(std::uint64_t by = 1) const noexcept;
  /// Raises the counter to a total that is counted elsewhere; a smaller total changes nothing. One caller at a time.
  void raise_to(double total) const noexcept;

 private:
  friend class metrics_registry;
  explicit counter(prometheus::Counter& series) : series_(&series) {}
  prometheus::Counter* series_ = nullptr;
};

/// A number that goes up and down. Values that are not finite are ignored: scrapers stumble over them.
class gauge {
 public:
  gauge() = default;
  template <class Number>
  requires std::is_arithmetic_v<Number>
  void set(Number value) const noexcept { set_to(static_cast<double>(value)); }
  template <class Number>
  requires std::is_arithmetic_v<Number>
  void add(Number value) const noexcept { change_by(static_cast<double>(value)); }

 private:
  friend class metrics_registry;
  explicit gauge(prometheus::Gauge& series) : series_(&series) {}
  void set_to(double value) const noexcept;
  void change_by(double value) const noexcept;
  prometheus::Gauge* series_ = nullptr;
};

/// A distribution in fixed buckets.
class histogram {
 public:
  histogram() = default;
  /// A negative value counts as 0; one that is not finite is ignored.
  void observe(double value) const noexcept {
    if (series_) series_->observe(value);
  }

 private:
  friend class metrics_registry;
  explicit histogram(bucket_counts& series) : series_(&series) {}
  bucket_counts* series_ = nullptr;
};

using label = std::pair<std::string_view, std::string_view>;  ///< name, value

/// All series of one name. Cheap to copy, valid as long as its registry.
template <class Handle>
class family {
 public:
  family() = default;
  /// The series with these label values, made at 0 when new. The names must be those of the declaration, in any
  /// order. Values are cleaned to printable UTF-8 of at most 128 bytes. The 1001st series of a family is one that has
  /// "other" for each value, and so are all further ones.
  [[nodiscard]] Handle with(std::initializer_list<label> labels) const {
    return with(std::span<const label>{labels.begin(), labels.size()});
  }
  [[nodiscard]] Handle with(std::span<const label> labels) const { return find_ ? find_(labels) : Handle{}; }

 private:
  friend class metrics_registry;
  explicit family(std::function<Handle(std::span<const label>)> find) : find_(std::move(find)) {}
  std::function<Handle(std::span<const label>)> find_;
};

/// Ends a registration by its own end, and waits for a scrape that is just calling it.
class [[nodiscard]] scrape_hook {
 public:
  scrape_hook() = default;
  explicit scrape_hook(std::function<void()> remove) : remove_(std::move(remove)) {}
  scrape_hook(scrape_hook&& other) noexcept : remove_(std::exchange(other.remove_, nullptr)) {}
  scrape_hook& operator=(scrape_hook&& other) noexcept;
  ~scrape_hook() { end(); }

 private:
  void end() noexcept;
  std::function<void()> remove_;
};

/// All metrics of one node. Thread-safe; `time` must outlive it.
class metrics_registry {
 public:
  static constexpr std::size_t series_max = 1000;

  explicit metrics_registry(const base::clock& time);
  ~metrics_registry();
  metrics_registry(const metrics_registry&) = delete;
  metrics_registry& operator=(const metrics_registry&) = delete;

  /// Declares a family, or finds it when it was declared in the same way before; `ensure`s valid names and one
  /// meaning.
  [[nodiscard]] family<counter> counters(std::string_view name, std::string_view help,
                                         std::initializer_list<std::string_view> labels = {});
  [[nodiscard]] family<gauge> gauges(std::string_view name, std::string_view help,
                                     std::initializer_list<std::string_view> labels = {});
  [[nodiscard]] family<histogram> histograms(std::string_view name, std::string_view help,
                                             std::span<const double> bounds,
                                             std::initializer_list<std::string_view> labels = {});

  /// Called by each scrape before it reads, to set what is cheaper to ask for than to follow (the size of a queue).
  /// Runs on the scraping thread, one at a time. It may not add or remove hooks. One that throws loses only its own
  /// update and counts in `runtime_scrape_errors_total`.
  [[nodiscard]] scrape_hook on_scrape(std::function<void()> update);

  /// Everything in text format 0.0.4 (`text/plain; version=0.0.4`), families and series sorted, without timestamps.
  [[nodiscard]] std::string render();
  [[nodiscard]] instant now() const;

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace musiccorp::telemetry
