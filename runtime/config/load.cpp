#include "config/load.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include "config/check.hpp"
#include "config/file.hpp"
#include "config/lookup.hpp"
#include "describe/findings.hpp"
#include "describe/json.hpp"

namespace musiccorp::config {
namespace {

namespace fs = std::filesystem;
result<node_config> read_strictly(std::string_view text) {
  auto read = describe::from_json<node_config>(text, {.unknown = describe::unknown_fields::refuse});
  if (!read) return failure(sharpened(std::move(read.error()), text, describe::shape_of<node_config>()));
  return read;
}

/// Says of each refused value that it came from a flag, if it did.
fault attributed(fault trouble, std::span<const override_value> overrides) {
  for (auto& one : trouble.problems)
    for (const auto& flag : overrides)
      if (is_same_branch(one.pointer, flag.pointer)) {
        one.found += " given by " + flag.flag;
        break;
      }
  return trouble.problems.empty() ? trouble : describe::refusal(std::move(trouble.problems));
}

void note_flag(const override_value& one, origins& sources) {
  const auto alone = with_overrides("{}", {&one, 1});
  if (!alone) return;
  for (const auto& pointer : given_in(*alone)) sources[pointer] = one.flag;
}

/// The file by itself first: what is wrong with it is told in its own terms, with lines and columns.
result<node_config> read_with(std::string_view text, std::span<const override_value> overrides, origins& sources) {
  auto alone = read_strictly(text);
  if (!alone) return alone;
  for (const auto& pointer : given_in(text)) sources[pointer] = "file";
  std::string document{text};
  for (const auto& one : overrides) {
    auto next = with_overrides(document, {&one, 1});
    if (!next) return failure(attributed(std::move(next.error()), overrides));
    document = std::move(*next);
    note_flag(one, sources);
  }
  auto whole = overrides.empty() ? std::move(alone) : read_strictly(document);
  if (!whole) return failure(attributed(std::move(whole.error()), overrides));
  const auto all = given_in(document);
  const std::set<std::string> given(all.begin(), all.end());  // A flag may have taken back what the file says.
  std::erase_if(sources, [&](const auto& one) { return !given.contains(one.first); });
  return whole;
}

template <class T>
void inherit(T& value, const T& above, const std::string& pointer, origins& sources) {
  if (sources.contains(pointer)) return;
  value = above;
  sources[pointer] = "inherited";
}

void inherit(retry_config& retry, const retry_config& above, const std::string& pointer, origins& sources) {
  inherit(retry.attempts_max, above.attempts_max, pointer + "/attempts_max", sources);
  inherit(retry.delay_first_ms, above.delay_first_ms, pointer + "/delay_first_ms", sources);
  inherit(retry.delay_longest_ms, above.delay_longest_ms, pointer + "/delay_longest_ms", sources);
  inherit(retry.jitter_percent, above.jitter_percent, pointer + "/jitter_percent", sources);
  inherit(retry.deadline_ms, above.deadline_ms, pointer + "/deadline_ms", sources);
  inherit(retry.process_deaths_max, above.process_deaths_max, pointer + "/process_deaths_max", sources);
  inherit(retry.retry_after_longest_ms, above.retry_after_longest_ms, pointer + "/retry_after_longest_ms", sources);
}
void inherit(order_config& order, const order_config& above, const std::string& pointer, origins& sources) {
  inherit(order.policy, above.policy, pointer + "/policy", sources);
  inherit(order.parked_per_key_max, above.parked_per_key_max, pointer + "/parked_per_key_max", sources);
  inherit(order.parked_max, above.parked_max, pointer + "/parked_max", sources);
}

void complete(node_config& config, std::span<const std::string> services, origins& sources) {
  for (const auto& name : services) config.services[name];
  for (auto& [name, one] : config.services) {
    std::string pointer = "/services";
    describe::append_step(pointer, name);
    if (one.retry) inherit(*one.retry, config.retry, pointer + "/retry", sources);
    if (one.order) inherit(*one.order, config.order, pointer + "/order", sources);
    for (auto& [type, retry] : one.retry_by_type) {
      auto at = pointer + "/retry_by_type";
      describe::append_step(at, type);
      inherit(retry, one.retry.value_or(config.retry), at, sources);
    }
  }
}

void resolve(std::string& path, const std::string& pointer, const fs::path& folder, const origins& sources) {
  const auto source = sources.find(pointer);
  const bool is_from_file = source != sources.end() && source->second == "file";
  if (is_from_file && !path.empty()) path = (folder / path).lexically_normal().string();
}

void resolve_paths(node_config& config, const fs::path& folder, const origins& sources) {
  resolve(config.data, "/data", folder, sources);
  resolve(config.log.file, "/log/file", folder, sources);
  resolve(config.http.operator_token_file, "/http/operator_token_file", folder, sources);
  for (auto& [name, path] : config.imports) {
    std::string pointer = "/imports";
    describe::append_step(pointer, name);
    resolve(path, pointer, folder, sources);
  }
}

}  // namespace

result<loaded_config> read_node_config(std::string_view text, const fs::path& folder,
                                       std::span<const std::string> services,
                                       std::span<const override_value> overrides) {
  loaded_config loaded;
  auto read = read_with(text, overrides, loaded.sources);
  if (!read) return failure(std::move(read.error()));
  loaded.effective = std::move(*read);
  complete(loaded.effective, services, loaded.sources);
  if (auto wrong = contradictions(loaded.effective, services); !wrong.empty())
    return failure(attributed(describe::refusal(std::move(wrong)), overrides));
  resolve_paths(loaded.effective, folder, loaded.sources);
  return loaded;
}

result<loaded_config> load_node_config(const fs::path& file, std::span<const std::string> services,
                                       std::span<const override_value> overrides) {
  auto text = read_file(file, "a node file");
  if (!text) return failure(std::move(text.error()));
  return read_node_config(*text, file.parent_path(), services, overrides);
}

}  // namespace musiccorp::config
