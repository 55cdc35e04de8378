// A shop whose operators must say a token, seen from its door and from the command line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "http/client.hpp"
#include "program.hpp"

namespace musiccorp::program {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

constexpr auto token = "correct-horse-battery";

/// For the programs that this test starts.
struct said_token {
  explicit said_token(const char* text) { setenv(name, text, 1); }
  ~said_token() { unsetenv(name); }
  said_token(const said_token&) = delete;
  said_token& operator=(const said_token&) = delete;
  static constexpr auto name = "MUSICCORP_OPERATOR_TOKEN";
};

class OperatorToken : public ::testing::Test {
 protected:
  void write_token(const std::string& text) { write(folder_.path() / "token", text); }
  [[nodiscard]] int status_of(const std::string& path, std::vector<http::named_value> headers = {}) {
    const auto said = connection_.fetch({.url = shop_.url() + path, .headers = std::move(headers)});
    return said ? said->status : 0;
  }

  testing::temporary_folder folder_;
  http::client connection_;
  testing::shop_process shop_{
      folder_.path() / "shop",
      {"--set", "/durability=process", "--set", "/http/operator_token_file=" + (folder_.path() / "token").string()}};
};

TEST_F(OperatorToken, OpensWhatIsBehindTheCounterAndNothingElseDoes) {
  write_token(token + std::string{"\n"});
  std::filesystem::create_directories(folder_.path() / "shop");
  shop_.start();
  const http::named_value right{"authorization", std::string{"Bearer "} + token},
      wrong{"authorization", "Bearer correct-horse-batterz"};
  for (const auto* path : {"/hospital/cases", "/supervision", "/mailboxes", "/cluster", "/console/",
                           "/trace/0af7651916cd43dd8448eb211c80319c"}) {
    EXPECT_EQ(status_of(path), 401) << path;
    EXPECT_EQ(status_of(path, {wrong}), 401) << path;
    EXPECT_EQ(status_of(path, {right}), std::string_view{path}.starts_with("/trace") ? 404 : 200) << path;
  }
  for (const auto* path : {"/catalog", "/metrics", "/healthz", "/readyz", "/openapi.json"})
    EXPECT_EQ(status_of(path), 200) << path << " is everybody's";

  const std::vector<std::string> words{"status", "--shop", shop_.url()};
  const auto without = run(words);
  EXPECT_NE(without.code, 0);
  EXPECT_THAT(without.err, HasSubstr("wants its operators' token in MUSICCORP_OPERATOR_TOKEN"));
  const said_token said{token};
  EXPECT_EQ(run(words).code, 0);
  EXPECT_EQ(run({"hospital", "list", "--shop", shop_.url()}).code, 0);
  EXPECT_THAT(shop_.log_end(), ::testing::Not(HasSubstr(token)));
}

TEST_F(OperatorToken, ThatIsNoneKeepsTheNodeFromStarting) {
  std::filesystem::create_directories(folder_.path() / "shop");
  const std::vector<std::string> words{"node",
                                       "--config",
                                       MUSICCORP_SOURCE_DIR "/config/node.json",
                                       "--data",
                                       (folder_.path() / "shop").string(),
                                       "--http",
                                       "127.0.0.1:0",
                                       "--set",
                                       "/http/operator_token_file=" + (folder_.path() / "token").string()};
  EXPECT_THAT(run(words).err, HasSubstr("/token cannot be read"));
  for (const auto* text :
       {"", "short", "fifteen-letters", "with spaces, so not a token", "two-lines-of-it-\n-are-too-many"}) {
    write_token(text);
    const auto end = run(words);
    EXPECT_EQ(end.code, 74) << text;
    EXPECT_THAT(end.err, HasSubstr("must hold one line of 16 to 512")) << text;
  }
}

}  // namespace
}  // namespace musiccorp::program
