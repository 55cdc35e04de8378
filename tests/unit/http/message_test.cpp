#include "http/message.hpp"

#include <gtest/gtest.h>

#include "http/exchange.hpp"
#include "http/reply_text.hpp"
#include "http/target.hpp"

namespace musiccorp::http {
namespace {

TEST(FieldList, FindsTheFirstValueWhateverTheLetterCase) {
  field_list fields;
  fields.add("Content-Type", "application/json");
  fields.add("X-Tag", "one");
  fields.add("x-tag", "two");
  EXPECT_EQ(fields.find("CONTENT-TYPE"), "application/json");
  EXPECT_EQ(fields.find("x-TAG"), "one");
  EXPECT_EQ(fields.find("tag"), std::nullopt);
  EXPECT_EQ(fields.value(2), "two");
}

TEST(Target, TakesPathAndQueryApart) {
  const auto parts = parse_target("/orders/a%20b?limit=10&q=a+b%26&flag&&empty=");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->path, "/orders/a%20b");
  EXPECT_EQ(parts->query, (std::vector<named_value>{{"limit", "10"}, {"q", "a b&"}, {"flag", ""}, {"empty", ""}}));
}

TEST(Target, ReadsAbsoluteFormAndTheStar) {
  EXPECT_EQ(parse_target("http://shop.example/a?b=c")->path, "/a");
  EXPECT_EQ(parse_target("http://shop.example")->path, "/");
  EXPECT_EQ(parse_target("*")->path, "*");
  EXPECT_FALSE(parse_target("shop.example:443"));
}

TEST(Target, RefusesQueriesThatAreNotPercentEncodedUtf8) {
  for (const auto* bad : {"/?a=%", "/?a=%4", "/?a=%zz", "/?%ff=1", "/?a=%c0%af", "/?a=%ed%a0%80", "/?a=%00"})
    EXPECT_FALSE(parse_target(bad)) << bad;
}

TEST(PercentEncode, IsUndoneByDecode) {
  const std::string name = "a b/c?d&e=f%g+h \xC3\xBC \xF0\x9F\x8E\xB5";
  EXPECT_EQ(percent_decode(percent_encode(name)), name);
  EXPECT_EQ(percent_encode("a/b"), "a%2Fb");
}

TEST(ReplyText, LetsNoValueStartAHeaderOfItsOwn) {
  std::string out;
  append_head(out, {201, "text/plain", {{"location", "/a\r\nset-cookie: x"}}, "hi"}, {}, "");
  EXPECT_EQ(
      out,
      "HTTP/1.1 201 Created\r\ncontent-type: text/plain\r\ncontent-length: 2\r\nlocation: /a  set-cookie: x\r\n\r\n");
}

TEST(ReplyText, GivesNoLengthWhereNoBodyMayBe) {
  std::string out;
  append_head(out, {204, "text/plain", {}, {}}, {false, false, false}, "");
  EXPECT_EQ(out, "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
}

TEST(ReplyText, DatesAnswersAsRfc9110Says) {
  const auto then = base::parse_instant("1994-11-06T08:49:37.9Z").value();
  EXPECT_EQ(date_line(then), "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  EXPECT_EQ(date_line(instant{}), "date: Thu, 01 Jan 1970 00:00:00 GMT\r\n");
}

TEST(EventText, KeepsLineBreaksOfTheData) {
  EXPECT_EQ(event_text("order", "one\ntwo\r\nthree", "7"),
            "id: 7\nevent: order\ndata: one\ndata: two\ndata: three\n\n");
  EXPECT_EQ(event_text("", ""), "data: \n\n");
  EXPECT_EQ(event_text("a\nb", "x"), "event: a b\ndata: x\n\n");
}

}  // namespace
}  // namespace musiccorp::http
