#pragma once

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "demo/child_process.hpp"
#include "demo/shop_client.hpp"
#include "node/cluster_routes.hpp"
#include "support/free_port.hpp"

/// A cluster of the real program on this machine. MUSICCORP_PROGRAM and MUSICCORP_SOURCE_DIR come from CMake.
namespace musiccorp::testing {

/// Who hosts what, for three nodes: every order crosses all of them.
inline std::map<std::string, std::vector<std::string>> three_shares() {
  return {{"east", {"acquirer", "fraud", "payment", "pricing"}},
          {"north", {"catalog", "customer", "inventory", "order"}},
          {"south", {"hospital", "notification", "shipping", "warehouse"}}};
}

/// Nodes of one cluster file, each a process that is started, killed and frozen as a test wants.
class cluster_processes {
 public:
  explicit cluster_processes(std::filesystem::path folder,
                             std::map<std::string, std::vector<std::string>> shares = three_shares(),
                             std::vector<std::string> flags = {}, bool with_certificates = false)
      : folder_(std::move(folder)), flags_(std::move(flags)) {
    const auto ports = free_ports(shares.size() * 2);
    nlohmann::ordered_json file{{"cluster", "trial"},
                                {"settings", std::string{MUSICCORP_SOURCE_DIR} + "/config/node.json"},
                                {"nodes", nlohmann::json::array()}};
    if (with_certificates)
      file["tls"] = {{"authority", "certs/ca.pem"}, {"certificate", "certs/{node}.pem"}, {"key", "certs/{node}.key"}};
    std::size_t port = 0;
    for (const auto& [name, hosts] : shares) {
      const auto link = ports[port++], http = ports[port++];
      file["nodes"].push_back({{"name", name},
                               {"link", "127.0.0.1:" + std::to_string(link)},
                               {"http", "127.0.0.1:" + std::to_string(http)},
                               {"hosts", hosts}});
      nodes_[name].url = "http://127.0.0.1:" + std::to_string(http);
    }
    std::ofstream{file_name()} << file.dump(2);
    if (with_certificates) certify(file_name());
  }

  /// Changes the cluster file, or the one that a single node reads instead of it. Not for nodes that run.
  using change = std::function<void(nlohmann::ordered_json& file)>;
  void edit(const change& how) { edit(file_name(), file_name(), how); }
  void edit_for(const std::string& name, const change& how) { edit(file_of(name), own_file(name), how); }
  /// A command that starts the node's program: its words come before the program's own.
  void run_by(const std::string& name, std::vector<std::string> words) { nodes_.at(name).run_by = std::move(words); }

  /// `musiccorp certs` for this cluster file.
  void certify(const std::string& file) {
    auto made = demo::child_process::start({MUSICCORP_PROGRAM, {"certs", file}, log_file("certs")});
    if (!made) throw std::runtime_error(made.error().text);
    const auto end = made->wait(std::chrono::seconds{30});
    if (end != demo::process_end{0, 0}) throw std::runtime_error("no certificates: " + log_end("certs"));
  }

  [[nodiscard]] std::string file_name() const { return (folder_ / "cluster.json").string(); }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& [name, one] : nodes_) all.push_back(name);
    return all;
  }
  [[nodiscard]] const std::string& url(const std::string& name) const { return nodes_.at(name).url; }

  void launch(const std::string& name) {
    nodes_.at(name).process.emplace(run(name, file_of(name), data(name), log_file(name)));
  }
  /// Another process of this name: on the same cluster file but for its own addresses, on these data. Its log is
  /// `<folder>.log`.
  demo::child_process launch_twin(const std::string& name, const std::filesystem::path& its_data) {
    const auto ports = free_ports(2);
    auto file = nlohmann::ordered_json::parse(std::ifstream{file_name()});
    for (auto& one : file["nodes"]) {
      if (one["name"] != name) continue;
      one["link"] = "127.0.0.1:" + std::to_string(ports[0]);
      one["http"] = "127.0.0.1:" + std::to_string(ports[1]);
    }
    file["links"] = {{"beat_ms", 50}, {"down_after_ms", 300}};
    std::ofstream{twin_file()} << file.dump(2);
    auto log = its_data;
    log += ".log";
    return run(name, twin_file(), its_data, log);
  }
  /// Of the last twin, which had this name.
  [[nodiscard]] std::string twin_url(const std::string& name) const {
    const auto file = nlohmann::json::parse(std::ifstream{twin_file()});
    for (const auto& one : file["nodes"])
      if (one["name"] == name) return "http://" + one["http"].get<std::string>();
    return {};
  }
  [[nodiscard]] std::filesystem::path data(const std::string& name) const { return folder_ / name; }
  void wait_until_ready(const std::string& name, std::chrono::milliseconds longest = std::chrono::seconds{60}) {
    const auto line = nodes_.at(name).process->wait_for_line("ready ", longest);
    if (!line) throw std::runtime_error(name + ": " + line.error().text + "\n" + log_end(name));
  }
  void start(const std::string& name) {
    launch(name);
    wait_until_ready(name);
  }
  void start_all() {
    for (const auto& name : names()) launch(name);
    for (const auto& name : names()) wait_until_ready(name);
  }
  void kill(const std::string& name) {
    nodes_.at(name).process->send(SIGKILL);
    (void)nodes_.at(name).process->wait(std::chrono::seconds{10});
  }
  void freeze(const std::string& name) { nodes_.at(name).process->send(SIGSTOP); }
  void resume(const std::string& name) { nodes_.at(name).process->send(SIGCONT); }
  std::optional<demo::process_end> stop(const std::string& name,
                                        std::chrono::milliseconds longest = std::chrono::seconds{20}) {
    nodes_.at(name).process->send(SIGTERM);
    return nodes_.at(name).process->wait(longest);
  }
  std::optional<demo::process_end> wait(const std::string& name, std::chrono::milliseconds longest) {
    return nodes_.at(name).process->wait(longest);
  }

  /// Looks again and again, at the latest when `longest` has passed.
  template <class Condition>
  [[nodiscard]] bool wait_until(Condition holds, std::chrono::milliseconds longest) {
    const auto deadline = std::chrono::steady_clock::now() + longest;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      (void)::poll(nullptr, 0, 20);
    }
    return true;
  }

  /// Seen from the first of the names, with everybody's numbers.
  [[nodiscard]] demo::shop_client shop(http::client& connection) const {
    std::vector<std::string> others;
    for (const auto& [name, one] : nodes_)
      if (name != nodes_.begin()->first) others.push_back(one.url);
    return {connection, nodes_.begin()->second.url, others};
  }
  [[nodiscard]] std::optional<node::cluster_page> page(http::client& connection, const std::string& name) const {
    auto page = demo::shop_client{connection, url(name)}.read<node::cluster_page>("/cluster");
    return page ? std::optional{std::move(*page)} : std::nullopt;
  }
  /// What `name` says about its link to `other`.
  [[nodiscard]] std::optional<cluster::link_view> link(http::client& connection, const std::string& name,
                                                       const std::string& other) const {
    if (const auto seen = page(connection, name))
      for (const auto& one : seen->links)
        if (one.node == other) return one;
    return std::nullopt;
  }

  [[nodiscard]] std::filesystem::path log_file(const std::string& name) const { return folder_ / (name + ".log"); }
  [[nodiscard]] std::string log_end(const std::string& name, std::size_t bytes = 3'000) const {
    std::ifstream stream{log_file(name), std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{stream}, {}};
    return text.size() > bytes ? text.substr(text.size() - bytes) : text;
  }

 private:
  [[nodiscard]] std::string own_file(const std::string& name) const {
    return (folder_ / ("cluster." + name + ".json")).string();
  }
  [[nodiscard]] std::string twin_file() const { return (folder_ / "cluster.twin.json").string(); }
  [[nodiscard]] std::string file_of(const std::string& name) const {
    return std::filesystem::exists(own_file(name)) ? own_file(name) : file_name();
  }
  void edit(const std::string& from, const std::string& to, const change& how) {
    auto file = nlohmann::ordered_json::parse(std::ifstream{from});
    how(file);
    std::ofstream{to} << file.dump(2);
    for (const auto& one : file["nodes"])
      nodes_.at(one["name"].get<std::string>()).url = "http://" + one["http"].get<std::string>();
  }
  demo::child_process run(const std::string& name, const std::string& file, const std::filesystem::path& data,
                          const std::filesystem::path& log) {
    std::filesystem::create_directories(data);
    auto words = nodes_.at(name).run_by;
    words.insert(words.end(), {MUSICCORP_PROGRAM, "node", "--config", file, "--name", name, "--data", data.string()});
    words.insert(words.end(), flags_.begin(), flags_.end());
    auto started = demo::child_process::start({words.front(), {words.begin() + 1, words.end()}, log});
    if (!started) throw std::runtime_error(started.error().text);
    return std::move(*started);
  }

  struct member {
    std::string url;
    std::optional<demo::child_process> process{};
    std::vector<std::string> run_by{};
  };
  std::filesystem::path folder_;
  std::vector<std::string> flags_;
  std::map<std::string, member> nodes_;
};

}  // namespace musiccorp::testing
