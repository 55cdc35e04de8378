#include "config/load.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <vector>

#include "config/check.hpp"
#include "config/lookup.hpp"
#include "describe/findings.hpp"
#include "describe/json.hpp"
#include "describe/suggest.hpp"

namespace musiccorp::config {
namespace {

namespace fs = std::filesystem;
constexpr std::uintmax_t file_bytes_max = 1U << 20U;

result<node_config> read_strictly(std::string_view text) {
  auto read = describe::from_json<node_config>(text, {.unknown = describe::unknown_fields::refuse});
  if (!read) return failure(sharpened(std::move(read.error()), text));
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
  for (auto& [name, path] : config.imports) {
    std::string pointer = "/imports";
    describe::append_step(pointer, name);
    resolve(path, pointer, folder, sources);
  }
}

/// A file beside the missing one whose name is close to it.
std::string neighbour_of(const fs::path& file) {
  std::vector<std::string> names;
  std::error_code trouble;
  const auto folder = file.has_parent_path() ? file.parent_path() : fs::path{"."};
  for (fs::directory_iterator at{folder, trouble}, end; !trouble && at != end; at.increment(trouble))
    if (at->path().filename() != file.filename()) names.push_back(at->path().filename().string());
  std::ranges::sort(names);
  const std::vector<std::string_view> views{names.begin(), names.end()};
  const auto meant = describe::closest(file.filename().string(), views);
  return meant.empty() ? std::string{} : (file.parent_path() / meant).string();
}

fault unreadable(fault_kind kind, std::string found, const std::string& meant = {}) {
  std::string wanted = "a node file";
  if (!meant.empty()) wanted += "; did you mean " + meant + "?";
  auto trouble = describe::refusal({{{}, std::move(found), std::move(wanted)}});
  trouble.kind = kind;
  return trouble;
}

result<std::string> text_of(const fs::path& file) {
  std::error_code ignored;
  const auto status = fs::status(file, ignored);
  if (!fs::status_known(status)) return failure(unreadable(fault_kind::storage, "a path that leads nowhere"));
  if (!fs::exists(status)) return failure(unreadable(fault_kind::not_found, "no such file", neighbour_of(file)));
  if (fs::is_directory(status)) return failure(unreadable(fault_kind::storage, "a folder"));
  std::ifstream in{file, std::ios::binary};
  if (!in) return failure(unreadable(fault_kind::storage, "a file that cannot be opened"));
  std::string text(file_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return failure(unreadable(fault_kind::storage, "a file that cannot be read"));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > file_bytes_max) return failure(unreadable(fault_kind::too_large, "more than 1 MiB"));
  return text;
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
  auto text = text_of(file);
  if (!text) return failure(std::move(text.error()));
  return read_node_config(*text, file.parent_path(), services, overrides);
}

}  // namespace musiccorp::config
