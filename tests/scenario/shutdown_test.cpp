// How the real program ends: in order, within its time, and with an exit code that says what was cut.
#include <gmock/gmock.h>
#include <gtest/gtest.h>


#include "demo/plan.hpp"
#include "demo/shop_client.hpp"
#include "messages/customer_messages.hpp"
#include "messages/order_messages.hpp"
#include "messages/pricing_messages.hpp"
#include "support/eventually.hpp"
#include "support/ledger.hpp"
#include "support/listener.hpp"
#include "support/process.hpp"
#include "support/store_reader.hpp"
#include "unit/http/raw_connection.hpp"

namespace musiccorp {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using demo::process_end;
using ::testing::HasSubstr;
using ::testing::Optional;

constexpr int gave_up = 70, cut_short = 75;
constexpr auto patience = 60s;

class Shutdown : public ::testing::Test {
 protected:
  /// However it ended: the next start has lost nothing of it.
  void TearDown() override {
    start({"/retry/delay_first_ms=1", "/retry/delay_longest_ms=20"});
    expect_ledger_zero(client());
    EXPECT_THAT(shop_->stop(), Optional(process_end{0, 0}));
    if (HasFailure()) folder_.keep();
  }
  void start(std::vector<std::string> settings = {}) {
    std::vector<std::string> flags{"--set", "/log/level=info"};
    for (auto& one : settings) {
      flags.emplace_back("--set");
      flags.push_back(std::move(one));
    }
    shop_.emplace(folder_.path(), std::move(flags));
    shop_->start();
  }
  [[nodiscard]] http::raw_connection connect() const {
    return http::raw_connection{
        static_cast<std::uint16_t>(std::stoi(shop_->url().substr(shop_->url().rfind(':') + 1)))};
  }
  [[nodiscard]] static std::string get(const std::string& path) {
    return "GET " + path + " HTTP/1.1\r\nhost: localhost\r\n\r\n";
  }
  /// More answers than any socket keeps for a client that takes none but the beginning of the first: from then on the
  /// server is busy with it until it can send no more.
  static void ask_for_too_much(http::raw_connection& client) {
    std::string all;  // At once, so that the server has read many of them when it begins with the first.
    for (int i = 0; i < 400; ++i) all += get("/openapi.json");
    client.send(all);
    EXPECT_NE(client.read_until("200 OK"), "");
  }
  [[nodiscard]] demo::shop_client client() { return {connection_, shop_->url()}; }
  temporary_folder folder_;
  http::client connection_;
  std::optional<shop_process> shop_;
};

TEST_F(Shutdown, AnOpenEventStreamWhoseClientNeitherReadsNorLeavesIsNoRequestThatIsCut) {
  start();
  auto browser = connect();
  browser.send(get("/console/events"));
  EXPECT_THAT(browser.read_until("event: mailboxes"), HasSubstr("text/event-stream"));
  EXPECT_THAT(shop_->stop(), Optional(process_end{0, 0}));
  EXPECT_THAT(shop_->log_end(), HasSubstr("node-stopped"));
}

TEST_F(Shutdown, AnswersThatAClientDoesNotTakeAreCutInTimeAndTheExitCodeSaysSo) {
  start({"/stop_longest_ms=1000"});
  auto client = connect();
  ask_for_too_much(client);
  EXPECT_THAT(shop_->stop(), Optional(process_end{cut_short, 0}));
  EXPECT_THAT(shop_->log_end(), HasSubstr(R"("phase":"finish requests")"));
}

TEST_F(Shutdown, ASecondSignalHurriesItWhateverTimeItHas) {
  start({"/stop_longest_ms=600000"});
  auto client = connect();
  ask_for_too_much(client);
  shop_->ask_to_stop();
  ASSERT_TRUE(eventually([&] { return shop_->log_end().find("node-stopping") != std::string::npos; }));
  EXPECT_TRUE(shop_->is_running());
  shop_->ask_to_stop();
  EXPECT_THAT(shop_->wait(patience), Optional(process_end{cut_short, 0}));
}

/// The mail server takes the connection and never says a word.
TEST_F(Shutdown, AMailThatWaitsForItsServerHoldsNothingUpAndIsNotCharged) {
  const listener silent;
  start({R"(/services/notification/settings={"smtp_url":"smtp://)" + silent.address() +
         R"(","total_timeout_ms":120000})"});
  auto shop = client();
  const auto known = shop.post<messages::customer_summary>("/customers", demo::customer_body(0), 201);
  ASSERT_TRUE(known) << known.error().text;
  const messages::place_order wanted{known->customer_id, {{"MC-0001", 1}}, {"4000-0000-0000-0001"}};
  ASSERT_TRUE(shop.post<messages::order_summary>("/orders", describe::to_json(wanted), 201));
  const int waiting = silent.accept();
  EXPECT_THAT(shop_->stop(), Optional(process_end{0, 0}));
  ::close(waiting);
  const store_reader store{folder_.path() / "notification.db"};
  EXPECT_EQ(store.number("SELECT count(*) FROM attempt"), 0) << "a planned stop charges nobody";
  EXPECT_EQ(store.number("SELECT count(*) FROM waiting WHERE attempts > 0"), 0);

  start();  // Into the maildir now.
  EXPECT_TRUE(eventually([&] {
    std::error_code none;
    return !std::filesystem::is_empty(folder_.path() / "mail" / "new", none) && !none;
  })) << "what was interrupted is sent";
  EXPECT_THAT(shop_->stop(), Optional(process_end{0, 0}));
}

TEST_F(Shutdown, ANodeWhoseServicesCanNotBeKeptUpGivesUpAndSaysWhy) {
  start({"/supervision/differing_crashes=1", "/supervision/restarts_max=0", "/supervision/services_restarts_max=0",
         "/supervision/delay_first_ms=1", "/retry/attempts_max=1000", "/retry/delay_first_ms=1"});
  ASSERT_TRUE(client().post<messages::price_job_summary>(
      "/pricing/jobs", describe::to_json(messages::create_price_job{"MC-0001", -100}), 202));
  EXPECT_THAT(shop_->wait(patience), Optional(process_end{gave_up, 0}));
  EXPECT_THAT(shop_->log_end(20'000), HasSubstr("The node gave up: "));
}

}  // namespace
}  // namespace musiccorp
