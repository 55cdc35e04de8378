// A shop whose services get other numbers of partitions between its days, and keeps every promise over all of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "support/run_program.hpp"
#include "support/store_reader.hpp"
#include "support/three_nodes.hpp"

namespace musiccorp {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using ::testing::AllOf;
using ::testing::HasSubstr;

class Repartition : public three_nodes<::testing::Test> {
 protected:
  /// So many partitions of a service, spread over the nodes; the file of before is kept.
  void want(const std::string& service, int count) {
    std::filesystem::copy_file(nodes_.file_name(), former(), std::filesystem::copy_options::overwrite_existing);
    nodes_.edit([&](auto& file) {
      file["partitions"][service] = count;
      std::size_t at = 0;
      for (auto& node : file["nodes"]) {
        auto rest = nlohmann::ordered_json::array();
        for (const auto& one : node["hosts"])
          if (const auto name = one.template get<std::string>(); name.substr(0, name.find('/')) != service)
            rest.push_back(name);
        node["hosts"] = rest;
      }
      for (int i = 0; i < count; ++i, ++at)
        file["nodes"][at % 3]["hosts"].push_back(count == 1 ? service : service + "/" + std::to_string(i));
    });
  }
  [[nodiscard]] std::string former() const { return (folder_.path() / "former.json").string(); }
  [[nodiscard]] std::vector<std::string> words(const std::string& service) const {
    return {"repartition", service,  "--cluster", nodes_.file_name(),
            "--from",      former(), "--data",    folder_.path().string()};
  }
  ending repartition(const std::string& service) { return run_program(words(service)); }
  void open_shop() {
    nodes_.start_all();
    expect_whole();
  }
  void close_shop() {
    for (const auto& name : nodes_.names()) EXPECT_EQ(nodes_.stop(name), (demo::process_end{0, 0})) << name;
  }
  void order_for_a_while(std::size_t orders) {
    address_board board;
    board.put(nodes_.url("north"));
    stubborn_clients load{board, plan(100'000, ++days_), 6};
    let_work(load, orders);
    auto answered = load.finish();
    std::ranges::move(answered, std::back_inserter(all_));
    ASSERT_TRUE(demo::wait_for_rest(shop(), rest_longest_));
  }
  /// What a store says of itself is not true of one that was made of it.
  void expect_no_list_is_trusted() const {
    for (const auto& [file, size] : stores())
      if (std::filesystem::path{file}.filename().string().starts_with("order")) {
        EXPECT_EQ(store_reader{file}.number("SELECT count(*) FROM entity WHERE type = 'open_orders_listed'"), 0)
            << file;
      }
  }
  void expect_all_of_it() {
    expect_all_promises(all_);
    for (const auto& one : accepted_of(all_))
      for (const auto& name : nodes_.names())
        EXPECT_TRUE((demo::shop_client{connection_, nodes_.url(name)}.get("/orders/" + one.order_id)))
            << name << " " << one.order_id;
  }
  [[nodiscard]] std::map<std::string, std::uintmax_t> stores() const {
    std::map<std::string, std::uintmax_t> found;
    for (const auto& name : nodes_.names())
      for (const auto& one : std::filesystem::directory_iterator{nodes_.data(name)})
        if (one.path().extension() == ".db") found[one.path().string()] = one.file_size();
    return found;
  }

  std::vector<answered_order> all_;
  std::uint64_t days_ = 0;
};

TEST_F(Repartition, KeepsEveryPromiseFromOneToThreeToTwoAndBack) {
  open_shop();
  order_for_a_while(100);
  close_shop();
  for (const auto& [service, count] : std::vector<std::pair<std::string, int>>{
           {"order", 3}, {"payment", 3}, {"order", 2}, {"customer", 2}, {"order", 3}, {"payment", 1}}) {
    SCOPED_TRACE(service + " as " + std::to_string(count));
    want(service, count);
    const auto end = repartition(service);
    ASSERT_EQ(end.code, 0) << end.err;
    EXPECT_THAT(end.out, AllOf(HasSubstr("before\n"), HasSubstr("after\n"), HasSubstr("The ledger holds")));
    if (service == "order") expect_no_list_is_trusted();
    open_shop();
    order_for_a_while(40);
    expect_all_of_it();
    close_shop();
  }
}

TEST_F(Repartition, IsRefusedWhileAnythingRunsOrIsNotDoneAndChangesNothing) {
  open_shop();
  want("order", 3);
  const auto live = repartition("order");
  EXPECT_EQ(live.code, 1);
  EXPECT_THAT(live.err, HasSubstr("in use by process "));

  stubborn_clients load{board_, plan(100'000), 6};
  board_.put(nodes_.url("north"));
  let_work(load, 60);
  for (const auto& name : nodes_.names()) nodes_.kill(name);  // In the middle of it all.
  const auto before = stores();
  const auto busy = repartition("order");
  EXPECT_EQ(busy.code, 1) << busy.out;
  EXPECT_THAT(busy.err,
              AllOf(HasSubstr("order has not come to rest"), HasSubstr("order:"), HasSubstr("Nothing was changed")));
  EXPECT_EQ(before.size(), stores().size());

  std::filesystem::copy_file(former(), nodes_.file_name(), std::filesystem::copy_options::overwrite_existing);
  open_shop();
  board_.put(nodes_.url("north"));
  auto answered = load.finish();
  std::ranges::move(answered, std::back_inserter(all_));
  expect_all_of_it();
}

/// Or a node would make anew what is about to come to its place.
TEST_F(Repartition, NoNodeStartsWhileOneIsNotFinished) {
  open_shop();
  order_for_a_while(20);
  close_shop();
  const auto journal = folder_.path() / "repartition-order.json";
  std::ofstream{journal} << R"({"service":"order","moves":[]})";
  nodes_.launch("north");
  EXPECT_EQ(nodes_.wait("north", 60s), (demo::process_end{74, 0}));
  EXPECT_THAT(nodes_.log_end("north"), HasSubstr("a repartition was interrupted"));
  want("order", 2);
  const auto end = repartition("order");
  EXPECT_EQ(end.code, 0) << end.err;
  EXPECT_THAT(end.out, HasSubstr("An interrupted call is finished"));
  EXPECT_FALSE(std::filesystem::exists(journal));
  EXPECT_EQ(repartition("order").code, 0);
  open_shop();
  expect_all_of_it();
}

/// The service has moved to another node, its data has not.
TEST_F(Repartition, NoNodeStartsBesideAStoreThatWasLeftBehind) {
  std::filesystem::create_directories(nodes_.data("north"));
  const auto left = nodes_.data("north") / "fraud.db";
  std::ofstream{left} << "it is not even opened";
  nodes_.launch("north");
  EXPECT_EQ(nodes_.wait("north", 60s), (demo::process_end{74, 0}));
  EXPECT_THAT(nodes_.log_end("north"), HasSubstr("fraud.db belongs to no partition that runs here"));
  std::filesystem::remove(left);
  nodes_.start("north");
}

TEST_F(Repartition, SaysWhatElseDiffersBetweenTheFiles) {
  want("order", 3);
  const auto twice = former();
  nodes_.edit([](auto& file) { file["cluster"] = "another"; });
  const auto renamed = repartition("order");
  EXPECT_EQ(renamed.code, 78);
  EXPECT_THAT(renamed.err, HasSubstr("the cluster is called trial in one file and another in the other"));
  nodes_.edit([](auto& file) { file["cluster"] = "trial"; });
  EXPECT_THAT(repartition("payment").err, HasSubstr("order has another number of partitions, too"));
  const auto missing = repartition("order");
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.err, HasSubstr("there is no such store"));
  EXPECT_THAT(run_program({"repartition", "catalog", "--cluster", former(), "--from", former()}).err,
              HasSubstr("needs all of its data in one place"));
}

TEST_F(Repartition, KilledAtAnyMomentIsFinishedOrBegunAnewByTheNextCall) {
  open_shop();
  order_for_a_while(150);
  close_shop();
  base::random_source random{3};
  int killed = 0;
  for (const int count : {3, 2, 3, 1, 2, 3}) {
    want("order", count);
    for (int tries = 0; tries < 4; ++tries) {
      auto program = demo::child_process::start({MUSICCORP_PROGRAM, words("order"), nodes_.log_file("repartition")});
      ASSERT_TRUE(program);
      const auto ended = program->wait(std::chrono::milliseconds{random.below(60)});
      if (ended) break;
      program->send(SIGKILL);
      (void)program->wait(20s);
      ++killed;
    }
    const auto end = repartition("order");
    // Done, finished, or it was done before the kill.
    EXPECT_TRUE(end.code == 0 || end.err.find("was it done already?") != std::string::npos) << end.err << end.out;
  }
  EXPECT_GT(killed, 0);
  open_shop();
  order_for_a_while(40);
  expect_all_of_it();
}

}  // namespace
}  // namespace musiccorp
