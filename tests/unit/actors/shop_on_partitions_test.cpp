// The whole shop on real partitions: logs, cursors, retries and dead letters, in one thread under simulated time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "messages/acquirer_messages.hpp"
#include "messages/catalog_messages.hpp"
#include "messages/customer_messages.hpp"
#include "messages/order_messages.hpp"
#include "messages/payment_messages.hpp"
#include "messages/pricing_messages.hpp"
#include "roster/roster.hpp"
#include "support/little_world.hpp"

namespace musiccorp {
namespace {

using namespace messages;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::little_world;
using ::testing::SizeIs;

/// A folder for mails that is gone with the test.
class folder {
 public:
  folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "musiccorp-shop-XXXXXX").string();
    ensure(::mkdtemp(pattern.data()) != nullptr, "there is a temporary folder");
    path = pattern;
  }
  ~folder() { std::filesystem::remove_all(path); }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  std::filesystem::path path;
};

class shop {
 public:
  explicit shop(std::uint64_t seed = 1)
      : world{roster::roster({}, home.path, std::filesystem::path{MUSICCORP_SOURCE_DIR} / "config/catalog.json")
                  .value(),
              seed} {
    world.settle();
  }

  template <class M>
  request::reply ask(const std::string& service, const M& command) {
    const auto token = world.ask(service, command);
    world.settle();
    return world.reply(token).value();
  }
  template <class R, class M>
  R answer(const std::string& service, const M& command) {
    const auto said = ask(service, command);
    const auto* got = std::get_if<request::answer>(&said);
    ensure(got != nullptr, service + " answers " + std::string{describe::name_of<M>()});
    return describe::from_json<R>(got->payload).value();
  }

  std::string customer() {
    return answer<customer_summary>(
               "customer", register_customer{"Ada", "ada@example.org", {"Main Street 1", "Turin", "10121", "IT"}})
        .customer_id;
  }
  order_summary order(std::int64_t pieces, const std::string& card = "4000-0000-0000-0001") {
    const auto placed =
        answer<order_summary>("order", place_order{customer(), {{"MC-0001", pieces}, {"MC-0002", 1}}, {card}});
    world.pass(1min);
    return answer<order_summary>("order", show_order{placed.order_id});
  }

  folder home;
  little_world world;
};

std::vector<order_status> statuses(const order_summary& one) {
  std::vector<order_status> all;
  for (const auto& step : one.history) all.push_back(step.status);
  return all;
}

using enum order_status;

TEST(ShopOnPartitions, ShipsAPaidOrder) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    shop open{seed};
    const auto done = open.order(2);
    EXPECT_THAT(statuses(done), ElementsAre(pending, placed, paid, packaged, shipped));
    const auto mails = std::filesystem::directory_iterator{open.home.path / "mail/new"};
    EXPECT_EQ(std::distance(begin(mails), end(mails)), 3);
  }
}

TEST(ShopOnPartitions, RefundsWhenTheWarehouseCannotPack) {
  shop open;
  const auto done = open.order(31);
  EXPECT_THAT(statuses(done), ElementsAre(pending, placed, paid, cancelled));
  EXPECT_EQ(done.refunded, done.total);
  const auto money = open.answer<payment_summary>("payment", show_payment{done.order_id});
  EXPECT_THAT(money.charges, SizeIs(1));
  EXPECT_THAT(money.refunds, SizeIs(1));
}

TEST(ShopOnPartitions, CancelsAnOrderWithADeclinedCard) {
  shop open;
  const auto done = open.order(1, "4000-0000-0000-0002");
  EXPECT_THAT(statuses(done), ElementsAre(pending, placed, cancelled));
}

TEST(ShopOnPartitions, WaitsForASlowProviderAndChargesOnce) {
  shop open;
  open.ask("acquirer", set_acquirer_behaviour{.delay_ms = 3000, .fail_percent = 0});
  const auto done = open.order(1);
  EXPECT_EQ(done.status, shipped);
  EXPECT_THAT(open.answer<acquirer_ledger>("acquirer", show_ledger{done.order_id}).entries, SizeIs(1));
}

TEST(ShopOnPartitions, ChangesAPriceAndSurvivesThePoisonJob) {
  shop open;
  const auto poison = open.answer<price_job_summary>("pricing", create_price_job{"MC-0001", -100});
  const auto good = open.answer<price_job_summary>("pricing", create_price_job{"MC-0002", 10});
  open.world.pass(10min);
  EXPECT_EQ(open.answer<price_job_summary>("pricing", show_price_job{poison.job_id}).status,
            price_job_status::requested);
  const auto job = open.answer<price_job_summary>("pricing", show_price_job{good.job_id});
  EXPECT_EQ(job.status, price_job_status::finished);
  EXPECT_EQ(open.answer<item_summary>("catalog", show_item{"MC-0002"}).price, job.price_after);
  EXPECT_EQ(open.world.books("pricing:pricing").dead, 1U);
}

}  // namespace
}  // namespace musiccorp
