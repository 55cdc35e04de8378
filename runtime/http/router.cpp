#include "http/router.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "http/target.hpp"

namespace musiccorp::http {
namespace {

using route_table = std::map<std::string, std::size_t, std::less<>>;

/// The segments behind the first slash: `/a/b/` is {"a", "b", ""}, `/` is {""}.
std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  for (;;) {
    path.remove_prefix(1);
    const auto end = path.find('/');
    segments.push_back(path.substr(0, end));
    if (end == std::string_view::npos) return segments;
    path.remove_prefix(end);
  }
}

enum class segment_kind { fixed, parameter, rest, bad };

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char letter) {
    return letter == '_' || (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
  });
}

/// `name` becomes what stands between the braces.
segment_kind kind_of(std::string_view segment, std::string_view& name) {
  if (segment.find_first_of("{}*%") == std::string_view::npos)
    return segment.empty() ? segment_kind::bad : segment_kind::fixed;
  const bool rest = segment.ends_with("*}");
  if (!segment.starts_with('{') || !segment.ends_with('}')) return segment_kind::bad;
  name = segment.substr(1, segment.size() - (rest ? 3 : 2));
  if (!is_name(name)) return segment_kind::bad;
  return rest ? segment_kind::rest : segment_kind::parameter;
}

tl::unexpected<fault> malformed(std::string_view pattern, std::string_view why) {
  return failure(fault_kind::invalid, "route " + std::string{pattern} + ": " + std::string{why});
}

}  // namespace

struct router::node {
  std::map<std::string, node, std::less<>> fixed;
  std::unique_ptr<node> any;  ///< behind a parameter
  route_table exact;
  route_table slashed;  ///< patterns that end in a slash
  route_table rest;
};

/// One walk through the tree. Each node is visited at most once, so a path can't make it slow.
struct router::search {
  std::string_view method;
  std::vector<std::string> segments;
  std::vector<std::string> taken{};
  std::set<std::string, std::less<>> allowed{};
  std::optional<std::size_t> found{};

  bool take(const route_table& table) {
    for (const auto& [name, route] : table) allowed.insert(name);
    auto at = table.find(method);
    if (at == table.end() && method == "HEAD") at = table.find("GET");
    if (at != table.end()) found = at->second;
    return found.has_value();
  }

  bool take_rest(const node& here, std::size_t depth) {
    if (here.rest.empty() || depth == segments.size()) return false;
    std::string all;
    for (std::size_t k = depth; k < segments.size(); ++k) {
      if (segments[k].find('/') != std::string::npos) return false;  // An encoded slash would pass for a real one.
      all.append(k == depth ? "" : "/").append(segments[k]);
    }
    taken.push_back(std::move(all));
    return take(here.rest) || (taken.pop_back(), false);
  }

  bool take_end(const node& here, std::size_t depth) {
    if (depth == segments.size()) return take(here.exact) || take(here.slashed);
    return take(here.slashed) || take_rest(here, depth) || take(here.exact);
  }

  bool take_parameter(const node& here, std::size_t depth) {
    if (!here.any) return false;
    taken.push_back(segments[depth]);
    return visit(*here.any, depth + 1) || (taken.pop_back(), false);
  }

  bool visit(const node& here, std::size_t depth) {
    const bool at_last_slash = depth + 1 == segments.size() && segments[depth].empty();
    if (depth == segments.size() || at_last_slash) return take_end(here, depth);
    if (!segments[depth].empty()) {
      const auto next = here.fixed.find(segments[depth]);
      if (next != here.fixed.end() && visit(next->second, depth + 1)) return true;
      if (take_parameter(here, depth)) return true;
    }
    return take_rest(here, depth);
  }

  /// False when a segment is not fit to be looked at.
  bool decode(std::string_view path) {
    for (const auto segment : segments_of(path)) {
      auto plain = percent_decode(segment);
      if (!plain || *plain == "." || *plain == "..") return false;
      segments.push_back(std::move(*plain));
    }
    return true;
  }

  std::string allow() {
    if (allowed.contains("GET")) allowed.insert("HEAD");
    allowed.insert("OPTIONS");
    std::string text;
    for (const auto& name : allowed) text.append(text.empty() ? "" : ", ").append(name);
    return text;
  }
};

router::router() : root_(std::make_unique<node>()) {}
router::~router() = default;
router::router(router&&) noexcept = default;
router& router::operator=(router&&) noexcept = default;

result<std::size_t> router::add(std::string_view method, std::string_view pattern) {
  if (method.empty()) return malformed(pattern, "a method is missing");
  if (!pattern.starts_with('/')) return malformed(pattern, "must start with /");
  auto segments = segments_of(pattern);
  const bool slashed = segments.back().empty();
  if (slashed) segments.pop_back();

  std::vector<std::string> names;
  node* here = root_.get();
  route_table* table = nullptr;
  for (const auto segment : segments) {
    if (table != nullptr) return malformed(pattern, "nothing can follow {" + names.back() + "*}");
    std::string_view name;
    switch (kind_of(segment, name)) {
      case segment_kind::bad:
        return malformed(pattern, "bad segment \"" + std::string{segment} + "\"");
      case segment_kind::fixed:
        here = &here->fixed[std::string{segment}];
        continue;
      case segment_kind::rest:
        table = &here->rest;
        break;
      case segment_kind::parameter:
        if (!here->any) here->any = std::make_unique<node>();
        here = here->any.get();
    }
    names.emplace_back(name);
  }
  if (table != nullptr && slashed) return malformed(pattern, "nothing can follow {" + names.back() + "*}");
  if (table == nullptr) table = slashed ? &here->slashed : &here->exact;
  if (!table->try_emplace(std::string{method}, names_.size()).second)
    return failure(fault_kind::conflict, "two routes for " + std::string{method} + " " + std::string{pattern});
  methods_[std::string{method}] = true;
  names_.push_back(std::move(names));
  return names_.size() - 1;
}

route_match router::match(std::string_view method, std::string_view path) const {
  using enum route_match::outcome;
  search walk{method, {}};
  if (path == "*" && method == "OPTIONS") {
    for (const auto& [name, known] : methods_) walk.allowed.insert(name);
    return {options, 0, {}, walk.allow()};
  }
  if (!path.starts_with('/')) return {no_path};
  if (!walk.decode(path)) return {bad_path};
  if (walk.visit(*root_, 0)) {
    route_match match{found, *walk.found};
    const auto& names = names_[*walk.found];
    for (std::size_t k = 0; k < names.size(); ++k) match.parameters.push_back({names[k], std::move(walk.taken[k])});
    return match;
  }
  if (walk.allowed.empty()) return {no_path};
  return {method == "OPTIONS" ? options : no_method, 0, {}, walk.allow()};
}

}  // namespace musiccorp::http
