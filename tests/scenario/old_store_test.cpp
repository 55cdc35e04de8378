// A store that is not the one that it was, under the real program: the shop says so, and nothing that it accepts
// afterwards is lost once the true store is back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "demo/plan.hpp"
#include "demo/shop_client.hpp"
#include "messages/customer_messages.hpp"
#include "messages/order_messages.hpp"
#include "support/eventually.hpp"
#include "support/ledger.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"

namespace musiccorp {
namespace {

using namespace testing;
using demo::shop_client;
using ::testing::AllOf;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

class OldStore : public ::testing::Test {
 protected:
  OldStore() { shop_.start(); }

  [[nodiscard]] shop_client shop() { return {connection_, shop_.url()}; }
  [[nodiscard]] fs::path store(const std::string& service) const { return folder_.path() / (service + ".db"); }

  void make_customer() {
    const auto made = shop().post<messages::customer_summary>("/customers", demo::customer_body(0), 201);
    ASSERT_TRUE(made) << made.error().text;
    customer_ = made->customer_id;
  }
  void order(int many) {
    for (int i = 0; i < many; ++i) {
      const messages::place_order wanted{customer_, {{"MC-0001", 1}}, {"4000-0000-0000-0001"}};
      const auto key = "order-" + std::to_string(++number_);
      const auto said = connection_.fetch(shop().post_request("/orders", describe::to_json(wanted), key));
      ASSERT_TRUE(said && said->status == 201) << key;
      accepted_.push_back(describe::from_json<messages::order_summary>(said->body).value().order_id);
    }
  }
  void expect_all_shipped() {
    for (const auto& id : accepted_)
      EXPECT_TRUE(eventually([&] {
        const auto now = shop().read<messages::order_summary>("/orders/" + id);
        return now && now->status == messages::order_status::shipped;
      })) << id;
  }
  void stop() {
    const auto end = shop_.stop();
    ASSERT_TRUE(end && end->code == 0) << shop_.log_end();
  }
  /// Of a shop that is not running.
  void copy(const fs::path& from, const fs::path& to) {
    fs::copy_file(from, to, fs::copy_options::overwrite_existing);
  }
  std::string why_not_ready() {
    std::string why;
    EXPECT_TRUE(eventually([&] {
      const auto said = connection_.fetch(shop().get_request("/readyz"));
      why = said ? said->body : std::string{};
      return said && said->status == 503;
    }));
    return why;
  }

  temporary_folder folder_;
  http::client connection_;
  shop_process shop_{folder_.path()};
  std::string customer_;
  std::vector<std::string> accepted_;
  int number_ = 0;
};

TEST_F(OldStore, OfAPublisherIsSaidAndTheTrueOneMendsIt) {
  make_customer();
  order(3);
  expect_all_shipped();
  stop();
  const auto old = folder_.path() / "old", now = folder_.path() / "true";
  copy(store("payment"), old);

  shop_.start();
  order(3);
  expect_all_shipped();
  stop();
  copy(store("payment"), now);
  copy(old, store("payment"));

  shop_.start();
  EXPECT_THAT(why_not_ready(), AllOf(HasSubstr("queue payment:order is held"), HasSubstr("has lost its end")));
  EXPECT_EQ(connection_.fetch(shop().get_request("/healthz")).value().status, 200) << "no restart would help";
  EXPECT_THAT(shop_.log_end(100'000), AllOf(HasSubstr("stream-refused"), HasSubstr("payment")));
  order(2);  // Accepted; it waits for its payment.
  stop();
  copy(now, store("payment"));

  shop_.start();
  EXPECT_TRUE(eventually([&] { return connection_.fetch(shop().get_request("/readyz")).value().status == 200; }));
  order(1);
  expect_all_shipped();
  expect_ledger_zero(shop());
  stop();
}

TEST_F(OldStore, ThatIsGoneOrEmptyIsNotMadeAnew) {
  make_customer();
  order(1);
  stop();
  const auto cannot_start = [&](const std::string& text) {
    shop_.launch();
    const auto end = shop_.wait(std::chrono::seconds{60});
    ASSERT_TRUE(end);
    EXPECT_EQ(end->code, 74);
    EXPECT_THAT(shop_.log_end(), AllOf(HasSubstr(store("order").native() + ": " + text),
                                       HasSubstr("all stores of the shop from a backup of one moment")));
  };
  const auto kept = folder_.path() / "kept";
  fs::rename(store("order"), kept);
  cannot_start("is gone");
  std::ofstream{store("order")};
  cannot_start("is empty");
  fs::rename(kept, store("order"));
  shop_.start();
  expect_all_shipped();
  stop();
}

}  // namespace
}  // namespace musiccorp
