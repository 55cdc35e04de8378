// `certs`, `node --name` and `up --cluster`: what a person reads who has made a mistake, and the files that are made.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program.hpp"

namespace musiccorp::program {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ClusterVerbs : public ::testing::Test {
 protected:
  /// A cluster file of two nodes; `more` are further members of it.
  std::string file_with(const std::string& more) {
    const auto file = place_.path() / "cluster.json";
    write(file, R"({"cluster":"trial","settings":")" + std::string{MUSICCORP_SOURCE_DIR} +
                    R"(/config/node.json","nodes":[
      {"name":"north","link":"127.0.0.1:1","http":"127.0.0.1:2","hosts":["catalog","customer","inventory","order"]},
      {"name":"south","link":"127.0.0.1:3","http":"127.0.0.1:4","hosts":["acquirer","fraud","hospital",
       "notification","payment","pricing","shipping","warehouse"]}])" +
                    more + "}");
    return file.string();
  }
  std::string certified() {
    return file_with(
        R"(,"tls":{"authority":"certs/ca.pem","certificate":"certs/{node}.pem","key":"certs/{node}.key"})");
  }
  [[nodiscard]] fs::path certs() const { return place_.path() / "certs"; }

  testing::temporary_folder place_;
};

TEST_F(ClusterVerbs, CertsAreMadeOnceAndKeptThen) {
  const auto file = certified();
  const auto first = run({"certs", file});
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_THAT(first.out, HasSubstr("made  " + (certs() / "south.pem").string() + "\n"));
  for (const auto* key : {"ca.key", "north.key", "south.key"})
    EXPECT_EQ(fs::status(certs() / key).permissions(), fs::perms::owner_read | fs::perms::owner_write) << key;
  const auto before = text_of(certs() / "south.pem");
  const auto second = run({"certs", file});
  EXPECT_EQ(second.code, 0);
  EXPECT_THAT(second.out, AllOf(HasSubstr("kept  " + (certs() / "south.pem").string()), Not(HasSubstr("made"))));
  EXPECT_EQ(text_of(certs() / "south.pem"), before);
}

TEST_F(ClusterVerbs, CertsSayWhatTheyNeed) {
  const auto plain = run({"certs", file_with("")});
  EXPECT_EQ(plain.code, 78);
  EXPECT_THAT(plain.err, HasSubstr("/tls: there is none"));
  const auto scattered = run(
      {"certs", file_with(R"(,"tls":{"authority":"a/ca.pem","certificate":"b/{node}.pem","key":"b/{node}.key"})")});
  EXPECT_EQ(scattered.code, 78);
  EXPECT_THAT(scattered.err, HasSubstr("wanted one folder with ca.pem, {node}.pem and {node}.key"));
  const auto file = certified();
  write(certs(), "in the way");
  const auto blocked = run({"certs", file});
  EXPECT_EQ(blocked.code, 74);
  EXPECT_THAT(blocked.err, HasSubstr(certs().string()));
}

TEST_F(ClusterVerbs, ANodeWithoutItsCertificatesDoesNotStart) {
  const auto file = certified();
  const auto missing = run({"node", "--config", file, "--name", "south", "--data", place_.path() / "data"});
  EXPECT_EQ(missing.code, 78);
  EXPECT_THAT(missing.err, AllOf(HasSubstr("/tls/key: wanted a file that can be read"), HasSubstr("south.key")));
  EXPECT_EQ(run({"up", "--cluster", file}).code, 78);
  ASSERT_EQ(run({"certs", file}).code, 0);
  fs::copy_file(certs() / "north.key", certs() / "south.key", fs::copy_options::overwrite_existing);
  const auto wrong = run({"node", "--config", file, "--name", "south", "--data", place_.path() / "data"});
  EXPECT_NE(wrong.code, 0);
  EXPECT_THAT(wrong.err, HasSubstr("south.key"));
  EXPECT_THAT(wrong.out, IsEmpty());
}

TEST_F(ClusterVerbs, MistakesInTheFileAreToldWithTheirPlace) {
  const auto stranger = run({"node", "--config", file_with(""), "--name", "nort"});
  EXPECT_EQ(stranger.code, 78);
  EXPECT_THAT(stranger.err, AllOf(HasSubstr("no node of the name \"nort\""), HasSubstr("one of north, south")));
  const auto several = run({"up", "--cluster", file_with(R"(,"partitions":{"orders":2})")});
  EXPECT_EQ(several.code, 78);
  EXPECT_THAT(several.err, HasSubstr("/partitions/orders: unknown service; did you mean order?"));
  EXPECT_EQ(run({"up", "--cluster", "x.json", "--nodes", "2"}).code, 64);
  EXPECT_THAT(run({"up", "--cluster", (place_.path() / "no.json").string()}).err, HasSubstr("no such file"));
}

}  // namespace
}  // namespace musiccorp::program
