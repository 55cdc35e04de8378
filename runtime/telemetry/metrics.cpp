#include "telemetry/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "base/ensure.hpp"
#include "telemetry/buckets.hpp"
#include "telemetry/text.hpp"

namespace musiccorp::telemetry {
namespace {

enum class family_kind : std::uint8_t { counters, gauges, histograms };
constexpr std::size_t label_bytes_max = 128;

/// Also true for label names: a colon is for recording rules only, so we never write one.
bool is_metric_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && letter(name.front()) && !name.starts_with("__") &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

/// Histograms of our own for prometheus-cpp's serializer. The registry locks.
class histogram_family final : public prometheus::Collectable {
 public:
  histogram_family(std::string name, std::string help, std::span<const double> bounds)
      : name_(std::move(name)), help_(std::move(help)), bounds_(bounds.begin(), bounds.end()) {}

  bucket_counts& add(const prometheus::Labels& labels) { return series_.try_emplace(labels, bounds_).first->second; }

  [[nodiscard]] bool has_bounds(std::span<const double> bounds) const { return std::ranges::equal(bounds, bounds_); }

  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override {
    prometheus::MetricFamily family{name_, help_, prometheus::MetricType::Histogram, {}};
    for (const auto& [labels, counts] : series_) family.metric.push_back(sample(labels, counts));
    return {std::move(family)};
  }

 private:
  static prometheus::ClientMetric sample(const prometheus::Labels& labels, const bucket_counts& counts) {
    const auto now = counts.read();
    prometheus::ClientMetric metric;
    for (const auto& [name, value] : labels) metric.label.push_back({name, value});
    // The serializer writes the bucket of infinity itself, from the count.
    for (std::size_t i = 0; i < counts.bounds().size(); ++i)
      metric.histogram.bucket.push_back({now.cumulative[i], counts.bounds()[i]});
    metric.histogram.sample_count = now.cumulative.back();
    metric.histogram.sample_sum = now.sum;
    return metric;
  }

  const std::string name_;
  const std::string help_;
  const std::vector<double> bounds_;
  std::map<prometheus::Labels, bucket_counts> series_;
};

/// Label names of one family, and which values were seen.
struct declaration {
  family_kind kind;
  std::set<std::string, std::less<>> names;
  std::set<prometheus::Labels> seen;
  prometheus::Family<prometheus::Counter>* counters = nullptr;
  prometheus::Family<prometheus::Gauge>* gauges = nullptr;
  std::unique_ptr<histogram_family> histograms;

  [[nodiscard]] prometheus::Labels admit(std::span<const label> labels);
};

prometheus::Labels declaration::admit(std::span<const label> labels) {
  prometheus::Labels values;
  for (const auto& [name, value] : labels) {
    ensure(names.contains(name), "a series has exactly the labels of its family");
    values.emplace(name, clean_text(value, label_bytes_max));
  }
  ensure(values.size() == names.size(), "a series has exactly the labels of its family");
  if (seen.contains(values)) return values;
  if (seen.size() >= metrics_registry::series_max)
    for (auto& [name, value] : values) value = "other";
  seen.insert(values);
  return values;
}

/// Kept alive by whoever registered, so that the registry may end first.
struct hook_list {
  std::mutex mutex;
  std::map<std::uint64_t, std::function<void()>> hooks;
  std::uint64_t next = 0;
};

void sort(std::vector<prometheus::MetricFamily>& families) {
  std::ranges::sort(families, {}, &prometheus::MetricFamily::name);
  for (auto& family : families) std::ranges::sort(family.metric, std::less{}, &prometheus::ClientMetric::label);
}

}  // namespace

struct metrics_registry::parts {
  explicit parts(const base::clock& clock) : time(clock) {}

  declaration& declare(family_kind kind, std::string_view name, std::initializer_list<std::string_view> labels);
  void run_hooks();
  [[nodiscard]] std::vector<prometheus::MetricFamily> collect() const;

  const base::clock& time;
  prometheus::Registry library;
  mutable std::mutex mutex;  // Families and their label values.
  std::map<std::string, declaration, std::less<>> families;
  std::mutex scraping;
  std::shared_ptr<hook_list> hooks = std::make_shared<hook_list>();
  histogram scrape_seconds;
  counter scrape_errors;
};

declaration& metrics_registry::parts::declare(family_kind kind, std::string_view name,
                                              std::initializer_list<std::string_view> labels) {
  ensure(is_metric_name(name) && std::all_of(labels.begin(), labels.end(), is_metric_name),
         "metrics and labels have names of letters, digits and underscores");
  const auto [at, is_new] = families.try_emplace(std::string{name});
  auto& family = at->second;
  const std::set<std::string, std::less<>> names{labels.begin(), labels.end()};
  if (is_new) {
    family.kind = kind;
    family.names = names;
  }
  ensure(family.kind == kind && family.names == names, "a metric has one type and one set of labels");
  return family;
}

void metrics_registry::parts::run_hooks() {
  const std::scoped_lock lock{hooks->mutex};
  for (const auto& [id, update] : hooks->hooks) {
    try {
      update();
    } catch (...) {
      scrape_errors.increment();
    }
  }
}

std::vector<prometheus::MetricFamily> metrics_registry::parts::collect() const {
  auto all = library.Collect();
  const std::scoped_lock lock{mutex};
  for (const auto& [name, family] : families)
    if (family.histograms) std::ranges::move(family.histograms->Collect(), std::back_inserter(all));
  return all;
}

metrics_registry::metrics_registry(const base::clock& time) : parts_(std::make_unique<parts>(time)) {
  parts_->scrape_seconds =
      histograms("runtime_scrape_seconds", "Time to answer a scrape, known to the next one.", seconds_buckets)
          .with({});
  parts_->scrape_errors = counters("runtime_scrape_errors_total", "Scrape hooks that threw.").with({});
}

metrics_registry::~metrics_registry() = default;

family<counter> metrics_registry::counters(std::string_view name, std::string_view help,
                                           std::initializer_list<std::string_view> labels) {
  const std::scoped_lock lock{parts_->mutex};
  auto& family = parts_->declare(family_kind::counters, name, labels);
  if (!family.counters)
    family.counters =
        &prometheus::BuildCounter().Name(std::string{name}).Help(std::string{help}).Register(parts_->library);
  return telemetry::family<counter>{[this, &family](std::span<const label> values) {
    const std::scoped_lock again{parts_->mutex};
    return counter{family.counters->Add(family.admit(values))};
  }};
}

family<gauge> metrics_registry::gauges(std::string_view name, std::string_view help,
                                       std::initializer_list<std::string_view> labels) {
  const std::scoped_lock lock{parts_->mutex};
  auto& family = parts_->declare(family_kind::gauges, name, labels);
  if (!family.gauges)
    family.gauges =
        &prometheus::BuildGauge().Name(std::string{name}).Help(std::string{help}).Register(parts_->library);
  return telemetry::family<gauge>{[this, &family](std::span<const label> values) {
    const std::scoped_lock again{parts_->mutex};
    return gauge{family.gauges->Add(family.admit(values))};
  }};
}

family<histogram> metrics_registry::histograms(std::string_view name, std::string_view help,
                                               std::span<const double> bounds,
                                               std::initializer_list<std::string_view> labels) {
  ensure(std::ranges::is_sorted(bounds, std::ranges::less_equal{}) &&
             std::ranges::all_of(bounds, [](double b) { return std::isfinite(b); }),
         "bounds are finite and ascend");
  const std::scoped_lock lock{parts_->mutex};
  auto& family = parts_->declare(family_kind::histograms, name, labels);
  if (!family.histograms)
    family.histograms = std::make_unique<histogram_family>(std::string{name}, std::string{help}, bounds);
  ensure(family.histograms->has_bounds(bounds), "a histogram has one set of bounds");
  return telemetry::family<histogram>{[this, &family](std::span<const label> values) {
    const std::scoped_lock again{parts_->mutex};
    return histogram{family.histograms->add(family.admit(values))};
  }};
}

scrape_hook metrics_registry::on_scrape(std::function<void()> update) {
  const std::scoped_lock lock{parts_->hooks->mutex};
  const auto id = parts_->hooks->next++;
  parts_->hooks->hooks.emplace(id, std::move(update));
  return scrape_hook{[list = parts_->hooks, id] {
    const std::scoped_lock again{list->mutex};
    list->hooks.erase(id);
  }};
}

std::string metrics_registry::render() {
  const std::scoped_lock lock{parts_->scraping};
  const auto start = now();
  parts_->run_hooks();
  auto families = parts_->collect();
  sort(families);
  auto text = prometheus::TextSerializer{}.Serialize(families);
  parts_->scrape_seconds.observe(std::chrono::duration<double>{now() - start}.count());
  return text;
}

instant metrics_registry::now() const { return parts_->time.now(); }

void counter::increment(std::uint64_t by) const noexcept {
  if (series_) series_->Increment(static_cast<double>(by));
}

void counter::raise_to(double total) const noexcept {
  // prometheus-cpp ignores a negative step.
  if (series_ && std::isfinite(total)) series_->Increment(total - series_->Value());
}

void gauge::set_to(double value) const noexcept {
  if (series_ && std::isfinite(value)) series_->Set(value);
}

void gauge::change_by(double value) const noexcept {
  if (series_ && std::isfinite(value)) series_->Increment(value);
}

scrape_hook& scrape_hook::operator=(scrape_hook&& other) noexcept {
  if (this == &other) return *this;
  end();
  remove_ = std::exchange(other.remove_, nullptr);
  return *this;
}

void scrape_hook::end() noexcept {
  if (const auto remove = std::exchange(remove_, nullptr)) remove();
}

}  // namespace musiccorp::telemetry
