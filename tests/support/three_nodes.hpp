#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "demo/promises.hpp"
#include "messages/customer_messages.hpp"
#include "messages/inventory_messages.hpp"
#include "messages/order_messages.hpp"
#include "support/cluster_processes.hpp"
#include "support/stubborn_clients.hpp"
#include "support/temporary_folder.hpp"

namespace musiccorp::testing {

/// One shop on three real nodes, and what tests of it ask again and again. Base: ::testing::Test, or with a
/// parameter. The folder is kept when a test fails.
template <class Base>
class three_nodes : public Base {
 protected:
  explicit three_nodes(bool with_certificates = false)
      : nodes_{folder_.path(), three_shares(), {}, with_certificates} {}
  ~three_nodes() override {
    if (!this->HasFailure()) return;
    folder_.keep();
    std::printf("the data is kept in %s\n", folder_.path().c_str());
  }

  [[nodiscard]] demo::shop_client shop() { return nodes_.shop(connection_); }

  template <class Condition>
  bool wait_for(Condition holds) {
    return nodes_.wait_until(holds, longest_);
  }
  /// Until the clients have begun so many more orders.
  void let_work(const stubborn_clients& load, std::size_t orders) {
    const auto before = load.begun();
    ASSERT_TRUE(wait_for([&] { return load.begun() >= before + orders; }));
  }
  bool is_link(const std::string& name, const std::string& other, cluster::link_state state) {
    const auto link = nodes_.link(connection_, name, other);
    return link && link->state == state;
  }
  void expect_whole() {
    for (const auto& name : nodes_.names())
      for (const auto& other : nodes_.names())
        ASSERT_TRUE(name == other || wait_for([&] { return is_link(name, other, cluster::link_state::up); }))
            << name << " to " << other;
  }

  std::vector<demo::planned_order> plan(std::size_t orders, std::uint64_t seed = 7) {
    const demo::shop_client door = shop();
    std::vector<std::string> customers;
    for (std::size_t i = 0; i < 20; ++i)
      customers.push_back(
          door.post<messages::customer_summary>("/customers", demo::customer_body(i), 201).value().customer_id);
    const auto stock = door.list("/inventory", &messages::stock_page::items).value();
    return demo::make_plan(seed, orders, customers, stock, "cluster-" + std::to_string(seed)).orders;
  }

  static std::vector<demo::accepted_order> accepted_of(const std::vector<answered_order>& answered) {
    std::vector<demo::accepted_order> all;
    for (const auto& one : answered) {
      if (one.status != 201) continue;
      const auto order = describe::from_json<messages::order_summary>(one.body);
      if (order) all.push_back({order->order_id, order->customer_id, order->total});
    }
    return all;
  }

  /// What was found; nothing when it could not be asked.
  std::vector<demo::finding> expect_all_promises(const std::vector<answered_order>& answered) {
    for (const auto& one : answered) EXPECT_THAT(one.status, ::testing::AnyOf(201, 409, 422)) << one.body;
    const auto rest = demo::wait_for_rest(shop(), rest_longest_);
    if (!rest) return ADD_FAILURE() << rest.error().text, std::vector<demo::finding>{};
    const auto findings = demo::check_promises(shop(), accepted_of(answered));
    if (!findings) return ADD_FAILURE() << findings.error().text, std::vector<demo::finding>{};
    for (const auto& one : *findings) {
      std::printf("  %s  %s: %s\n", one.holds ? "holds " : "BROKEN", one.promise.c_str(), one.evidence.c_str());
      EXPECT_TRUE(one.holds) << one.promise << ": " << one.evidence;
    }
    return *findings;
  }

  static std::string text_of(const std::filesystem::path& file) {
    std::ifstream stream{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{stream}, {}};
  }

  static constexpr std::chrono::seconds longest_{60}, rest_longest_{120};
  temporary_folder folder_;
  http::client connection_{
      {.connections_per_host = 32, .response_limit = 64U << 20U, .timeout = std::chrono::seconds{30}}};
  cluster_processes nodes_;
  address_board board_;
};

}  // namespace musiccorp::testing
