// Kills the real program again and again while customers order, and then asks everybody what became of the orders.
//
//   crash_test [--kills N] [--seconds T] [--seed S]      also MUSICCORP_KILLS, MUSICCORP_SECONDS, MUSICCORP_SEED
//
// A run kills a new shop N times and looks at it then. With T there is run after run until so much time has passed;
// the last one is ended. `--keep` leaves the data there.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>

#include "base/random.hpp"
#include "demo/promises.hpp"
#include "messages/customer_messages.hpp"
#include "messages/pricing_messages.hpp"
#include "support/process.hpp"
#include "support/store_reader.hpp"
#include "support/stubborn_clients.hpp"

namespace musiccorp {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using demo::shop_client;

struct {
  std::size_t kills = 20;
  std::chrono::seconds time{0};  ///< 0: one run
  std::uint64_t seed = base::seed_from_system() % 1'000'000;
  bool keep = false;
} wanted;

constexpr std::size_t clients = 8;
/// Pieces of every item but the scarcest: more than any run sells, so that only the rush may find a shelf empty; and
/// few enough that "more than the shop ever had" still fits into one order.
constexpr int ample_stock = 4'500;
constexpr auto rest_longest = 120s;

/// The shop's catalogue with ample stock; returns where it is.
std::string ample_catalogue(const std::filesystem::path& folder) {
  auto catalogue = nlohmann::json::parse(std::ifstream{std::string{MUSICCORP_SOURCE_DIR} + "/config/catalog.json"});
  auto& items = catalogue.at("items");
  const auto scarcest =
      std::ranges::min_element(items, {}, [](const auto& item) { return item.at("stock").template get<int>(); });
  for (auto item = items.begin(); item != items.end(); ++item)
    if (item != scarcest) item->at("stock") = ample_stock;
  const auto file = folder / "catalog.json";
  std::ofstream{file} << catalogue;
  return file.string();
}

/// One shop from its first start to its end.
class crash_run {
 public:
  explicit crash_run(std::uint64_t seed) : seed_{seed} {
    std::printf("seed %llu, %zu kills\n", static_cast<unsigned long long>(seed_), wanted.kills);
  }
  ~crash_run() {
    if (!wanted.keep && !::testing::Test::HasFailure()) return;
    folder_.keep();
    std::printf("the data is kept in %s; repeat with --seed %llu\n", folder_.path().c_str(),
                static_cast<unsigned long long>(seed_));
  }
  crash_run(const crash_run&) = delete;
  crash_run& operator=(const crash_run&) = delete;

  void lose_nothing();

 private:
  [[nodiscard]] shop_client shop() { return {connection_, shop_.url()}; }

  std::vector<demo::planned_order> prepare() {
    shop_.start();
    std::vector<std::string> customers;
    for (std::size_t i = 0; i < 40; ++i)
      customers.push_back(
          shop().post<messages::customer_summary>("/customers", demo::customer_body(i), 201).value().customer_id);
    const auto stock = shop().list("/inventory", &messages::stock_page::items).value();
    const auto orders = 600 * wanted.kills;
    auto plan = demo::make_plan(seed_, orders, customers, stock, "crash");
    set_acquirer(20, 3);
    (void)shop()
        .post<messages::price_job_summary>("/pricing/jobs",
                                           R"({"sku": ")" + plan.poison_sku + R"(", "percent": -100})", 202)
        .value();
    return std::move(plan.orders);
  }

  void set_acquirer(int delay_ms, int fail_percent) {
    auto request =
        shop().post_request("/acquirer/behaviour", R"({"delay_ms": )" + std::to_string(delay_ms) +
                                                       R"(, "fail_percent": )" + std::to_string(fail_percent) + "}");
    request.method = "PUT";
    EXPECT_EQ(connection_.fetch(std::move(request)).value().status, 200);
  }

  /// Lets it work for a random time and kills it. One of five dies while it starts.
  void kill_once() {
    if (random_.below(5) == 0) {
      shop_.kill();
      shop_.launch();
      ASSERT_FALSE(shop_.dies_within(std::chrono::milliseconds{random_.below(150)})) << shop_.log_end();
    } else {
      ASSERT_FALSE(shop_.dies_within(std::chrono::milliseconds{50 + random_.below(550)})) << shop_.log_end();
    }
    shop_.kill();
    const auto before = std::chrono::steady_clock::now();
    shop_.start();
    start_longest_ = std::max(start_longest_, std::chrono::steady_clock::now() - before);
    board_.put(shop_.url());
  }

  std::uint64_t seed_;
  temporary_folder folder_;
  base::random_source random_{seed_};
  http::client connection_{{.connections_per_host = 32, .response_limit = 64U << 20U, .timeout = 30s}};
  shop_process shop_{folder_.path(), {"--set", "/imports/catalog=" + ample_catalogue(folder_.path())}};
  address_board board_;
  std::chrono::steady_clock::duration start_longest_{};
};

std::vector<demo::accepted_order> accepted_of(const std::vector<answered_order>& answered) {
  std::vector<demo::accepted_order> all;
  for (const auto& one : answered) {
    if (one.status != 201) continue;
    const auto order = describe::from_json<messages::order_summary>(one.body);
    EXPECT_TRUE(order) << one.body;
    if (order) all.push_back({order->order_id, order->customer_id, order->total});
  }
  return all;
}

void expect_sensible_answers(const std::vector<answered_order>& answered) {
  using demo::order_kind;
  for (const auto& one : answered) {
    const auto kind = one.planned.kind;
    const bool refused = kind == order_kind::unknown_item || kind == order_kind::without_stock;
    const bool may_be_short = kind == order_kind::rush && one.status == 409;
    const int status = kind == order_kind::unknown_item ? 422 : kind == order_kind::without_stock ? 409 : 201;
    EXPECT_TRUE(one.status == status || may_be_short)
        << describe::name_of(kind) << (refused ? " is refused" : " is accepted") << ", found " << one.status << " "
        << one.body;
  }
}

/// Keys outlive kills: every repeat gets the answer of the first time, to the byte.
void expect_same_answers(const shop_client& shop, const std::vector<answered_order>& answered) {
  for (std::size_t i = 0; i < answered.size(); i += 7) {
    const auto& one = answered[i];
    if (one.status != 201) continue;
    const auto again = shop.connection().fetch(
        shop.post_request("/orders", describe::to_json(one.planned.command), one.planned.idempotency));
    ASSERT_TRUE(again) << again.error().text;
    EXPECT_EQ(again->status, one.status);
    EXPECT_EQ(again->body, one.body);
  }
}

constexpr auto services = {"catalog", "inventory", "customer", "order",        "payment", "acquirer",
                           "fraud",   "warehouse", "shipping", "notification", "pricing", "hospital"};

void expect_nothing(const store_reader& file, const std::string& what, const std::string& sql) {
  const auto found = file.rows(sql);
  EXPECT_TRUE(found.empty()) << what << ": " << found.size() << ", first: " << found.at(0).at(0);
}

/// What each store says of itself: nothing torn, no gap in a log, and every message received is accounted for.
void expect_sound_store(const std::filesystem::path& file) {
  SCOPED_TRACE(file.filename().string());
  const store_reader store{file};
  EXPECT_TRUE(store.is_whole());
  expect_nothing(store, "logs with gaps",
                 "SELECT max(seq) FROM log HAVING count(*) > 0 AND count(*) <> max(seq) - min(seq) + 1");
  expect_nothing(store, "messages that were never counted",
                 "SELECT max(newest) FROM published HAVING coalesce(max(newest), 0) <> coalesce(sum(count), 0)");
  expect_nothing(store, "cursors that do not add up",
                 "SELECT upstream FROM cursor WHERE received <> processed + dead + discarded + (SELECT count(*) FROM "
                 "waiting WHERE waiting.upstream = cursor.upstream AND state <> 3)");
  expect_nothing(
      store, "dead letters beside the poison",
      "SELECT upstream || ' ' || message_type || ': ' || error FROM waiting WHERE message_type <> 'reprice'");
}

/// Whatever is killed from outside, the poison was tried as often as it may be, by its own fault each time, and
/// nobody else was charged for a death.
void expect_exact_attempts(const std::filesystem::path& data) {
  const store_reader pricing{data / "pricing.db"};
  const auto dead = pricing.rows(
      "SELECT w.seq, w.attempts_before + w.attempts, count(a.number), min(a.number), max(a.number), "
      "sum(a.kind = 'crash'), sum(a.outcome = 'died') FROM waiting AS w JOIN attempt AS a USING (upstream, seq) "
      "WHERE w.state = 3 GROUP BY w.upstream, w.seq");
  EXPECT_FALSE(dead.empty()) << "there was a poison message";
  for (const auto& one : dead)
    EXPECT_EQ(one, (store_reader::row{one.at(0), "5", "5", "1", "5", "5", "1"})) << "message " << one.at(0);
  for (const auto* service : services)
    expect_nothing(store_reader{data / (std::string{service} + ".db")}, std::string{service} + " was charged deaths",
                   "SELECT upstream || ' ' || seq FROM suspect WHERE deaths > 0");
}

/// The orders as the files have them, not as any service tells them.
void expect_sound_orders(const std::filesystem::path& data, const std::vector<demo::accepted_order>& accepted) {
  store_reader order{data / "order.db"};
  std::set<std::string> kept;
  for (const auto& row : order.rows("SELECT key FROM entity WHERE type = 'order'")) kept.insert(row.at(0));
  for (const auto& one : accepted) EXPECT_TRUE(kept.contains(one.order_id)) << one.order_id << " is lost";

  order.attach(data / "acquirer.db", "acquirer");
  order.attach(data / "payment.db", "payment");
  order.attach(data / "inventory.db", "inventory");
  expect_nothing(order, "orders that are not final",
                 "SELECT key FROM entity WHERE type = 'order' AND body ->> 'status' NOT IN ('shipped', 'rejected', "
                 "'cancelled')");
  expect_nothing(order, "orders charged twice by the acquirer",
                 "SELECT body ->> 'order_id' FROM acquirer.entity WHERE type = 'ledger_entry' AND body ->> 'kind' = "
                 "'charge' GROUP BY 1 HAVING count(*) > 1");
  expect_nothing(
      order, "orders charged twice in payment",
      "SELECT key FROM payment.entity WHERE type = 'payment' AND json_array_length(body, '$.charges') > 1");
  expect_nothing(
      order, "orders whose money does not add up",
      "WITH moved AS (SELECT body ->> 'order_id' AS id, sum(CASE body ->> 'kind' WHEN 'charge' THEN 1 WHEN 'refund' "
      "THEN -1 ELSE 0 END * (body ->> '$.amount.amount_minor')) AS amount FROM acquirer.entity WHERE type = "
      "'ledger_entry' GROUP BY 1) SELECT o.key FROM entity AS o LEFT JOIN moved ON moved.id = o.key WHERE o.type = "
      "'order' AND coalesce(moved.amount, 0) <> iif(o.body ->> 'status' = 'shipped', o.body ->> "
      "'$.total.amount_minor', 0)");
  expect_nothing(
      order, "items whose pieces do not add up",
      "SELECT key FROM inventory.entity WHERE type = 'stock_summary' AND (body ->> 'received' <> (body ->> "
      "'on_hand') + (body ->> 'reserved') + (body ->> 'shipped') OR body ->> 'reserved' <> 0)");
  expect_nothing(order, "orders of which inventory tells another story",
                 "SELECT o.key FROM entity AS o JOIN inventory.entity AS r ON r.type = 'reservation' AND r.key = "
                 "o.key WHERE o.type = 'order' AND (o.body ->> 'status' = 'shipped') <> (r.body ->> 'state' = "
                 "'shipped')");
}

void crash_run::lose_nothing() {
  auto orders = prepare();
  board_.put(shop_.url());
  stubborn_clients load{board_, std::move(orders), clients};
  for (std::size_t i = 0; i < wanted.kills; ++i) {
    kill_once();
    if (::testing::Test::HasFatalFailure()) return;
  }
  const auto answered = load.finish();
  set_acquirer(0, 0);
  const auto rest = demo::wait_for_rest(shop(), rest_longest);
  ASSERT_TRUE(rest) << rest.error().text << "\n" << shop_.log_end();

  const auto accepted = accepted_of(answered);
  int lost = 0;
  for (const auto& one : answered) lost += one.lost;
  std::printf("%zu orders answered, %zu accepted, %d attempts without an answer; slowest start %.2f s\n",
              answered.size(), accepted.size(), lost, std::chrono::duration<double>(start_longest_).count());
  EXPECT_GT(accepted.size(), wanted.kills) << "too little load to prove anything";
  expect_sensible_answers(answered);
  expect_same_answers(shop(), answered);

  const auto findings = demo::check_promises(shop(), accepted);
  ASSERT_TRUE(findings) << findings.error().text;
  for (const auto& one : *findings) {
    std::printf("  %s  %s: %s\n", one.holds ? "holds " : "BROKEN", one.promise.c_str(), one.evidence.c_str());
    EXPECT_TRUE(one.holds) << one.promise << ": " << one.evidence;
  }

  const auto ended = shop_.stop();
  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(*ended, (demo::process_end{0, 0}));
  for (const auto* service : services) expect_sound_store(folder_.path() / (std::string{service} + ".db"));
  expect_exact_attempts(folder_.path());
  expect_sound_orders(folder_.path(), accepted);
}

TEST(CrashSuite, LosesNothingHoweverOftenItIsKilled) {
  const auto end = std::chrono::steady_clock::now() + wanted.time;
  auto seed = wanted.seed;
  do crash_run{seed++}.lose_nothing();
  while (std::chrono::steady_clock::now() < end && !HasFailure());
}

}  // namespace
}  // namespace musiccorp

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (const auto* kills = std::getenv("MUSICCORP_KILLS")) musiccorp::wanted.kills = std::strtoull(kills, nullptr, 10);
  if (const auto* time = std::getenv("MUSICCORP_SECONDS"))
    musiccorp::wanted.time = std::chrono::seconds{std::strtoll(time, nullptr, 10)};
  if (const auto* seed = std::getenv("MUSICCORP_SEED")) musiccorp::wanted.seed = std::strtoull(seed, nullptr, 10);
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--keep") musiccorp::wanted.keep = true;
    if (word == "--kills" && i + 1 < argc) musiccorp::wanted.kills = std::strtoull(argv[++i], nullptr, 10);
    if (word == "--seconds" && i + 1 < argc)
      musiccorp::wanted.time = std::chrono::seconds{std::strtoll(argv[++i], nullptr, 10)};
    if (word == "--seed" && i + 1 < argc) musiccorp::wanted.seed = std::strtoull(argv[++i], nullptr, 10);
  }
  return RUN_ALL_TESTS();
}
