#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "demo/shop_client.hpp"
#include "messages/pricing_messages.hpp"
#include "support/process.hpp"
#include "support/prometheus_process.hpp"

namespace musiccorp::testing {

/// A real shop and a real Prometheus that scrapes it, and what tests do to the shop so that there is something to
/// see.
class watched_shop : public ::testing::Test {
 protected:
  /// `rules` gives a pattern of absolute paths, and may write the files below this folder.
  watched_shop(std::vector<std::string> flags, const std::function<std::string(const std::filesystem::path&)>& rules)
      : shop_{folder_.path(), std::move(flags)}, prometheus_{folder_.path() / "prometheus", rules(folder_.path())} {}

  void SetUp() override {
    shop_.start();
    prometheus_.scrape({{"shop", shop_.url()}});
    prometheus_.start();
    ASSERT_TRUE(prometheus_.eventually([&] { return prometheus_.value("up") == 1; }));
  }
  void TearDown() override {
    if (HasFailure()) folder_.keep();
  }

  [[nodiscard]] demo::shop_client shop() { return {connection_, shop_.url()}; }
  void start_price_job(const std::string& sku, std::int64_t percent) {
    ASSERT_TRUE(shop().post<messages::price_job_summary>(
        "/pricing/jobs", describe::to_json(messages::create_price_job{sku, percent}), 202));
  }
  void set_provider(std::int64_t delay_ms, std::int64_t fail_percent) {
    const nlohmann::json behaviour{{"delay_ms", delay_ms}, {"fail_percent", fail_percent}};
    auto change = shop().post_request("/acquirer/behaviour", behaviour.dump());
    change.method = "PUT";
    const auto said = connection_.fetch(change);
    ASSERT_TRUE(said && said->status == 200) << (said ? said->body : said.error().text);
  }
  /// `replay` or `discard` for the first case that is open, as soon as there is one.
  void treat(const std::string& action) {
    nlohmann::json open;
    ASSERT_TRUE(prometheus_.eventually([&] {
      open = nlohmann::json::parse(shop().get("/hospital/cases?state=open").value()).at("cases");
      return !open.empty();
    }));
    const auto& one = open.at(0);
    const nlohmann::json wish{{"version", one.at("version")}, {"reason", "as the runbook says"}};
    const auto said = connection_.fetch(
        shop().post_request("/hospital/cases/" + one.at("case_id").get<std::string>() + "/" + action, wish.dump()));
    ASSERT_TRUE(said && said->status == 202) << (said ? said->body : said.error().text);
  }

  temporary_folder folder_;
  http::client connection_;
  shop_process shop_;
  prometheus_process prometheus_;
};

}  // namespace musiccorp::testing
