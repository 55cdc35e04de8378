// Every message of the shop survives the ways on which it travels: JSON and CAF's binary form.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/make_message.hpp>
#include <filesystem>
#include <set>
#include <tuple>

#include "cluster/frame.hpp"
#include "delivery/dead_letters.hpp"
#include "hospital/audit_messages.hpp"
#include "hospital/batch_messages.hpp"
#include "hospital/case_messages.hpp"
#include "hospital/group_messages.hpp"
#include "hospital/rehearsal_messages.hpp"
#include "messages/acquirer_messages.hpp"
#include "messages/catalog_messages.hpp"
#include "messages/customer_messages.hpp"
#include "messages/fraud_messages.hpp"
#include "messages/inventory_messages.hpp"
#include "messages/notification_messages.hpp"
#include "messages/order_messages.hpp"
#include "messages/payment_messages.hpp"
#include "messages/pricing_messages.hpp"
#include "messages/shipping_messages.hpp"
#include "messages/warehouse_messages.hpp"
#include "roster/roster.hpp"
#include "support/random_value.hpp"

namespace musiccorp::messages {
namespace {

using every_message = std::tuple<
    quote_prices, price_quote, quote_price, quoted_item, show_item, item_summary, list_catalog, catalog_page,
    item_added, check_stock, stock_check, reserve_stock, stock_reserved, stock_rejected, show_stock, stock_summary,
    list_stock, stock_page, stock_level_changed, register_customer, update_customer, show_customer, check_customer,
    customer_summary, customer_registered, customer_updated, place_order, cancel_order, show_order, list_orders,
    order_summary, order_page, order_placed, order_rejected, order_cancelled, void_payment, payment_voided,
    payment_kept, show_payment, payment_summary, list_payments, payment_page, payment_received, payment_declined,
    payment_refunded, charge_card, card_charged, card_declined, refund_card, card_refunded, set_acquirer_behaviour,
    acquirer_behaviour, show_acquirer_behaviour, show_ledger, acquirer_ledger, show_fraud_score, fraud_score,
    fraud_flag_updated, show_package, package_summary, order_packaged, order_unfulfillable, show_shipment,
    shipment_summary, order_shipped, list_notifications, notification_page, notification_sent, create_price_job,
    show_price_job, price_job_summary, reprice, price_changed>;

using message_of_the_hospital = std::tuple<
    delivery::message_died, delivery::message_healed, delivery::message_discarded, delivery::treatment_refused,
    delivery::replay_message, delivery::discard_message, delivery::rehearse_message, delivery::rehearsal,
    hospital::list_cases, hospital::case_page, hospital::show_case, hospital::reveal_case, hospital::case_detail,
    hospital::replay_case, hospital::edit_case, hospital::discard_case, hospital::keep_case, hospital::bury_case,
    hospital::case_summary, hospital::list_groups, hospital::group_page, hospital::show_group,
    hospital::group_summary, hospital::start_batch, hospital::batch_summary, hospital::list_batches,
    hospital::batch_page, hospital::show_batch, hospital::batch_detail, hospital::cancel_batch,
    hospital::continue_batch, hospital::list_audit, hospital::audit_page, delivery::open_conversations,
    delivery::conversations_open, hospital::show_rehearsal, hospital::rehearse_case, hospital::rehearsal_view>;

/// Calls `visit` with a default value of each message.
template <class Visit>
void each_message_of_the_shop(const Visit& visit) {
  std::apply([&](const auto&... one) { (visit(one), ...); }, every_message{});
}
template <class Visit>
void each_message(const Visit& visit) {
  each_message_of_the_shop(visit);
  std::apply([&](const auto&... one) { (visit(one), ...); }, message_of_the_hospital{});
}

constexpr std::uint64_t rounds = 50;

TEST(Messages, AreAllNamedHere) {
  std::set<std::string, std::less<>> named;
  each_message([&]<class M>(const M&) { named.emplace(describe::name_of<M>()); });
  const auto file = std::filesystem::path{MUSICCORP_SOURCE_DIR} / "config/catalog.json";
  const auto services = roster::roster({}, "/nonexistent", file).value();
  for (const auto& service : services)
    for (const auto* type : service.types().all()) EXPECT_TRUE(named.contains(type->name)) << type->name;
}

TEST(Messages, ComeBackFromJson) {
  each_message([]<class M>(const M&) {
    for (std::uint64_t seed = 1; seed <= rounds; ++seed) {
      const auto text = describe::to_json(support::value_maker{seed}.make<M>());
      const auto read = describe::from_json<M>(text);
      ASSERT_TRUE(read) << describe::name_of<M>() << ", seed " << seed << ": " << read.error().text << "\n" << text;
      ASSERT_EQ(describe::to_json(*read), text) << "seed " << seed;
    }
  });
}

TEST(Messages, ComeBackFromCaf) {
  // Those of the hospital travel in envelopes only, as JSON.
  each_message_of_the_shop([]<class M>(const M&) {
    for (std::uint64_t seed = 1; seed <= rounds; ++seed) {
      auto value = support::value_maker{seed}.make<M>();
      std::vector<char> bytes;
      caf::binary_serializer sink{static_cast<caf::execution_unit*>(nullptr), bytes};
      ASSERT_FALSE(sink(value));
      M read;
      caf::binary_deserializer source{static_cast<caf::execution_unit*>(nullptr), bytes};
      ASSERT_FALSE(source(read)) << describe::name_of<M>() << ", seed " << seed;
      ASSERT_EQ(describe::to_json(read), describe::to_json(value)) << "seed " << seed;
    }
  });
}

/// What a link between nodes carries: a frame of envelopes, inside a message whose types CAF knows by their names.
class link_format {
 public:
  link_format() : system_{config_.add_message_types<caf::id_block::musiccorp_cluster>()} {}

  /// What the other side reads.
  envelope carried(const envelope& sent) {
    auto message = caf::make_message(cluster::frame{"{}", {sent, sent}});
    std::vector<char> bytes;
    caf::binary_serializer sink{system_, bytes};
    if (auto trouble = message.save(sink)) throw std::runtime_error{"cannot be written"};
    caf::message read;
    caf::binary_deserializer source{system_, bytes};
    if (auto trouble = read.load(source)) throw std::runtime_error{"cannot be read"};
    return read.get_as<cluster::frame>(0).messages.at(1);
  }

 private:
  caf::actor_system_config config_;
  caf::actor_system system_;
};

TEST(Messages, ComeBackFromALinkInTheirEnvelopes) {
  link_format link;
  each_message([&]<class M>(const M&) {
    for (std::uint64_t seed = 1; seed <= rounds; ++seed) {
      support::value_maker make{seed};
      auto sent = make.make<envelope>();
      sent.type = describe::name_of<M>();
      sent.version = describe::version_of<M>();
      sent.payload = describe::to_json(make.make<M>());
      const auto got = link.carried(sent);
      ASSERT_EQ(got, sent) << sent.type << ", seed " << seed;
      const auto read = describe::from_json<M>(got.payload);
      ASSERT_TRUE(read) << sent.type << ", seed " << seed << ": " << read.error().text;
      ASSERT_EQ(describe::to_json(*read), sent.payload) << sent.type << ", seed " << seed;
    }
  });
}

TEST(Messages, HaveTheNamesOfTheDesign) {
  std::set<std::string_view> names;
  each_message([&]<class M>(const M&) { names.insert(describe::name_of<M>()); });
  for (const auto* name :
       {"item.added",          "price.changed",       "reserve_stock",    "stock_reserved",    "stock_rejected",
        "stock.level_changed", "customer.registered", "customer.updated", "order.placed",      "order.rejected",
        "order.cancelled",     "payment.received",    "payment.declined", "payment.refunded",  "fraud.flag_updated",
        "order.packaged",      "order.unfulfillable", "order.shipped",    "notification.sent", "reprice"})
    EXPECT_TRUE(names.contains(name)) << name;
}

TEST(Messages, ShowNoPersonalDataWhenRedacted) {
  const order_placed event{.order_id = "o-1",
                           .customer_id = "c-1",
                           .name = "SECRET",
                           .email = "SECRET",
                           .address = {"SECRET", "SECRET", "SECRET", "IT"},
                           .card = "SECRET"};
  const auto text = describe::to_json(event, describe::personal_data::redact);
  EXPECT_THAT(text, ::testing::Not(::testing::HasSubstr("SECRET")));
  EXPECT_THAT(text, ::testing::HasSubstr("o-1"));
}

}  // namespace
}  // namespace musiccorp::messages
