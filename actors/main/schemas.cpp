#include "schemas.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

#include "config/cluster_config.hpp"
#include "config/node_config.hpp"
#include "describe/schema.hpp"

namespace musiccorp::program {
namespace {

namespace fs = std::filesystem;
using json = nlohmann::ordered_json;

constexpr std::size_t changes_shown_max = 8;
constexpr std::size_t value_shown_max = 60;

/// "messages/order.placed.v2.schema.json" in parts.
struct message_file {
  std::string type;
  int version = 0;
};

std::optional<message_file> message_file_of(std::string_view path) {
  constexpr std::string_view folder = "messages/", ending = ".schema.json";
  if (!path.starts_with(folder) || !path.ends_with(ending)) return std::nullopt;
  const auto name = path.substr(folder.size(), path.size() - folder.size() - ending.size());
  const auto mark = name.rfind(".v");
  if (mark == std::string_view::npos) return std::nullopt;
  message_file made{std::string{name.substr(0, mark)}, 0};
  const auto digits = name.substr(mark + 2);
  const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), made.version);
  if (wrong != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return made;
}

std::string path_of(const message::catalogued_type& type) {
  return "messages/" + type.name + ".v" + std::to_string(type.version) + ".schema.json";
}

std::optional<std::string> text_of(const fs::path& file) {
  std::ifstream stream{file, std::ios::binary};
  if (!stream) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>{stream}, {}};
}

result<void> write(const fs::path& file, const std::string& text) {
  std::error_code trouble;
  fs::create_directories(file.parent_path(), trouble);
  if (trouble) return failure(fault_kind::storage, file.parent_path().string() + ": " + trouble.message());
  std::ofstream stream{file, std::ios::binary | std::ios::trunc};
  stream << text << std::flush;
  if (!stream) return failure(fault_kind::storage, file.string() + ": cannot be written");
  return {};
}

/// The value as JSON, short enough for a line.
std::string shown(const json& value) {
  auto text = value.dump(-1, ' ', true, json::error_handler_t::replace);
  if (text.size() > value_shown_max) text = text.substr(0, value_shown_max) + "...";
  return text;
}

/// One line for each member that differs. Lists are compared as wholes.
void compare(const json& committed, const json& program, const json::json_pointer& at,
             std::vector<std::string>& changes) {
  if (committed == program) return;
  const auto place = at.empty() ? std::string{} : at.to_string() + ": ";
  if (!committed.is_object() || !program.is_object()) {
    changes.push_back(place + shown(committed) + " in the file, " + shown(program) + " in the program");
    return;
  }
  for (const auto& [name, value] : committed.items()) {
    if (program.contains(name))
      compare(value, program.at(name), at / name, changes);
    else
      changes.push_back((at / name).to_string() + ": only in the file: " + shown(value));
  }
  for (const auto& [name, value] : program.items())
    if (!committed.contains(name))
      changes.push_back((at / name).to_string() + ": only in the program: " + shown(value));
}

std::vector<std::string> differences(const std::string& committed, const std::string& program) {
  const auto read = json::parse(committed, nullptr, false);
  if (read.is_discarded()) return {"is not JSON"};
  std::vector<std::string> changes;
  compare(read, json::parse(program), json::json_pointer{}, changes);
  if (changes.empty()) return {"the same content, but other white space or another order"};
  if (changes.size() > changes_shown_max) {
    const auto more = changes.size() - changes_shown_max;
    changes.resize(changes_shown_max);
    changes.push_back("and " + std::to_string(more) + " more");
  }
  return changes;
}

/// What a file that this program would not write is doing here; empty when it may be here.
std::string objection_to(const std::string& path, const schema_files& wanted) {
  const auto found = message_file_of(path);
  if (!found) return "no schema of this program; it does not belong here";
  for (const auto& [known, text] : wanted) {
    const auto one = message_file_of(known);
    if (!one || one->type != found->type) continue;
    return found->version < one->version
               ? std::string{}
               : "is newer than this program, which has version " + std::to_string(one->version);
  }
  return "no service handles or sends such a message; delete the file when nobody needs it any more";
}

std::vector<std::string> files_in(const fs::path& folder) {
  std::vector<std::string> paths;
  std::error_code trouble;
  for (fs::recursive_directory_iterator at{folder, trouble}, end; !trouble && at != end; at.increment(trouble))
    if (at->is_regular_file(trouble)) paths.push_back(fs::relative(at->path(), folder).generic_string());
  std::ranges::sort(paths);
  return paths;
}

}  // namespace

schema_files schemas_of(std::span<const service_definition> services) {
  schema_files files;
  files.emplace("node.schema.json", describe::json_schema(describe::shape_of<config::node_config>(), true));
  files.emplace("cluster.schema.json", describe::json_schema(describe::shape_of<config::cluster_config>(), true));
  for (const auto& service : services)
    for (const auto* type : service.types().all()) files.emplace(path_of(*type), describe::json_schema(*type->shape));
  return files;
}

result<std::vector<std::string>> write_schemas(const schema_files& wanted, const fs::path& folder) {
  std::vector<std::string> written;
  for (const auto& [path, text] : wanted) {
    if (text_of(folder / path) == text) continue;
    if (auto done = write(folder / path, text); !done) return failure(std::move(done.error()));
    written.push_back((folder / path).string());
  }
  return written;
}

std::vector<std::string> compare_schemas(const schema_files& wanted, const fs::path& folder) {
  std::vector<std::string> lines;
  for (const auto& [path, text] : wanted) {
    const auto file = (folder / path).string();
    const auto committed = text_of(file);
    if (!committed)
      lines.push_back(file + ": there is no such file");
    else if (*committed != text)
      for (const auto& one : differences(*committed, text)) lines.push_back(file + ": " + one);
  }
  for (const auto& path : files_in(folder)) {
    if (wanted.contains(path)) continue;
    if (const auto objection = objection_to(path, wanted); !objection.empty())
      lines.push_back((folder / path).string() + ": " + objection);
  }
  return lines;
}

}  // namespace musiccorp::program
