#include "cluster/certificates.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "cluster/credentials.hpp"
#include "support/temporary_folder.hpp"

namespace musiccorp::cluster {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

class Certificates : public ::testing::Test {
 protected:
  musiccorp::testing::temporary_folder folder;
  const base::instant now = base::system_clock{}.now();
  certificate_plan plan{folder.path() / "certs", "shop", {{"north", {"127.0.0.1", "north.example"}}, {"south", {}}}};

  void make() {
    const auto made = make_certificates(plan, now);
    ASSERT_TRUE(made) << made.error().text;
  }
  std::string trouble_of(const tls_files& files, const std::string& self = "north") {
    const auto loaded = credentials::load(files, self, now);
    return loaded ? "" : loaded.error().text;
  }
  tls_files files() const { return files_of(plan.folder, "north"); }
};

TEST_F(Certificates, AreAcceptedAndKeysArePrivate) {
  make();
  EXPECT_EQ(trouble_of(files()), "");
  for (const auto* key : {"ca.key", "north.key", "south.key"}) {
    struct stat facts {};
    ASSERT_EQ(stat((plan.folder / key).c_str(), &facts), 0) << key;
    EXPECT_EQ(facts.st_mode & 0777, 0600U) << key;
  }
}

TEST_F(Certificates, AreLeftAloneWhileTheyServe) {
  make();
  const auto authority = text_of(plan.folder / "ca.pem"), north = text_of(files().certificate);
  plan.nodes.push_back({"west", {}});
  const auto again = make_certificates(plan, now);
  ASSERT_TRUE(again);
  EXPECT_EQ(text_of(plan.folder / "ca.pem"), authority);
  EXPECT_EQ(text_of(files().certificate), north);
  EXPECT_TRUE(again->back().is_new);
  EXPECT_EQ(trouble_of(files_of(plan.folder, "west"), "west"), "");
}

TEST_F(Certificates, AreMadeAnewBeforeTheyEndAndForNewHosts) {
  make();
  const auto north = text_of(files().certificate), south = text_of(files_of(plan.folder, "south").certificate);
  plan.nodes[0].hosts.push_back("10.1.2.3");
  ASSERT_TRUE(make_certificates(plan, now));
  EXPECT_NE(text_of(files().certificate), north);
  EXPECT_EQ(text_of(files_of(plan.folder, "south").certificate), south);
  ASSERT_TRUE(make_certificates(plan, now + plan.node_valid - std::chrono::days{10}));
  EXPECT_NE(text_of(files_of(plan.folder, "south").certificate), south);
}

TEST_F(Certificates, OfAnotherClusterAreNotMixedUp) {
  make();
  plan.cluster = "other";
  const auto again = make_certificates(plan, now);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().text, HasSubstr("wanted the CA of cluster \"other\""));
}

TEST_F(Certificates, AreNotMadeForNamesThatCouldSaySomethingElse) {
  for (const auto* name : {"", "ca", "a,DNS:b", "../a", "a b"}) {
    plan.nodes = {{name, {}}};
    EXPECT_FALSE(make_certificates(plan, now)) << name;
  }
  plan.nodes = {{"a", {"x,IP:1.2.3.4"}}};
  EXPECT_FALSE(make_certificates(plan, now));
}

TEST_F(Certificates, ThatCannotServeAreRefusedWithTheFileAndTheReason) {
  make();
  const auto good = files();
  const auto other = files_of(plan.folder, "south");
  const auto empty = folder.path() / "empty.pem", noise = folder.path() / "noise.pem";
  std::ofstream{empty};
  std::ofstream{noise} << "no PEM at all";
  const auto missing = folder.path() / "missing.pem";

  EXPECT_THAT(trouble_of({missing, good.certificate, good.key}), HasSubstr("missing.pem: wanted"));
  EXPECT_THAT(trouble_of({good.authority, missing, good.key}), HasSubstr("cannot be read: No such file"));
  EXPECT_THAT(trouble_of({good.authority, good.certificate, {}}), HasSubstr("wanted a file with a private key"));
  EXPECT_THAT(trouble_of({good.authority, good.certificate, empty}), HasSubstr("found an empty file"));
  EXPECT_THAT(trouble_of({good.authority, noise, good.key}), HasSubstr("in PEM, found none"));
  EXPECT_THAT(trouble_of({good.authority, good.certificate, noise}), HasSubstr("in PEM, found none"));
  EXPECT_THAT(trouble_of({good.authority, good.certificate, other.key}), HasSubstr("found another one"));
  EXPECT_THAT(trouble_of({good.authority, other.certificate, other.key}),
              HasSubstr("wanted a certificate for node \"north\", found one for \"south\""));
}

TEST_F(Certificates, OfAnotherAuthorityAreRefused) {
  make();
  auto foreign = plan;
  foreign.folder = folder.path() / "foreign";
  ASSERT_TRUE(make_certificates(foreign, now));
  const auto theirs = files_of(foreign.folder, "north");
  EXPECT_THAT(trouble_of({files().authority, theirs.certificate, theirs.key}),
              HasSubstr("wanted a certificate issued by"));
}

TEST_F(Certificates, ThatHaveExpiredOrAreNotYetValidAreRefused) {
  make();
  const auto late = credentials::load(files(), "north", now + plan.node_valid + std::chrono::days{1});
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().text, HasSubstr("has expired at"));
  const auto early = credentials::load(files(), "north", now - std::chrono::days{1});
  ASSERT_FALSE(early);
  EXPECT_THAT(early.error().text, HasSubstr("is not valid before"));
}

TEST_F(Certificates, WithAnEncryptedKeyAreRefused) {
  make();
  auto locked = files();
  locked.key = folder.path() / "locked.key";
  const auto command = "openssl pkcs8 -topk8 -in '" + files().key.string() + "' -passout pass:secret -out '" +
                       locked.key.string() + "' 2>/dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_THAT(trouble_of(locked), HasSubstr("not encrypted, found an encrypted one"));
}

TEST_F(Certificates, AreReadAgainWhenTheyChangeAndTheFormerStayWhileTheNewAreNotInOrder) {
  make();
  const base::system_clock time;
  auto source = credential_source::open(files(), "north", time);
  ASSERT_TRUE(source);
  const auto first = (*source)->current();
  EXPECT_EQ((*source)->current(), first);

  const auto key = text_of(files().key);
  std::ofstream{files().key.string() + ".half"} << key.substr(0, key.size() / 2);
  fs::rename(files().key.string() + ".half", files().key);
  EXPECT_EQ((*source)->current(), first) << "half a key";
  fs::remove(files().key);
  EXPECT_EQ((*source)->current(), first) << "no key";

  plan.nodes[0].hosts.push_back("10.1.2.3");
  make();
  EXPECT_NE((*source)->current(), first);
}

}  // namespace
}  // namespace musiccorp::cluster
