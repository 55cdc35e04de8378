#include "config/file.hpp"

#include <algorithm>
#include <fstream>
#include <vector>

#include "describe/findings.hpp"
#include "describe/suggest.hpp"

namespace musiccorp::config {
namespace {

namespace fs = std::filesystem;
constexpr std::uintmax_t file_bytes_max = 1U << 20U;

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

fault unreadable(fault_kind kind, std::string found, std::string wanted, const std::string& meant = {}) {
  if (!meant.empty()) wanted += "; did you mean " + meant + "?";
  auto trouble = describe::refusal({{{}, std::move(found), std::move(wanted)}});
  trouble.kind = kind;
  return trouble;
}

}  // namespace

result<std::string> read_file(const fs::path& file, const std::string& wanted) {
  std::error_code ignored;
  const auto status = fs::status(file, ignored);
  if (!fs::status_known(status)) return failure(unreadable(fault_kind::storage, "a path that leads nowhere", wanted));
  if (!fs::exists(status))
    return failure(unreadable(fault_kind::not_found, "no such file", wanted, neighbour_of(file)));
  if (fs::is_directory(status)) return failure(unreadable(fault_kind::storage, "a folder", wanted));
  std::ifstream in{file, std::ios::binary};
  if (!in) return failure(unreadable(fault_kind::storage, "a file that cannot be opened", wanted));
  std::string text(file_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return failure(unreadable(fault_kind::storage, "a file that cannot be read", wanted));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > file_bytes_max) return failure(unreadable(fault_kind::too_large, "more than 1 MiB", wanted));
  return text;
}

}  // namespace musiccorp::config
