// `schema write` and `schema check`: the files in config/schema are the program's own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "program.hpp"

namespace musiccorp::program {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Schema : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(write_all().code, 0); }

  [[nodiscard]] ending write_all() const { return run({"schema", "write", "--dir", folder().string()}); }
  [[nodiscard]] ending check() const { return run({"schema", "check", "--dir", folder().string()}); }
  [[nodiscard]] fs::path folder() const { return place_.path() / "schema"; }
  [[nodiscard]] json read(const std::string& file) const { return json::parse(text_of(folder() / file)); }

 private:
  musiccorp::testing::temporary_folder place_;
};

TEST(CommittedSchemas, AreThoseOfThisProgram) {
  const auto end = run({"schema", "check", "--dir", std::string{MUSICCORP_SOURCE_DIR} + "/config/schema"});
  EXPECT_EQ(end.code, 0) << end.err;
}

TEST_F(Schema, OfANodeFileForbidsUnknownKeys) {
  EXPECT_EQ(read("node.schema.json")["additionalProperties"], false);
  EXPECT_EQ(read("node.schema.json")["$defs"]["http_config"]["additionalProperties"], false);
}

TEST_F(Schema, OfAMessageAllowsFurtherFieldsAndMarksPersonalData) {
  const auto schema = read("messages/place_order.v1.schema.json");
  EXPECT_FALSE(schema.contains("additionalProperties"));
  EXPECT_EQ(schema["title"], "place_order");
  EXPECT_THAT(schema.dump(), HasSubstr("\"x-pii\":true"));
}

TEST_F(Schema, IsWrittenOnceAndThenLeftAlone) {
  EXPECT_EQ(check().code, 0) << check().err;
  EXPECT_THAT(write_all().out, AllOf(HasSubstr("0 of them new or changed"), ::testing::Not(HasSubstr("wrote "))));
}

TEST_F(Schema, CheckTellsEachDifferenceWithItsPlaceAndTheCommandThatEndsIt) {
  auto node = read("node.schema.json");
  node["$defs"]["http_config"]["properties"]["port"]["maximum"] = 9;
  node["properties"]["colour"] = {{"type", "string"}};
  write(folder() / "node.schema.json", node.dump());
  fs::remove(folder() / "messages/place_order.v1.schema.json");
  const auto end = check();
  EXPECT_EQ(end.code, 1);
  EXPECT_THAT(
      end.err,
      AllOf(HasSubstr("node.schema.json: /$defs/http_config/properties/port/maximum: 9 in the file, 65535 in the "
                      "program\n"),
            HasSubstr("node.schema.json: /properties/colour: only in the file: {\"type\":\"string\"}\n"),
            HasSubstr("messages/place_order.v1.schema.json: there is no such file\n"),
            HasSubstr("`./musiccorp schema write --dir " + folder().string() + "` rewrites the files.\n")));
  EXPECT_EQ(write_all().code, 0);
  EXPECT_EQ(check().code, 0);
}

TEST_F(Schema, OfAnOlderVersionStaysAndOfANewerOneIsRefused) {
  write(folder() / "messages/place_order.v0.schema.json", "{}");
  EXPECT_EQ(check().code, 0) << check().err;
  write(folder() / "messages/place_order.v2.schema.json", "{}");
  EXPECT_THAT(check().err,
              HasSubstr("place_order.v2.schema.json: is newer than this program, which has version 1\n"));
}

TEST_F(Schema, FilesThatBelongToNothingAreTold) {
  write(folder() / "messages/sing_a_song.v1.schema.json", "{}");
  write(folder() / "notes.txt", "");
  EXPECT_THAT(check().err, AllOf(HasSubstr("sing_a_song.v1.schema.json: no service handles or sends such a message"),
                                 HasSubstr("notes.txt: no schema of this program")));
}

TEST_F(Schema, FileThatIsNoJsonIsTold) {
  write(folder() / "node.schema.json", "<xml/>");
  EXPECT_THAT(check().err, HasSubstr("node.schema.json: is not JSON\n"));
}

TEST_F(Schema, WriteNamesTheFolderThatItCannotMake) {
  const auto place = (folder() / "node.schema.json" / "below").string();
  const auto end = run({"schema", "write", "--dir", place});
  EXPECT_EQ(end.code, 74);
  EXPECT_THAT(end.err, HasSubstr(place));
}

}  // namespace
}  // namespace musiccorp::program
