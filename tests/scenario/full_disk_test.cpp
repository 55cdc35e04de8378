// The disk refuses to take more while customers order: nobody who was told "accepted" loses an order, everybody else
// is told to try again, and the shop goes on by itself when there is room.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <string>
#include <vector>

#include "demo/plan.hpp"
#include "demo/promises.hpp"
#include "demo/shop_client.hpp"
#include "messages/customer_messages.hpp"
#include "messages/order_messages.hpp"
#include "support/eventually.hpp"
#include "support/ledger.hpp"
#include "support/process.hpp"

namespace musiccorp {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using demo::shop_client;

class FullDisk : public ::testing::Test {
 protected:
  FullDisk() { shop_.start(); }

  [[nodiscard]] shop_client shop() { return {connection_, shop_.url()}; }

  /// No file of the program may grow beyond this; a write that would gets EFBIG, as it would get ENOSPC.
  void limit_files(rlim_t bytes) {
    rlimit limit{};
    ASSERT_EQ(prlimit(shop_.pid(), RLIMIT_FSIZE, nullptr, &limit), 0);
    limit.rlim_cur = bytes;
    ASSERT_EQ(prlimit(shop_.pid(), RLIMIT_FSIZE, &limit, nullptr), 0);
  }

  int order(const std::string& customer, const std::string& idempotency) {
    const messages::place_order wanted{customer, {{"MC-0001", 1}}, {"4000-0000-0000-0001"}};
    const auto answered = connection_.fetch(shop().post_request("/orders", describe::to_json(wanted), idempotency));
    if (!answered) return 0;
    if (answered->status == 201)
      accepted_.push_back(describe::from_json<messages::order_summary>(answered->body).value());
    return answered->status;
  }

  int readiness() { return connection_.fetch(shop().get_request("/readyz")).value().status; }

  temporary_folder folder_;
  http::client connection_;
  shop_process shop_{folder_.path()};
  std::vector<messages::order_summary> accepted_;
};

TEST_F(FullDisk, LosesNothingAcceptedAndGoesOnWhenThereIsRoom) {
  const auto customer =
      shop().post<messages::customer_summary>("/customers", demo::customer_body(0), 201).value().customer_id;
  for (int i = 0; i < 20; ++i) ASSERT_EQ(order(customer, "before-" + std::to_string(i)), 201);

  limit_files(64 << 10);  // The log of the process fits below it, the stores are larger.
  int number = 0;
  ASSERT_TRUE(eventually([&] { return order(customer, "during-" + std::to_string(number++)) == 503; }));
  ASSERT_TRUE(eventually([&] { return readiness() == 503; }));
  ASSERT_TRUE(eventually([&] { return shop_.log_end().find("store-not-opened") != std::string::npos; }));
  EXPECT_EQ(readiness(), 503) << "a store that cannot be written is not open";
  EXPECT_TRUE(shop_.is_running());

  limit_files(RLIM_INFINITY);
  ASSERT_TRUE(eventually([&] { return readiness() == 200; })) << shop_.log_end();
  for (int i = 0; i < number; ++i) {
    const auto key = "during-" + std::to_string(i);
    ASSERT_TRUE(eventually([&] { return order(customer, key) == 201; })) << key;
  }

  for (const auto& one : accepted_)
    EXPECT_TRUE(eventually([&] {
      const auto now = shop().read<messages::order_summary>("/orders/" + one.order_id);
      return now && now->status == messages::order_status::shipped;
    })) << one.order_id;
  expect_ledger_zero(shop());
  EXPECT_GT(shop().metrics().value().sum("runtime_store_errors_total", {{"kind", "io"}}), 0);
  const auto end = shop_.stop();
  ASSERT_TRUE(end);
  EXPECT_EQ(end->code, 0) << shop_.log_end();
}

}  // namespace
}  // namespace musiccorp
