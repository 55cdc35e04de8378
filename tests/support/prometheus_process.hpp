#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>

#include "demo/child_process.hpp"
#include "demo/shop_client.hpp"
#include "http/client.hpp"
#include "support/promql.hpp"

namespace musiccorp::testing {

/// A real Prometheus on a free port of loopback, which scrapes the nodes of a shop each second and keeps its data in
/// `folder`.
class prometheus_process {
 public:
  /// `rules`: a pattern of absolute paths.
  prometheus_process(std::filesystem::path folder, const std::string& rules) : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_);
    std::ofstream{folder_ / "prometheus.yml"} << R"(global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [")" << rules << R"("]
scrape_configs:
  - job_name: shop
    file_sd_configs: [{files: [")" << (folder_ / "shop.json").string()
                                              << R"("], refresh_interval: 1s}]
)";
  }

  /// Where the nodes are now: name to "http://127.0.0.1:8080".
  void scrape(const std::map<std::string, std::string>& nodes) const {
    auto targets = nlohmann::json::array();
    for (const auto& [node, url] : nodes)
      targets.push_back({{"targets", {url.substr(url.find("//") + 2)}}, {"labels", {{"node", node}}}});
    // Prometheus reads a file as soon as it changes: it must be whole by then.
    std::ofstream{folder_ / "shop.new"} << targets.dump();
    std::filesystem::rename(folder_ / "shop.new", folder_ / "shop.json");
  }

  /// Starts it and waits until it answers.
  void start() {
    const auto log = folder_ / "prometheus.log";
    auto started = demo::child_process::start({MUSICCORP_PROMETHEUS,
                                               {"--config.file=" + (folder_ / "prometheus.yml").string(),
                                                "--storage.tsdb.path=" + (folder_ / "data").string(),
                                                "--web.listen-address=127.0.0.1:0", "--log.level=info"},
                                               log});
    if (!started) throw std::runtime_error(started.error().text);
    process_.emplace(std::move(*started));
    const bool ready = eventually([&] {
      const std::string said = std::filesystem::exists(log) ? read_file(log.string()) : "";
      const std::string_view before = "msg=\"Listening on\" address=";
      const auto at = said.find(before);
      const auto end = at == std::string::npos ? at : said.find('\n', at);
      if (end == std::string::npos) return !process_->is_running();
      const auto from = at + before.size();
      url_ = "http://" + said.substr(from, end - from);
      const auto answer = connection_.fetch({.url = url_ + "/-/ready"});
      return answer && answer->status == 200;
    });
    if (!ready || !process_->is_running()) throw std::runtime_error("Prometheus: " + read_file(log.string()));
  }

  /// The data of an answer of its API; what is wrong with the question is thrown.
  [[nodiscard]] nlohmann::json get(const std::string& target) {
    const auto answer = connection_.fetch({.url = url_ + "/api/v1/" + target});
    if (!answer) throw std::runtime_error(answer.error().text);
    const auto body = nlohmann::json::parse(answer->body);
    if (body.at("status") != "success") throw std::runtime_error(body.dump());
    return body.at("data");
  }
  /// The result of an expression now: one item for each series.
  [[nodiscard]] nlohmann::json query(const std::string& expression) {
    return get("query?query=" + demo::shop_client::escaped(expression)).at("result");
  }
  /// Of one series; nothing without data.
  [[nodiscard]] std::optional<double> value(const std::string& expression) {
    const auto found = query(expression);
    if (found.empty()) return std::nullopt;
    return std::stod(found.at(0).at("value").at(1).get<std::string>());
  }
  [[nodiscard]] bool fires(const std::string& alert) {
    return !query("ALERTS{alertstate=\"firing\",alertname=\"" + alert + "\"}").empty();
  }

  /// Asks again and again, a moment after each other, until it is so; false when it is not after a long time, or when
  /// Prometheus has ended.
  template <class Question>
  [[nodiscard]] bool eventually(Question question, std::chrono::seconds longest = std::chrono::seconds{60}) {
    const auto end = std::chrono::steady_clock::now() + longest;
    while (std::chrono::steady_clock::now() < end) {
      if (question()) return true;
      if (process_->wait(std::chrono::milliseconds{100})) return false;
    }
    return false;
  }

 private:
  std::filesystem::path folder_;
  std::string url_;
  http::client connection_;
  std::optional<demo::child_process> process_;
};

}  // namespace musiccorp::testing
