#include "telemetry/span_store.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

namespace musiccorp::telemetry {
namespace {

constexpr std::size_t names_max = 4'096, name_bytes_max = 128;
static_assert(sizeof(span) == 64, "a span fits into a cache line");

}  // namespace

std::uint32_t span_length(base::instant began, base::instant ended) {
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>((ended - began).count(), 0, std::numeric_limits<std::uint32_t>::max()));
}

span_store::span_store(limits wanted) : limits_{wanted}, texts_{"", "other"} {
  const auto each = std::max<std::size_t>(limits_.recent_bytes / sizeof(span) / parts_.size(), 1);
  for (auto& one : parts_) one.recent.resize(each);
}

span_name span_store::name(std::string_view text) {
  text = text.substr(0, name_bytes_max);
  {
    const std::shared_lock hold{names_mutex_};
    if (const auto known = names_.find(text); known != names_.end()) return known->second;
  }
  const std::lock_guard hold{names_mutex_};
  if (const auto known = names_.find(text); known != names_.end()) return known->second;
  if (texts_.size() >= names_max) return 1;
  const auto number = static_cast<span_name>(texts_.size());
  texts_.emplace_back(text);
  names_.emplace(text, number);
  return number;
}

std::string span_store::text(span_name name) const {
  const std::shared_lock hold{names_mutex_};
  return name < texts_.size() ? texts_[name] : std::string{};
}

void span_store::record(const span& one) {
  auto& here = part_of(one.trace);
  const std::lock_guard hold{here.mutex};
  ++here.counted.recorded;
  if (here.to_export_max > 0 && one.sampled) {
    if (here.to_export.size() < here.to_export_max)
      here.to_export.push_back(one);
    else
      ++here.counted.not_exported;
  }
  here.recent[here.next] = one;
  here.next = (here.next + 1) % here.recent.size();
  if (one.state == span_state::failed) {
    ++here.counted.failed;
    if (!here.kept.contains(one.trace)) return begin_keeping(here, one.trace);  // It is recent, and so copied.
  }
  if (!here.kept.empty()) keep(here, one);
}

void span_store::begin_keeping(part& here, const trace_id& trace) const {
  here.kept[trace].number = ++here.numbers;
  for (std::size_t i = 0; i < here.recent.size(); ++i) {  // Oldest first.
    const auto& one = here.recent[(here.next + i) % here.recent.size()];
    if (one.trace == trace) keep(here, one);
  }
}

void span_store::keep(part& here, const span& one) const {
  const auto found = here.kept.find(one.trace);
  if (found == here.kept.end()) return;
  const auto spans_max = limits_.kept_bytes / sizeof(span) / parts_.size();
  if (found->second.spans.size() >= std::min(limits_.spans_per_trace, spans_max)) {
    ++here.counted.not_kept;
    return;
  }
  found->second.spans.push_back(one);
  ++here.kept_spans;
  while (here.kept_spans > spans_max) {
    const auto oldest = std::ranges::min_element(
        here.kept, {}, [&](const auto& entry) { return entry.first == one.trace ? ~0ULL : entry.second.number; });
    here.kept_spans -= oldest->second.spans.size();
    here.kept.erase(oldest);
    ++here.counted.traces_forgotten;
  }
}

std::vector<span> span_store::of(const trace_id& trace) const {
  std::vector<span> found;
  const auto& here = parts_[trace.low % parts_.size()];
  {
    const std::lock_guard hold{here.mutex};
    if (const auto kept = here.kept.find(trace); kept != here.kept.end()) found = kept->second.spans;
    for (std::size_t i = 0; i < here.recent.size(); ++i) {
      const auto& one = here.recent[(here.next + i) % here.recent.size()];
      if (one.id != 0 && one.trace == trace) found.push_back(one);
    }
  }
  const auto same = [](const span& left, const span& right) {
    return left.id == right.id && left.kind == right.kind && left.began == right.began;
  };
  std::ranges::stable_sort(found, {}, [](const span& one) { return std::tuple{one.began, one.id, one.kind}; });
  found.erase(std::unique(found.begin(), found.end(), same), found.end());
  return found;
}

void span_store::export_up_to(std::size_t spans_max) {
  for (auto& one : parts_) {
    const std::lock_guard hold{one.mutex};
    one.to_export_max = spans_max == 0 ? 0 : std::max<std::size_t>(spans_max / parts_.size(), 1);
  }
}

std::vector<span> span_store::take_for_export(std::size_t spans_max) {
  std::vector<span> taken;
  for (auto& one : parts_) {
    const std::lock_guard hold{one.mutex};
    while (!one.to_export.empty() && taken.size() < spans_max) {
      taken.push_back(one.to_export.front());
      one.to_export.pop_front();
    }
  }
  return taken;
}

void span_store::settle_export(std::size_t spans, bool accepted) { (accepted ? exported_ : refused_) += spans; }

span_store::counts span_store::counted() const {
  counts all;
  all.exported = exported_;
  all.refused = refused_;
  for (const auto& one : parts_) {
    const std::lock_guard hold{one.mutex};
    all.recorded += one.counted.recorded;
    all.failed += one.counted.failed;
    all.not_kept += one.counted.not_kept;
    all.traces_forgotten += one.counted.traces_forgotten;
    all.not_exported += one.counted.not_exported;
  }
  return all;
}

std::string_view name_of(span_kind kind) {
  constexpr std::array<std::string_view, 5> names{"request", "hop", "attempt", "turn", "commit"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view name_of(span_state state) {
  constexpr std::array<std::string_view, 4> names{"ok", "rejected", "deferred", "failed"};
  return names[static_cast<std::size_t>(state)];
}

}  // namespace musiccorp::telemetry
