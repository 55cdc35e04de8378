// What no service could handle arrives over a link between two real nodes: each kind of it ends in the hospital with
// a reason of its own, costs one attempt, and holds up nobody.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "demo/plan.hpp"
#include "messages/customer_messages.hpp"
#include "support/cluster_processes.hpp"
#include "support/ledger.hpp"
#include "support/store_reader.hpp"
#include "support/temporary_folder.hpp"

namespace musiccorp {
namespace {

using namespace testing;
using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::HasSubstr;

class BadParcels : public ::testing::Test {
 protected:
  void TearDown() override {
    if (HasFailure()) folder_.keep();
  }
  void SetUp() override { nodes_.start_all(); }

  [[nodiscard]] demo::shop_client door(const std::string& name) { return {connection_, nodes_.url(name)}; }
  std::string register_customer() {
    return door("north")
        .post<messages::customer_summary>("/customers", demo::customer_body(registered_++), 201)
        .value()
        .customer_id;
  }
  /// What this customer's event says, is something else from now on. Its writer must not run.
  void change_event(const std::string& customer, const std::string& columns) {
    const store_reader store{nodes_.data("north") / "customer.db"};
    const auto changed = store.rows("UPDATE log SET " + columns + " WHERE type = 'customer.registered' AND key = '" +
                                    customer + "' RETURNING seq");
    ASSERT_EQ(changed.size(), 1U) << columns;
  }
  json get(const std::string& target) {
    const auto body = door("south").get(target);
    return body ? json::parse(*body) : json{};
  }
  /// The story of this customer's event, of which there must be a case.
  json case_of(const std::string& customer) {
    json found;
    EXPECT_TRUE(nodes_.wait_until(
        [&] {
          const auto listed = get("/hospital/cases?key=" + customer);
          if (!listed.contains("cases") || listed.at("cases").size() != 1) return false;
          found = listed.at("cases").at(0);
          return true;
        },
        60s))
        << customer;
    return found.is_null() ? found : get("/hospital/cases/" + found.at("case_id").get<std::string>());
  }
  void expect_case(const std::string& customer, const std::string& reason, const std::string& told) {
    const auto story = case_of(customer);
    ASSERT_FALSE(story.is_null());
    SCOPED_TRACE(story.dump(2));
    EXPECT_EQ(story.at("service"), "fraud");
    EXPECT_EQ(story.at("reason"), reason);
    EXPECT_THAT(story.at("error").get<std::string>(), HasSubstr(told));
    EXPECT_EQ(story.at("attempts"), 1) << "trying again could not help";
    ASSERT_EQ(story.at("attempt_records").size(), 1U);
    EXPECT_EQ(story.at("attempt_records").at(0).at("outcome"), "died");
    EXPECT_EQ(story.at("attempt_records").at(0).at("node"), "south");
  }

  temporary_folder folder_;
  http::client connection_;
  cluster_processes nodes_{folder_.path(),
                           {{"north",
                             {"acquirer", "catalog", "customer", "inventory", "notification", "order", "payment",
                              "pricing", "shipping", "warehouse"}},
                            {"south", {"fraud", "hospital"}}}};
  std::size_t registered_ = 0;
};

TEST_F(BadParcels, AreCasesWithTheirOwnReason) {
  ASSERT_EQ(nodes_.stop("south"),
            (demo::process_end{0, 0}));  // What it would have heard waits in the log of its writer.
  const auto broken = register_customer(), unknown = register_customer(), newer = register_customer(),
             large = register_customer(), late = register_customer(), fine = register_customer();
  ASSERT_EQ(nodes_.stop("north"), (demo::process_end{0, 0}));
  change_event(broken, "payload = '{\"customer_id\": 17, \"name'");
  change_event(unknown, "type = 'customer.praised', addressee = 'fraud'");
  change_event(newer, "version = 99");
  change_event(large, "payload = json_set(payload, '$.name', printf('%.*c', 2000000, 'x'))");
  change_event(late, "expires = occurred + 1");
  nodes_.start_all();

  expect_case(broken, "undecodable", "/customer_id: expected a text");
  expect_case(unknown, "schema", "no rule for customer.praised");
  expect_case(newer, "schema", "99");
  expect_case(large, "too_large", "bytes");
  expect_case(late, "expired", "expired at");
  EXPECT_TRUE(nodes_.wait_until([&] { return door("north").get("/fraud/" + fine).has_value(); }, 60s))
      << "the one behind them is handled";
  EXPECT_EQ(get("/hospital/cases").at("cases").size(), 5U);
  expect_ledger_zero(nodes_.shop(connection_));
}

}  // namespace
}  // namespace musiccorp
