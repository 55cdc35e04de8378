// A node that starts, and nodes that cannot: what a person reads then, and the exit code that a script sees.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>

#include "program.hpp"

namespace musiccorp::program {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const std::string node_file = std::string{MUSICCORP_SOURCE_DIR} + "/config/node.json";

class NodeProgram : public ::testing::Test {
 protected:
  [[nodiscard]] fs::path folder() const { return place_.path(); }
  [[nodiscard]] fs::path data() const { return folder() / "data"; }

  /// A node that cannot start on this data folder.
  [[nodiscard]] static ending start_on(const fs::path& data, const std::string& http = "127.0.0.1:0") {
    return run({"node", "--config", node_file, "--data", data.string(), "--http", http});
  }
  /// A node that ran on the data folder and has ended: its stores are there.
  void run_once() const {
    fs::create_directories(data());
    testing::shop_process shop{data(), {"--set", "/durability=process"}};
    shop.start();
    ASSERT_TRUE(shop.stop());
  }

 private:
  testing::temporary_folder place_;
};

TEST_F(NodeProgram, EndsWithZeroAfterSigtermAndSaysNothingButReady) {
  auto child =
      demo::child_process::start({MUSICCORP_PROGRAM,
                                  {"node", "--config", node_file, "--data", data().string(), "--http", "127.0.0.1:0"},
                                  folder() / "err"});
  ASSERT_TRUE(child);
  ASSERT_TRUE(child->wait_for_line("ready http://127.0.0.1:", std::chrono::seconds{30}));
  child->send(SIGTERM);
  EXPECT_EQ(child->wait(std::chrono::seconds{20}), (demo::process_end{0, 0}));
  EXPECT_THAT(text_of(folder() / "err"), IsEmpty());
}

TEST_F(NodeProgram, UpTellsWhereEverythingIsBeforeAnybodyAsks) {
  auto child =
      demo::child_process::start({MUSICCORP_PROGRAM,
                                  {"up", "--config", node_file, "--data", data().string(), "--http", "127.0.0.1:0"},
                                  folder() / "err"});
  ASSERT_TRUE(child);
  // In the order of the text: stdout is a pipe here, and each line arrives while the shop is open.
  for (const auto* beginning :
       {"The shop is open.", "  catalogue   http://127.0.0.1:", "  API         http://127.0.0.1:",
        "  metrics     http://127.0.0.1:", "  data        ", "Ctrl-C closes it"})
    EXPECT_TRUE(child->wait_for_line(beginning, std::chrono::seconds{30})) << beginning;
  EXPECT_TRUE(child->wait_for_line("ready http://127.0.0.1:", std::chrono::seconds{30}));
  child->send(SIGINT);
  EXPECT_TRUE(child->wait_for_line("Closed.", std::chrono::seconds{20}));
  EXPECT_EQ(child->wait(std::chrono::seconds{20}), (demo::process_end{0, 0}));
}

TEST_F(NodeProgram, SaysThatItsPortIsTakenAndWhatToDo) {
  fs::create_directories(data());
  testing::shop_process first{data()};
  first.start();
  const auto address = first.url().substr(first.url().rfind('/') + 1);
  const auto end = start_on(folder() / "other", address);
  EXPECT_EQ(end.code, 74);
  EXPECT_THAT(end.err, StartsWith("The node cannot start: cannot listen on " + address +
                                  ": Address already in use; "
                                  "free port "));
  EXPECT_THAT(end.err, HasSubstr("--http HOST:PORT"));
  EXPECT_THAT(end.out, IsEmpty());
}

TEST_F(NodeProgram, SaysWhichProcessHoldsItsData) {
  fs::create_directories(data());
  testing::shop_process first{data()};
  first.start();
  const auto end = start_on(data());
  EXPECT_EQ(end.code, 74);
  EXPECT_THAT(end.err, AllOf(StartsWith("The node cannot start: " + data().string() + "/"),
                             HasSubstr(": in use by process "), HasSubstr("data folder of its own")));
  EXPECT_TRUE(first.is_running());
}

TEST_F(NodeProgram, NamesTheDamagedStoreAndWhatToDo) {
  run_once();
  write(data() / "order.db",
        "these are not the pages of a database, and there are more than a hundred bytes of them: "
        "................................");
  const auto end = start_on(data());
  EXPECT_EQ(end.code, 74);
  EXPECT_THAT(end.err, AllOf(StartsWith("The node cannot start: " + (data() / "order.db").string()),
                             HasSubstr("is not a SQLite database"),
                             HasSubstr("all stores of the shop from a backup of one moment")));
}

TEST_F(NodeProgram, NamesTheStoreOfANewerProgramAndWhatToDo) {
  run_once();
  {
    std::fstream store{data() / "order.db", std::ios::in | std::ios::out | std::ios::binary};
    store.seekp(60);  // user_version, https://www.sqlite.org/fileformat.html
    store.write("\0\0\0\x63", 4);
  }
  const auto end = start_on(data());
  EXPECT_EQ(end.code, 74);
  EXPECT_THAT(end.err, AllOf(StartsWith("The node cannot start: " + (data() / "order.db").string()),
                             HasSubstr("has schema version 99"), HasSubstr("start the newer program")));
}

TEST_F(NodeProgram, NamesTheDataFolderThatItCannotMake) {
  write(folder() / "file", "");
  const auto end = start_on(folder() / "file" / "data");
  EXPECT_EQ(end.code, 74);
  EXPECT_THAT(end.err, AllOf(StartsWith("The node cannot start: "), HasSubstr((folder() / "file").string())));
}

TEST_F(NodeProgram, RefusesABadConfigurationBeforeItOpensAnything) {
  const auto file = folder() / "node.json";
  write(file, R"({"retry": {"atempts_max": 3}})");
  const auto end = run({"node", "--config", file.string(), "--data", data().string()});
  EXPECT_EQ(end.code, 78);
  EXPECT_THAT(end.err,
              AllOf(StartsWith(file.string() + ": /retry/atempts_max: "), EndsWith("did you mean attempts_max?\n")));
  EXPECT_THAT(end.out, IsEmpty());
  EXPECT_FALSE(fs::exists(data()));
}

/// Nobody may lose silently what says which message killed the last process.
TEST_F(NodeProgram, SetsDamagedSlotsAsideAndSaysWhatThatMeans) {
  run_once();
  auto of_a_newer_program = text_of(data() / "slots");
  of_a_newer_program.replace(8, 1, "\x63");  // The layout, behind the magic.
  const std::vector<std::string> damaged{"", "these are no slots", of_a_newer_program};
  for (std::size_t i = 0; i < damaged.size(); ++i) {
    write(data() / "slots", damaged[i]);
    fs::remove(data() / "node.log");
    testing::shop_process shop{data(), {"--set", "/durability=process"}};
    shop.start();
    const auto aside = data() / (i == 0 ? "slots.unreadable" : "slots.unreadable-" + std::to_string(i + 1));
    EXPECT_THAT(shop.log_end(), AllOf(HasSubstr(R"("event":"slots-unreadable")"), HasSubstr(R"("level":"error")"),
                                      HasSubstr(aside.string() + "\""), HasSubstr("no message is charged")));
    EXPECT_EQ(text_of(aside), damaged[i]);
    EXPECT_EQ(shop.stop(), (demo::process_end{0, 0}));
  }
}

TEST_F(NodeProgram, RefusesRetriesOfAMessageThatItsServiceDoesNotHandle) {
  const auto file = folder() / "node.json";
  write(file, R"({"imports": {"catalog": ")" + std::string{MUSICCORP_SOURCE_DIR} +
                  R"(/config/catalog.json"}, "services": {"payment": {"retry_by_type": {"order.palced": {}}}}})");
  const auto end = run({"node", "--config", file.string(), "--data", data().string()});
  EXPECT_EQ(end.code, 78);
  EXPECT_THAT(end.err, AllOf(StartsWith(file.string() + ": /services/payment/retry_by_type/order.palced: "),
                             HasSubstr("did you mean order.placed?")));
  const auto flag = run({"config", "explain", "--config", node_file, "--set",
                         R"(/services/payment/retry_by_type={"mail":{"attempts_max":1}})"});
  EXPECT_EQ(flag.code, 78);
  EXPECT_THAT(flag.err, AllOf(HasSubstr("/services/payment/retry_by_type/mail"), HasSubstr("given by --set")));
}

TEST_F(NodeProgram, NamesTheMistakeInTheCatalogueAndWhoWantsThatFile) {
  const auto catalog = folder() / "goods.json";
  write(catalog, R"({"items": [{"sku": 7}]})");
  const auto file = folder() / "node.json";
  write(file, R"({"imports": {"catalog": "goods.json"}})");
  const auto end = run({"node", "--config", file.string(), "--data", data().string()});
  EXPECT_EQ(end.code, 78);
  EXPECT_THAT(end.err, AllOf(StartsWith(file.string() + ": /imports/catalog: wanted a catalogue without mistakes, " +
                                        "found " + catalog.string() + "\n"),
                             HasSubstr("\n" + catalog.string() + ": /items/0/sku: ")));
}

TEST_F(NodeProgram, NamesTheCatalogueThatIsNotThereAndWhoWantsIt) {
  const auto file = folder() / "node.json";
  write(file, R"({"imports": {"catalog": "goods.json"}})");
  const auto wanted = ": /imports/catalog: wanted a file that can be read, found ";
  const auto end = run({"node", "--config", file.string(), "--data", data().string()});
  EXPECT_EQ(end.code, 78);
  EXPECT_EQ(end.err, file.string() + wanted + (folder() / "goods.json").string() + "\n");
  const auto flag = run({"config", "explain", "--config", node_file, "--set", "/imports/catalog=/nowhere.json"});
  EXPECT_EQ(flag.code, 78);
  EXPECT_EQ(flag.err, node_file + wanted + "/nowhere.json given by --set\n");
}

}  // namespace
}  // namespace musiccorp::program
