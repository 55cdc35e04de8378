#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "support/cluster_processes.hpp"
#include "support/prometheus_process.hpp"
#include "support/temporary_folder.hpp"

namespace musiccorp::testing {

/// Three real nodes with certificates, all linked, and a real Prometheus that scrapes each of them.
class watched_cluster : public ::testing::Test {
 protected:
  /// `rules` gives a pattern of absolute paths, and may write the files below this folder.
  explicit watched_cluster(const std::function<std::string(const std::filesystem::path&)>& rules)
      : prometheus_{folder_.path() / "prometheus", rules(folder_.path())} {}

  void SetUp() override {
    nodes_.start_all();
    std::map<std::string, std::string> urls;
    for (const auto& name : nodes_.names()) urls[name] = nodes_.url(name);
    prometheus_.scrape(urls);
    prometheus_.start();
    ASSERT_TRUE(prometheus_.eventually([&] {
      return prometheus_.value("count(up == 1)") == 3 && prometheus_.value("sum(runtime_cluster_link_up)") == 6;
    }));
  }
  void TearDown() override {
    if (HasFailure()) folder_.keep();
  }

  temporary_folder folder_;
  http::client connection_;
  cluster_processes nodes_{folder_.path(), three_shares(), {}, true};
  prometheus_process prometheus_;
};

}  // namespace musiccorp::testing
