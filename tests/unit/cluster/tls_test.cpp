// Links with TLS: who gets in, and what happens when certificates change.
#include <gmock/gmock.h>

#include <fstream>

#include "cluster/certificates.hpp"
#include "cluster/credentials.hpp"
#include "support/temporary_folder.hpp"
#include "unit/cluster/impostor.hpp"
#include "unit/http/raw_connection.hpp"

namespace musiccorp::cluster {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

class TlsLinks : public ::testing::Test {
 protected:
  musiccorp::testing::temporary_folder folder;
  little_cluster cluster{{"a", "b"}};
  base::instant now = base::system_clock{}.now();

  void SetUp() override { make("good", now); }
  /// Certificates of a CA of its own, as of a time.
  void make(const std::string& name, base::instant when) const {
    const auto made = make_certificates({folder.path() / name, "test", {{"a", {}}, {"b", {}}, {"c", {}}}}, when);
    ASSERT_TRUE(made) << made.error().text;
  }
  [[nodiscard]] tls_files files(const std::string& name, const std::string& node) const {
    return files_of(folder.path() / name, node);
  }
  [[nodiscard]] link_options options(const std::string& self, std::uint64_t epoch = 1) const {
    auto made = cluster.options(self, epoch);
    made.tls = files("good", self);
    made.handshake_within = 2s;
    return made;
  }
  [[nodiscard]] hello hello_of(const impostor& who, const std::string& node) const {
    return {.cluster = "test",
            .node = node,
            .to = "b",
            .protocol_min = 1,
            .protocol_max = 1,
            .version = "1",
            .incarnation = "impostor",
            .caf_node = who.caf_node(),
            .partitions = {}};
  }
};

TEST_F(TlsLinks, CarryManyAndLargeParcels) {
  const auto patient = [&](const std::string& name) {
    auto made = options(name);
    made.down_after = deadline;  // No link is lost on a machine that is as slow as under a sanitizer.
    return made;
  };
  little_node a{patient("a")}, b{patient("b")};
  ASSERT_TRUE(a.all->start());
  ASSERT_TRUE(b.all->start());
  ASSERT_TRUE(a.until_up("b"));
  ASSERT_TRUE(b.until_up("a"));
  message::envelope large;
  large.payload = std::string(many(3'000'000), 'x');
  for (std::uint64_t i = 1; i <= many(2000); ++i) {
    ASSERT_TRUE(
        a.all->send({.from = "order-a", .to = "order-b", .epoch = 1, .kind = "batch", .head = std::to_string(i)}));
    ASSERT_TRUE(
        b.all->send({.from = "order-b", .to = "order-a", .epoch = 1, .kind = "ack", .head = std::to_string(i)}));
  }
  ASSERT_TRUE(a.all->send({.from = "order-a",
                           .to = "order-b",
                           .epoch = 1,
                           .kind = "batch",
                           .head = std::to_string(many(2000) + 1),
                           .messages = {large}}));
  ASSERT_TRUE(b.until_parcels(many(2000) + 1));
  ASSERT_TRUE(a.until_parcels(many(2000)));
  for (std::size_t i = 0; i < b.parcels.size(); ++i) EXPECT_EQ(b.parcels[i].second.head, std::to_string(i + 1));
  EXPECT_EQ(b.parcels.back().second.messages.at(0).payload, large.payload);
}

TEST_F(TlsLinks, AreNotForACertificateOfAnotherAuthority) {
  make("foreign", now);
  auto foreign = options("a");
  foreign.tls = files("foreign", "a");
  little_node a{std::move(foreign)}, b{options("b")};
  ASSERT_TRUE(a.all->start());
  ASSERT_TRUE(b.all->start());
  ASSERT_TRUE(a.until([&] { return a.view_of("b").why.find("certificate") != std::string::npos; }))
      << a.view_of("b").why;
  EXPECT_EQ(a.view_of("b").times_up, 0U);
  EXPECT_EQ(b.view_of("a").times_up, 0U);
}

TEST_F(TlsLinks, AreNotForAnExpiredCertificate) {
  // A CA and certificates of long ago; b's was renewed since, a's was not.
  const auto then = now - std::chrono::days{900};
  make("past", then);
  ASSERT_TRUE(make_certificates({folder.path() / "past", "test", {{"b", {}}}}, now));
  auto options_of_b = options("b");
  options_of_b.tls = files("past", "b");
  little_node b{std::move(options_of_b)};
  ASSERT_TRUE(b.all->start());
  const auto expired = credentials::load(files("past", "a"), "a", then + std::chrono::days{1});
  ASSERT_TRUE(expired) << expired.error().text;
  // The alert that says why may be overtaken by the reset that follows it, so the cause is shown by what works.
  impostor who;
  EXPECT_FALSE(who.call(b.all->port(), hello_of(who, "a"), *expired).accepted);
  EXPECT_NE(who.trouble, "");
  EXPECT_EQ(b.view_of("a").times_up, 0U);
  ASSERT_TRUE(make_certificates({folder.path() / "past", "test", {{"a", {}}}}, now));
  const auto renewed = credentials::load(files("past", "a"), "a", now);
  ASSERT_TRUE(renewed) << renewed.error().text;
  impostor again;
  EXPECT_TRUE(again.call(b.all->port(), hello_of(again, "a"), *renewed).accepted) << again.trouble;
}

TEST_F(TlsLinks, AreNotForACertificateOfAnotherName) {
  little_node b{options("b")};
  ASSERT_TRUE(b.all->start());
  const auto certificate_of_c = credentials::load(files("good", "c"), "c", now);
  ASSERT_TRUE(certificate_of_c);
  impostor who;
  const auto answer = who.call(b.all->port(), hello_of(who, "a"), *certificate_of_c);
  EXPECT_FALSE(answer.accepted);
  EXPECT_EQ(to_refusal(answer).reason, refusal_reason::certificate);
  EXPECT_THAT(answer.text, HasSubstr("wanted a certificate for \"a\", found one for \"c\""));
}

TEST_F(TlsLinks, AreForThePeersOwnCertificate) {
  little_node b{options("b")};
  ASSERT_TRUE(b.all->start());
  const auto certificate_of_a = credentials::load(files("good", "a"), "a", now);
  ASSERT_TRUE(certificate_of_a);
  impostor who;
  EXPECT_TRUE(who.call(b.all->port(), hello_of(who, "a"), *certificate_of_a).accepted) << who.trouble;
  EXPECT_TRUE(who.gets_in());
}

TEST_F(TlsLinks, SayNothingToThoseWithoutTls) {
  little_node b{options("b")};
  ASSERT_TRUE(b.all->start());
  impostor who;
  EXPECT_FALSE(who.call(b.all->port(), hello_of(who, "a")).accepted);
  auto plain = cluster.options("a");
  little_node a{std::move(plain)};
  ASSERT_TRUE(a.all->start());
  ASSERT_TRUE(a.until_state("b", link_state::down));
  EXPECT_EQ(b.view_of("a").times_up, 0U);
}

TEST_F(TlsLinks, CloseWhoSaysNothingOrStopsInTheHandshake) {
  auto quick = options("b");
  quick.handshake_within = 500ms;
  little_node b{std::move(quick)};
  ASSERT_TRUE(b.all->start());
  for (const std::string& bytes : {std::string{}, std::string{"\x16\x03\x01\x02\x00\x01\x00", 7},
                                   std::string(300, 'x'), std::string(300, '\xff')}) {
    http::raw_connection connection{b.all->port()};
    connection.send(bytes);
    const auto all = connection.read_all();
    EXPECT_TRUE(connection.closed());
    EXPECT_THAT(all, ::testing::Not(HasSubstr("test"))) << "no name is told";
  }
  little_node a{options("a")};
  ASSERT_TRUE(a.all->start());
  EXPECT_TRUE(b.until_up("a"));
}

TEST_F(TlsLinks, UseNewCertificatesWithoutARestart) {
  little_node a{options("a")};
  ASSERT_TRUE(a.all->start());
  {
    little_node b{options("b")};
    ASSERT_TRUE(b.all->start());
    ASSERT_TRUE(a.until_up("b"));
  }
  // The cluster gets a new CA while a runs: with its old files it could not have a link any more.
  make("next", now);
  for (const auto* file : {"ca.pem", "a.key", "a.pem", "b.key", "b.pem"})
    fs::rename(folder.path() / "next" / file, folder.path() / "good" / file);
  little_node b{options("b", 2)};
  ASSERT_TRUE(b.all->start());
  EXPECT_TRUE(a.until_up("b"));
}

TEST_F(TlsLinks, OutliveAKeyThatCannotBeRead) {
  little_node a{options("a")};
  ASSERT_TRUE(a.all->start());
  const auto key = files("good", "a").key;
  fs::rename(key, key.string() + ".away");
  {
    little_node b{options("b")};
    ASSERT_TRUE(b.all->start());
    EXPECT_TRUE(a.until_up("b")) << "the former key is still known";
  }
  std::ofstream{key} << "half a key";
  little_node b{options("b", 2)};
  ASSERT_TRUE(b.all->start());
  EXPECT_TRUE(a.until_up("b"));
}

}  // namespace
}  // namespace musiccorp::cluster
