// payment.received reaches the order before the order's own step: it waits for that step and is no failure.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "messages/catalog_messages.hpp"
#include "messages/customer_messages.hpp"
#include "messages/inventory_messages.hpp"
#include "messages/order_messages.hpp"
#include "messages/payment_messages.hpp"
#include "roster/roster.hpp"
#include "service/partition.hpp"
#include "storage/memory_store.hpp"

namespace musiccorp {
namespace {

using namespace messages;
using namespace std::chrono_literals;
using ::testing::ElementsAre;

/// The order service alone; the test plays everybody else, in the order of its choice.
class OrderOvertaken : public ::testing::Test {
 protected:
  OrderOvertaken() {
    for (auto& one : roster::empty_shop())
      if (one.name() == "order") definition_.emplace(one);
    auto wires = service::wire(roster::empty_shop()).at("order");
    core_ = std::make_unique<service::partition>(*definition_, std::move(wires), service::partition_limits{},
                                                 service::partition_environment{*stores_, clock, 1, ledgers_});
    EXPECT_TRUE(core_->open(out_));
  }

  template <describe::described M>
  envelope message_of(const M& what, std::uint64_t seq = 0, std::string source = "test") {
    envelope made;
    made.id = base::make_id(clock.now(), random_);
    made.type = describe::name_of<M>();
    made.key = describe::key_of(what);
    made.source = std::move(source);
    made.seq = seq;
    made.payload = describe::to_json(what);
    return made;
  }
  void run() {
    while (core_->has_work()) core_->run(out_);
  }
  template <describe::described M>
  void hear(const std::string& from, std::uint64_t seq, const M& what) {
    core_->received({from, seq - 1, seq, {message_of(what, seq, from)}}, out_);
    run();
  }
  order_summary asked(const envelope& message) {
    core_->request(++tokens_, message, clock.now() + 5s, out_);
    for (const auto& one : std::exchange(out_.questions, {})) {
      request::reply said;
      const auto answer = [](const auto& what) {
        return request::answer{
            std::string{describe::name_of<std::decay_t<decltype(what)>>()}, 1, {}, describe::to_json(what)};
      };
      if (one.service == "catalog") said = answer(price_quote{{{"MC-1", "Can", "Tago Mago", {1999, "EUR"}}}});
      if (one.service == "inventory") said = answer(stock_check{});
      if (one.service == "customer") said = answer(customer_summary{"c-1", "Ada", "ada@example.org", {}});
      core_->replied(one.id, request::to_envelope(said));
    }
    run();
    for (const auto& one : out_.replies)
      if (one.token == tokens_)
        return describe::from_json<order_summary>(std::get<request::answer>(request::read_reply(one.message)).payload)
            .value();
    throw std::logic_error{"no answer"};
  }
  order_summary shown(const std::string& order_id) { return asked(message_of(show_order{order_id})); }

  base::manual_clock clock;

 private:
  std::optional<service_definition> definition_;
  std::unique_ptr<storage::store_factory> stores_ = storage::memory_stores();
  service::ledger_board ledgers_;
  base::random_source random_{1};
  std::uint64_t tokens_ = 0;
  service::outgoing out_;

 protected:
  std::unique_ptr<service::partition> core_;
};

TEST_F(OrderOvertaken, PaymentWaitsForTheOrdersOwnStepAndIsNoAttempt) {
  const auto order_id = asked(message_of(place_order{"c-1", {{"MC-1", 1}}, {"4000-0000-0000-0001"}})).order_id;
  hear("payment", 1, payment_received{.order_id = order_id});
  EXPECT_EQ(shown(order_id).status, order_status::pending);
  ASSERT_EQ(core_->waiting().of("payment", storage::waiting_state::deferred).count, 1U);
  EXPECT_EQ(core_->waiting_rows().value().front().attempts, 0);

  hear("inventory", 1, stock_reserved{order_id});
  EXPECT_EQ(shown(order_id).status, order_status::paid) << "woken by the write, without time passing";
  EXPECT_EQ(core_->waiting().size(), 0U);
  std::vector<order_status> history;
  const auto after = shown(order_id);
  for (const auto& step : after.history) history.push_back(step.status);
  EXPECT_THAT(history, ElementsAre(order_status::pending, order_status::placed, order_status::paid));
}

}  // namespace
}  // namespace musiccorp
