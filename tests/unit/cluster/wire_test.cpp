#include "cluster/wire.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cluster/certificates.hpp"
#include "cluster/credentials.hpp"
#include "support/temporary_folder.hpp"

namespace musiccorp::cluster {
namespace {

class Wire : public ::testing::TestWithParam<bool> {
 protected:
  musiccorp::testing::temporary_folder folder;
  std::unique_ptr<wire> caller, called;

  void SetUp() override {
    std::shared_ptr<const credentials> own_of_a, own_of_b;
    if (GetParam()) {
      const auto now = base::system_clock{}.now();
      ASSERT_TRUE(make_certificates({folder.path(), "test", {{"a", {}}, {"b", {}}}}, now));
      own_of_a = credentials::load(files_of(folder.path(), "a"), "a", now).value();
      own_of_b = credentials::load(files_of(folder.path(), "b"), "b", now).value();
    }
    int both[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both), 0);
    caller = std::make_unique<wire>(both[0], wire::side::caller, own_of_a);
    called = std::make_unique<wire>(both[1], wire::side::called, own_of_b);
    auto first = caller->handshake(), second = called->handshake();
    for (int i = 0; i < 10 && (first != wire::outcome::done || second != wire::outcome::done); ++i) {
      if (first != wire::outcome::done) first = caller->handshake();
      if (second != wire::outcome::done) second = called->handshake();
    }
    ASSERT_EQ(first, wire::outcome::done);
    ASSERT_EQ(second, wire::outcome::done);
  }
};

INSTANTIATE_TEST_SUITE_P(PlainAndTls, Wire, ::testing::Bool(),
                         [](const auto& one) { return one.param ? "Tls" : "Plain"; });

TEST_P(Wire, KnowsThePeersNames) {
  EXPECT_EQ(called->is_encrypted(), GetParam());
  EXPECT_EQ(called->peer_names(), GetParam() ? std::set<std::string>{"a"} : std::set<std::string>{});
}

TEST_P(Wire, ReadsNoFurtherThanALine) {
  std::size_t count = 0;
  ASSERT_EQ(caller->write("one\n", 4, count), wire::outcome::done);
  ASSERT_EQ(caller->write("two", 3, count), wire::outcome::done);
  char text[100];
  ASSERT_EQ(called->read_line_part(text, sizeof text, count), wire::outcome::done);
  EXPECT_EQ(std::string(text, count), "one\n");
  ASSERT_EQ(called->read(text, sizeof text, count), wire::outcome::done);
  EXPECT_EQ(std::string(text, count), "two");
  EXPECT_EQ(called->read(text, sizeof text, count), wire::outcome::wants_read);
}

TEST_P(Wire, ABrokenPipeIsAnAnswerAndNoSignal) {
  called.reset();
  std::size_t count = 0;
  auto done = wire::outcome::done;
  for (int i = 0; i < 10 && done == wire::outcome::done; ++i) done = caller->write("anything", 8, count);
  EXPECT_EQ(done, wire::outcome::ended);
  EXPECT_FALSE(caller->trouble().empty());
}

}  // namespace
}  // namespace musiccorp::cluster
