#include "config/load.hpp"

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <vector>

#include "describe/json.hpp"
#include "describe/suggest.hpp"

namespace musiccorp::config {
namespace {

using json = nlohmann::json;

/// Every member of the document that is not an object itself.
void collect(const json& value, const std::string& pointer, std::set<std::string>& pointers) {
  if (!value.is_object()) {
    pointers.insert(pointer);
    return;
  }
  for (const auto& [name, member] : value.items())
    collect(member, (json::json_pointer{pointer} / name).to_string(), pointers);
}

result<void> apply(json& document, const override_value& one) {
  auto value = json::parse(one.value, nullptr, false);
  if (value.is_discarded()) value = one.value;
  try {
    document[json::json_pointer{one.pointer}] = std::move(value);
    return {};
  } catch (const json::exception& error) {
    base::fault trouble{fault_kind::invalid, "an override cannot be applied", {}, {}};
    trouble.problems.push_back(
        {one.pointer, one.value, std::string{"a JSON pointer into the configuration: "} + error.what()});
    return failure(std::move(trouble));
  }
}

void check_retry(const retry_config& retry, const std::string& pointer, std::vector<problem>& wrong) {
  if (retry.delay_first_ms > retry.delay_longest_ms)
    wrong.push_back({pointer + "/delay_first_ms", std::to_string(retry.delay_first_ms),
                     "at most delay_longest_ms, which is " + std::to_string(retry.delay_longest_ms)});
}

void check_services(const node_config& read, std::span<const std::string> services, std::vector<problem>& wrong) {
  const std::vector<std::string_view> names(services.begin(), services.end());
  for (const auto& [name, one] : read.services) {
    const auto pointer = "/services/" + name;
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      std::string wanted = "the name of a service";
      if (const auto close = describe::closest(name, names); !close.empty())
        wanted += "; did you mean " + std::string{close} + "?";
      wrong.push_back({pointer, name, wanted});
    }
    if (one.retry) check_retry(*one.retry, pointer + "/retry", wrong);
    for (const auto& [type, retry] : one.retry_by_type) check_retry(retry, pointer + "/retry_by_type/" + type, wrong);
  }
}

void resolve(std::string& path, const std::filesystem::path& folder) {
  if (!path.empty()) path = (folder / path).lexically_normal().string();
}

}  // namespace

result<override_value> parse_override(std::string_view text) {
  const auto equals = text.find('=');
  if (!text.starts_with('/') || equals == std::string_view::npos)
    return failure(fault_kind::invalid, "wanted /POINTER=VALUE, found " + std::string{text});
  return override_value{std::string{text.substr(0, equals)}, std::string{text.substr(equals + 1)}};
}

result<loaded_config> read_node_config(std::string_view text, const std::filesystem::path& folder,
                                       std::span<const std::string> services,
                                       std::span<const override_value> overrides) {
  const describe::read_options strict{.unknown = describe::unknown_fields::refuse};
  // The file by itself first: its own mistakes are told with its own positions.
  if (auto alone = describe::from_json<node_config>(text, strict); !alone) return failure(std::move(alone.error()));
  auto document = json::parse(text, nullptr, false);
  if (!document.is_object()) return failure(fault_kind::invalid, "a node file is a JSON object");
  loaded_config loaded;
  collect(document, {}, loaded.sources.from_file);
  for (const auto& one : overrides) {
    if (auto applied = apply(document, one); !applied) return failure(std::move(applied.error()));
    loaded.sources.from_file.erase(one.pointer);
    loaded.sources.from_flags.insert(one.pointer);
  }
  auto read = describe::from_json<node_config>(document.dump(), strict);
  if (!read) return failure(std::move(read.error()));
  std::vector<problem> wrong;
  check_retry(read->retry, "/retry", wrong);
  check_services(*read, services, wrong);
  if (!wrong.empty())
    return failure(base::fault{fault_kind::invalid, "the configuration is not possible", std::move(wrong), {}});
  resolve(read->data, folder);
  resolve(read->log.file, folder);
  for (auto& [name, path] : read->imports) resolve(path, folder);
  loaded.effective = std::move(*read);
  return loaded;
}

result<loaded_config> load_node_config(const std::filesystem::path& file, std::span<const std::string> services,
                                       std::span<const override_value> overrides) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return failure(fault_kind::not_found, "there is no such file");
  std::ifstream in{file, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
  if (!in || std::filesystem::is_directory(file, ignored))
    return failure(fault_kind::storage, "the file cannot be read");
  return read_node_config(text, file.parent_path(), services, overrides);
}

std::string report(const base::fault& trouble, std::string_view file) {
  if (trouble.problems.empty()) return std::string{file} + ": " + trouble.text + "\n";
  std::string lines;
  for (const auto& one : trouble.problems) {
    lines += std::string{file} + ": " + (one.pointer.empty() ? "" : one.pointer + ": ") + "wanted " + one.wanted;
    if (!one.found.empty()) lines += ", found " + one.found;
    lines += "\n";
  }
  return lines;
}

}  // namespace musiccorp::config
