#include "node/trace_page.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace musiccorp::node {

std::vector<span_view> spans_of(const telemetry::span_store& store, const telemetry::trace_id& trace,
                                const std::string& node) {
  std::vector<span_view> views;
  for (const auto& one : store.of(trace)) {
    span_view view;
    view.span_id = telemetry::span_text(one.id);
    if (one.parent != 0) view.parent_id = telemetry::span_text(one.parent);
    view.node = node;
    view.kind = name_of(one.kind);
    view.service = store.text(one.service);
    view.type = store.text(one.type);
    view.source = store.text(one.source);
    view.seq = one.message_seq;
    view.began = one.began;
    view.took_us = one.took_us;
    view.state = name_of(one.state);
    view.why = store.text(one.why);
    view.attempt = one.attempt;
    views.push_back(std::move(view));
  }
  return views;
}

std::vector<span_view> as_tree(std::vector<span_view> spans) {
  std::ranges::stable_sort(spans, {}, &span_view::began);
  std::map<std::string, std::vector<std::size_t>, std::less<>> effects;  // By their cause.
  std::set<std::string, std::less<>> known;
  std::vector<bool> is_new(spans.size());
  for (std::size_t i = 0; i < spans.size(); ++i) is_new[i] = known.insert(spans[i].span_id).second;
  std::vector<std::size_t> open;  // Still to be written down, the next one last.
  for (std::size_t i = spans.size(); i-- > 0;) {
    if (!is_new[i]) continue;
    spans[i].depth = 0;
    spans[i].is_orphan = !spans[i].parent_id.empty() && !known.contains(spans[i].parent_id);
    if (spans[i].parent_id.empty() || spans[i].is_orphan)
      open.push_back(i);
    else
      effects[spans[i].parent_id].push_back(i);
  }
  std::vector<span_view> tree;
  while (!open.empty()) {
    const auto at = open.back();
    open.pop_back();
    tree.push_back(std::move(spans[at]));
    const auto below = effects.extract(tree.back().span_id);
    if (below.empty()) continue;
    for (const auto next : below.mapped()) {
      spans[next].depth = tree.back().depth + 1;
      open.push_back(next);
    }
  }
  return tree;
}

}  // namespace musiccorp::node
