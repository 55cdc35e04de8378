#include "config/cluster_file.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>

#include "config/file.hpp"
#include "config/names.hpp"
#include "config/refusals.hpp"
#include "describe/findings.hpp"
#include "describe/json.hpp"
#include "describe/suggest.hpp"

namespace musiccorp::config {
namespace {

namespace fs = std::filesystem;

std::string listed(std::span<const std::string> names) {
  std::string all;
  for (const auto& name : names) all.append(all.empty() ? "" : ", ").append(name);
  return all;
}

std::string wanted_one_of(std::string_view name, std::span<const std::string> names) {
  auto wanted = "one of " + listed(names);
  const std::vector<std::string_view> views{names.begin(), names.end()};
  if (const auto meant = describe::closest(name, views); !meant.empty())
    wanted.append("; did you mean ").append(meant).append("?");
  return wanted;
}

/// "order/2" in its parts; no index: the whole service.
struct hosted {
  std::string_view service;
  std::optional<std::uint32_t> index;
};
std::optional<hosted> read_hosted(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return hosted{text, {}};
  std::uint32_t index = 0;
  const auto digits = text.substr(slash + 1);
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  if (read.ec != std::errc{} || read.ptr != digits.data() + digits.size()) return std::nullopt;
  return hosted{text.substr(0, slash), index};
}

class checker {
 public:
  checker(const cluster_config& config, std::span<const std::string> services,
          std::span<const std::string> partitionable)
      : config_{config}, services_{services}, partitionable_{partitionable} {}

  result<cluster_plan> check() {
    if (!can_name_a_folder(config_.cluster))
      add("/cluster", describe::shown(config_.cluster), std::string{folder_name_wanted});
    if (config_.links.reconnect_first_ms > config_.links.reconnect_longest_ms)
      add("/links/reconnect_first_ms", std::to_string(config_.links.reconnect_first_ms),
          "at most reconnect_longest_ms, which is " + std::to_string(config_.links.reconnect_longest_ms));
    if (config_.links.down_after_ms < 3 * config_.links.beat_ms)
      add("/links/down_after_ms", std::to_string(config_.links.down_after_ms),
          "at least three beats, which is " + std::to_string(3 * config_.links.beat_ms));
    count_partitions();
    if (config_.nodes.empty()) add("/nodes", "an empty list", "at least one node");
    for (std::size_t i = 0; i < config_.nodes.size(); ++i)
      check_node("/nodes/" + std::to_string(i), config_.nodes[i]);
    for (const auto& [service, count] : plan_.partitions)
      for (std::uint32_t index = 0; index < count; ++index)
        if (const auto name = partition_name(service, index, count); !plan_.owners.contains(name))
          add("/nodes", "no node that hosts " + name, "exactly one");
    if (!problems_.empty()) return failure(describe::refusal(std::move(problems_)));
    plan_.name = config_.cluster;
    plan_.links = config_.links;
    return std::move(plan_);
  }

 private:
  void add(std::string pointer, std::string found, std::string wanted) {
    problems_.push_back({std::move(pointer), std::move(found), std::move(wanted)});
  }

  void count_partitions() {
    for (const auto& name : services_) plan_.partitions[name] = 1;
    for (const auto& [name, count] : config_.partitions) {
      std::string pointer = "/partitions";
      describe::append_step(pointer, name);
      if (std::ranges::find(services_, name) == services_.end())
        add(pointer, "an unknown service", wanted_one_of(name, services_));
      else if (count > 1 && std::ranges::find(partitionable_, name) == partitionable_.end())
        add(pointer, std::to_string(count),
            "1: this service needs all of its data in one place" +
                (partitionable_.empty() ? std::string{} : "; several may have " + listed(partitionable_)));
      else
        plan_.partitions[name] = static_cast<std::uint32_t>(count);
    }
  }

  void check_node(const std::string& pointer, const cluster_node_config& one) {
    if (!can_name_a_folder(one.name))
      add(pointer + "/name", describe::shown(one.name), std::string{folder_name_wanted});
    if (plan_.find(one.name)) add(pointer + "/name", describe::shown(one.name), "another name for each node");
    cluster_member made{one.name, read(pointer + "/link", one.link), read(pointer + "/http", one.http), {}};
    if (!config_.tls && !config_.links.plain_beyond_loopback && !made.link.host.empty() &&
        !is_loopback(made.link.host))
      add(pointer + "/link", describe::shown(one.link),
          "a loopback address, certificates in /tls, or /links/plain_beyond_loopback if you know what you do");
    for (std::size_t i = 0; i < one.hosts.size(); ++i)
      check_hosted(pointer + "/hosts/" + std::to_string(i), one.hosts[i], made);
    std::ranges::sort(made.hosts);
    plan_.members.push_back(std::move(made));
  }

  address read(const std::string& pointer, const std::string& text) {
    const auto made = read_address(text);
    if (!made || made->port == 0) {
      add(pointer, describe::shown(text), "HOST:PORT such as 127.0.0.1:7101, with a port from 1 to 65535");
      return {};
    }
    const auto node = pointer.substr(0, pointer.rfind('/'));
    const auto taken = std::ranges::find_if(addresses_, [&](const auto& known) {
      return overlap(known.second, *made, known.first.starts_with(node + "/"));
    });
    if (taken != addresses_.end())
      add(pointer, describe::shown(text), "an address that is not that of " + taken->first);
    addresses_.emplace_back(pointer, *made);
    return *made;
  }

  void check_hosted(const std::string& pointer, const std::string& text, cluster_member& member) {
    const auto one = read_hosted(text);
    const auto known = one ? plan_.partitions.find(std::string{one->service}) : plan_.partitions.end();
    if (known == plan_.partitions.end())
      return add(pointer, describe::shown(text),
                 wanted_one_of(one ? one->service : std::string_view{text}, services_));
    const auto count = known->second;
    if (one->index && *one->index >= count)
      return add(pointer, describe::shown(text), "an index below " + std::to_string(count) + ", as /partitions says");
    for (auto index = one->index.value_or(0); index < (one->index ? *one->index + 1 : count); ++index) {
      const auto name = partition_name(one->service, index, count);
      const auto [owner, is_new] = plan_.owners.try_emplace(name, member.name);
      if (!is_new)
        add(pointer, describe::shown(text),
            "something that no other node hosts; " + owner->second + " hosts " + name);
      else
        member.hosts.push_back(name);
    }
  }

  const cluster_config& config_;
  std::span<const std::string> services_;
  std::span<const std::string> partitionable_;
  cluster_plan plan_;
  std::vector<std::pair<std::string, address>> addresses_;  ///< by the pointer that has it
  std::vector<base::problem> problems_;
};

std::string with_name(std::string text, std::string_view member) {
  constexpr std::string_view mark = "{node}";
  for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + member.size()))
    text.replace(at, mark.size(), member);
  return text;
}

}  // namespace

const cluster_member* cluster_plan::find(std::string_view member) const {
  const auto found = std::ranges::find(members, member, &cluster_member::name);
  return found == members.end() ? nullptr : &*found;
}

std::optional<cluster_tls> cluster_plan::tls_of(std::string_view member) const {
  if (!tls) return std::nullopt;
  return cluster_tls{with_name(tls->authority, member), with_name(tls->certificate, member),
                     with_name(tls->key, member)};
}

std::string partition_name(std::string_view service, std::uint32_t index, std::uint32_t count) {
  return count == 1 ? std::string{service} : std::string{service} + "/" + std::to_string(index);
}

result<cluster_plan> read_cluster_file(std::string_view text, const fs::path& folder,
                                       std::span<const std::string> services,
                                       std::span<const std::string> partitionable) {
  auto config = describe::from_json<cluster_config>(text, {.unknown = describe::unknown_fields::refuse});
  if (!config) return failure(sharpened(std::move(config.error()), text, describe::shape_of<cluster_config>()));
  auto plan = checker{*config, services, partitionable}.check();
  if (!plan) return plan;
  const auto resolved = [&](const std::string& path) { return (folder / path).lexically_normal(); };
  if (!config->settings.empty()) plan->settings = resolved(config->settings);
  if (config->tls)
    plan->tls = {resolved(config->tls->authority).string(), resolved(config->tls->certificate).string(),
                 resolved(config->tls->key).string()};
  return plan;
}

result<cluster_plan> load_cluster_file(const fs::path& file, std::span<const std::string> services,
                                       std::span<const std::string> partitionable) {
  auto text = read_file(file, "a cluster file");
  if (!text) return failure(std::move(text.error()));
  return read_cluster_file(*text, file.parent_path(), services, partitionable);
}

std::vector<base::problem> unreadable_files(const cluster_plan& plan, std::string_view member) {
  std::vector<base::problem> problems;
  const auto files = plan.tls_of(member);
  if (!files) return problems;
  const auto look = [&](const char* pointer, const fs::path& file) {
    std::error_code ignored;
    if (!fs::is_regular_file(file, ignored) || !std::ifstream{file})
      problems.push_back(
          {pointer, file.string(), "a file that can be read; `./musiccorp certs` makes what a cluster file names"});
  };
  look("/tls/authority", files->authority);
  look("/tls/certificate", files->certificate);
  look("/tls/key", files->key);
  return problems;
}

}  // namespace musiccorp::config
