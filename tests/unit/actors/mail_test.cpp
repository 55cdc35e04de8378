#include "notification/mail.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace musiccorp::notification {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

letter a_letter() {
  return {.id = "01ABC.placed",
          .from_name = "MusicCorp",
          .from_email = "shop@musiccorp.example",
          .to_name = "Ada Lovelace",
          .to_email = "ada@example.org",
          .subject = "Your order",
          .body = "Dear Ada,\n\nthank you.\n",
          .at = base::parse_instant("2026-01-31T08:09:10Z").value()};
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = text.find("\r\n");
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 2);
  }
  return lines;
}

/// The names of all headers.
std::vector<std::string> headers_of(const mail& made) {
  std::vector<std::string> names;
  for (const auto& line : lines_of(made.text.substr(0, made.text.find("\r\n\r\n"))))
    if (!line.starts_with(' ')) names.push_back(line.substr(0, line.find(':')));
  return names;
}

const std::vector<std::string> all_headers{"From",         "To",           "Subject",
                                           "Date",         "Message-ID",   "Auto-Submitted",
                                           "MIME-Version", "Content-Type", "Content-Transfer-Encoding"};

TEST(Mail, IsPlainTextWithAllHeaders) {
  const auto made = compose(a_letter()).value();
  EXPECT_EQ(made.message_id, "01ABC.placed@musiccorp.example");
  EXPECT_EQ(headers_of(made), all_headers);
  EXPECT_THAT(made.text, StartsWith("From: \"MusicCorp\"\r\n <shop@musiccorp.example>\r\n"
                                    "To: \"Ada Lovelace\"\r\n <ada@example.org>\r\n"
                                    "Subject: Your order\r\n"
                                    "Date: Sat, 31 Jan 2026 08:09:10 +0000\r\n"
                                    "Message-ID: <01ABC.placed@musiccorp.example>\r\n"));
  EXPECT_THAT(made.text, HasSubstr("\r\n\r\nDear Ada,\r\n\r\nthank you.\r\n"));
}

TEST(Mail, TakesNoHeadersFromNamesAndSubjects) {
  auto evil = a_letter();
  evil.to_name = "Ada\r\nBcc: all@example.org\r\n\r\nhello";
  evil.subject = "Hi\nReply-To: evil@example.org";
  EXPECT_EQ(headers_of(compose(evil).value()), all_headers);
  evil.to_name = "Zoë\r\nBcc: all@example.org";
  EXPECT_EQ(headers_of(compose(evil).value()), all_headers);
}

TEST(Mail, RefusesAddressesThatAreMoreThanAnAddress) {
  for (const auto* bad : {"", "ada", "ada@example.org\r\nBcc: x@y.org", "ada@example.org, b@example.org", "a b@c.org",
                          "<ada@example.org>", "ada@example.org>", "ä@example.org", "@", "a@", "a@b@c"}) {
    auto evil = a_letter();
    evil.to_email = bad;
    const auto made = compose(evil);
    ASSERT_FALSE(made) << bad;
    EXPECT_EQ(made.error().kind, fault_kind::invalid);
  }
}

TEST(Mail, StaysAsciiAndShort) {
  auto what = a_letter();
  what.to_name = "Ελένη Καραΐνδρου 鈴木";
  what.subject = std::string(500, 'x') + " Björk";
  what.body =
      std::string(300, '=') + "\nMotörhead – “Ace of Spades” 🂡\n.\nFrom here\ntrailing \n" + std::string(2000, 'y');
  const auto made = compose(what).value();
  for (const auto& line : lines_of(made.text)) {
    EXPECT_LE(line.size(), 78U) << line;
    for (const char c : line) EXPECT_TRUE(c >= ' ' && c < 0x7f) << line;
    EXPECT_NE(line, ".");
  }
}

TEST(Mail, QuotesNamesThatLookLikeSyntax) {
  auto what = a_letter();
  what.to_name = "Ada \"The Count\" <x@y.org>, Esq.";
  EXPECT_THAT(compose(what).value().text,
              HasSubstr("To: \"Ada \\\"The Count\\\" <x@y.org>, Esq.\"\r\n <ada@example.org>"));
}

TEST(HeaderText, IsEncodedInWholeCharacters) {
  EXPECT_EQ(header_text("plain"), "plain");
  EXPECT_EQ(header_text("Zoë"), "=?UTF-8?B?Wm/Dqw==?=");
  EXPECT_EQ(header_text("=?x?="), "=?UTF-8?B?PT94Pz0=?=");
  // 21 characters of two bytes fill a word; the next one starts a new word.
  std::string text;
  for (int i = 0; i < 22; ++i) text += "ë";
  EXPECT_THAT(header_text(text), HasSubstr("?=\r\n =?UTF-8?B?w6s=?="));
}

TEST(QuotedPrintable, EncodesWhatAMailCannotCarry) {
  EXPECT_EQ(quoted_printable("a=b\n"), "a=3Db\r\n");
  EXPECT_EQ(quoted_printable("ë"), "=C3=AB\r\n");
  EXPECT_EQ(quoted_printable("end \n"), "end=20\r\n");
  EXPECT_EQ(quoted_printable(".\n"), "=2E\r\n");
  EXPECT_EQ(quoted_printable("From me"), "=46rom me\r\n");
  EXPECT_EQ(quoted_printable("a\r\nb\n"), "a=0D\r\nb\r\n");
}

TEST(MailDate, IsWrittenAsRfc5322Wants) {
  EXPECT_EQ(mail_date(base::parse_instant("2024-02-29T23:59:59.999Z").value()), "Thu, 29 Feb 2024 23:59:59 +0000");
  EXPECT_EQ(mail_date(base::instant{}), "Thu, 01 Jan 1970 00:00:00 +0000");
}

}  // namespace
}  // namespace musiccorp::notification
