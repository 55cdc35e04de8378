// ./musiccorp in a made-up checkout, with made-up tools: what it installs, builds, skips, and hands to the program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

namespace musiccorp::house {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct ending {
  int code;
  std::string text;  ///< stdout and stderr
};

class Launcher : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "launcher-XXXXXX";
    top_ = ::mkdtemp(name.data());
    fs::create_directories(top_ / "shop/runtime");
    fs::create_directories(top_ / "tools");
    for (const auto* file : {"musiccorp", "CMakePresets.json"})
      fs::copy(fs::path{MUSICCORP_SOURCE_DIR} / file, top_ / "shop" / file);
    tool("dpkg-query", "shift 3; for p; do [ -e $top/lacks-$p ] || echo installed $p; done");
    tool("apt-get", "rm -f $top/lacks-*");
    tool("sudo", "exit 1");
    tool("id", "echo ${AS:-0}");
    tool("ctest", "echo '100% tests passed, 0 tests failed out of 3'; exit ${CTEST_SAYS:-0}");
    // "configuring" leaves a build.ninja, "building" a program that tells how it was called.
    tool("cmake", R"(case "$*" in *--preset*) mkdir -p .build/release && touch .build/release/build.ninja; exit;; esac
[ -e $top/broken ] && { echo '[1/2] fine'; echo 'FAILED: a.o'; echo 'a.cpp:1: error: no'; exit 1; }
mkdir -p $2/actors; printf '#!/bin/sh\necho in $(pwd); printf "<%%s>" "$@"; exit 7\n' >$2/actors/musiccorp
chmod +x $2/actors/musiccorp)");
  }
  void TearDown() override { fs::remove_all(top_); }

  /// A shell script in front of the real tools; it notes each call in calls().
  void tool(const std::string& name, const std::string& body) const {
    write("tools/" + name,
          "#!/bin/sh\ntop=" + top_.string() + "\necho " + name + " \"$@\" >>$top/calls\n" + body + "\n");
    fs::permissions(top_ / "tools" / name, fs::perms::owner_all);
  }
  void write(const std::string& file, const std::string& text) const { std::ofstream{top_ / file} << text; }

  [[nodiscard]] ending run(const std::string& shell) const {
    fs::remove(top_ / "calls");
    const auto command =
        "cd '" + top_.string() + "' && export PATH=\"$PWD/tools:$PATH\" && { " + shell + "; } 2>&1 </dev/null";
    std::FILE* pipe = ::popen(command.c_str(), "r");
    std::string text;
    std::array<char, 4096> block{};
    for (std::size_t n = 0; (n = std::fread(block.data(), 1, block.size(), pipe)) > 0;) text.append(block.data(), n);
    return {WEXITSTATUS(::pclose(pipe)), text};
  }
  /// The tools that the last run called, a line each.
  [[nodiscard]] std::string calls() const {
    std::ifstream stream{top_ / "calls"};
    return {std::istreambuf_iterator<char>{stream}, {}};
  }

  fs::path top_;
};

TEST_F(Launcher, HandsVerbsOfTheProgramOverUnchanged) {
  const auto end = run("shop/musiccorp up --data 'my data'");
  EXPECT_EQ(end.code, 7) << end.text;
  EXPECT_THAT(end.text, HasSubstr("<up><--data><my data>"));
  EXPECT_THAT(end.text,
              HasSubstr("in " + fs::canonical(top_).string() + "\n"));  // The user's folder, not the checkout.
}

TEST_F(Launcher, ASecondCallDoesNoNeedlessWork) {
  ASSERT_EQ(run("shop/musiccorp up").code, 7);
  EXPECT_EQ(run("shop/musiccorp up").code, 7);
  EXPECT_THAT(calls(), IsEmpty());
}

TEST_F(Launcher, BuildsAgainWhenASourceAppearsChangesOrGoes) {
  static_cast<void>(run("shop/musiccorp up"));
  for (const auto* change : {"touch shop/runtime/a.cpp", "touch -d 2001-01-01 shop/runtime/a.cpp",
                             "echo x >>shop/runtime/a.cpp", "rm shop/runtime/a.cpp"}) {
    static_cast<void>(run(std::string{change} + "; shop/musiccorp up"));
    EXPECT_THAT(calls(), HasSubstr("cmake --build")) << change;
  }
}

TEST_F(Launcher, RunsThroughASymbolicLink) { EXPECT_EQ(run("ln -s shop/musiccorp shortcut; ./shortcut up").code, 7); }

TEST_F(Launcher, InstallsWhatIsMissing) {
  write("lacks-ninja-build", "");
  const auto end = run("shop/musiccorp up");
  EXPECT_EQ(end.code, 7) << end.text;
  EXPECT_THAT(calls(), HasSubstr("install -y --no-install-recommends --no-remove ninja-build\n"));
}

TEST_F(Launcher, PrintsTheOneCommandWhenItMayNotInstall) {
  write("lacks-ninja-build", "");
  write("lacks-libcaf-dev", "");
  const auto end = run("AS=1000 shop/musiccorp up");
  EXPECT_EQ(end.code, 69);
  EXPECT_THAT(end.text,
              HasSubstr("apt-get update && apt-get install --no-install-recommends ninja-build libcaf-dev"));
  EXPECT_THAT(calls(), Not(HasSubstr("apt-get install")));
}

TEST_F(Launcher, ShowsTheErrorOfABrokenBuildAndStops) {
  write("broken", "");
  const auto end = run("shop/musiccorp up");
  EXPECT_EQ(end.code, 1);
  EXPECT_THAT(end.text, AllOf(HasSubstr("a.cpp:1: error: no"), HasSubstr("build.log")));
  fs::remove(top_ / "broken");
  EXPECT_EQ(run("shop/musiccorp up").code, 7);
}

TEST_F(Launcher, EndsATestRunWithWhatCtestSaid) {
  const auto end = run("CTEST_SAYS=8 shop/musiccorp test ledger 'cell|turn'");
  EXPECT_EQ(end.code, 8) << end.text;
  EXPECT_TRUE(end.text.ends_with("100% tests passed, 0 tests failed out of 3\n")) << end.text;
  EXPECT_THAT(calls(),
              AllOf(HasSubstr("--no-tests=error"), HasSubstr("-R ledger|cell|turn"), HasSubstr("-LE ^long$")));
}

TEST_F(Launcher, RefusesAPresetThatIsNotThere) {
  const auto end = run("shop/musiccorp test --preset fast");
  EXPECT_EQ(end.code, 64);
  EXPECT_THAT(end.text, HasSubstr("there are: release debug asan tsan"));
}

TEST_F(Launcher, HelpNeedsNothing) {
  const auto end = run("shop/musiccorp");
  EXPECT_EQ(end.code, 0);
  for (const auto* verb : {"demo", "up", "node", "status", "config", "test", "bench", "build", "clean"})
    EXPECT_THAT(end.text, HasSubstr(std::string{"\n  "} + verb)) << verb;
  EXPECT_THAT(calls(), IsEmpty());
}

}  // namespace
}  // namespace musiccorp::house
