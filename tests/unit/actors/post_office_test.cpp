#include "notification/post_office.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <future>
#include <iterator>

#include "notification/notification_rules.hpp"
#include "support/listener.hpp"
#include "support/rule_bench.hpp"

namespace musiccorp::notification {
namespace {

namespace fs = std::filesystem;
using namespace messages;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::listener;
using testing::rule_bench;
using ::testing::SizeIs;

const mail a_mail{"01ABC.placed", "shop@musiccorp.example", "ada@example.org", "01ABC.placed@musiccorp.example",
                  "Subject: hello\r\n\r\nDear Ada\r\n"};

/// A folder that is gone with the test.
class folder {
 public:
  folder() {
    std::string pattern = (fs::temp_directory_path() / "musiccorp-mail-XXXXXX").string();
    ensure(::mkdtemp(pattern.data()) != nullptr, "there is a temporary folder");
    path = pattern;
  }
  ~folder() { fs::remove_all(path); }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  fs::path path;
};

std::size_t files_in(const fs::path& path) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator{path}, fs::directory_iterator{}));
}

std::string text_of(const fs::path& file) {
  std::ifstream stream{file};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

TEST(Maildir, KeepsEachMailInAFileOfItsOwn) {
  for (const bool synced : {false, true}) {
    folder home;
    const auto office = maildir_office(home.path / "mail", synced);
    ASSERT_TRUE(office->deliver(a_mail));
    EXPECT_EQ(text_of(home.path / "mail/new/01ABC.placed"), "Subject: hello\n\nDear Ada\n");
    EXPECT_EQ(files_in(home.path / "mail/tmp"), 0U);
    EXPECT_TRUE(fs::is_directory(home.path / "mail/cur"));
  }
}

TEST(Maildir, ReplacesARepeat) {
  folder home;
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(maildir_office(home.path)->deliver(a_mail));
  EXPECT_EQ(files_in(home.path / "new"), 1U);
}

TEST(Maildir, ReportsAFolderThatCannotBe) {
  folder home;
  std::ofstream{home.path / "mail"} << "a file stands in the way";
  const auto sent = maildir_office(home.path / "mail")->deliver(a_mail);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().kind, fault_kind::unavailable);
  EXPECT_THAT(sent.error().text, HasSubstr("mail"));
}

std::string smtp_url_of(const listener& door) { return "smtp://" + door.address(); }

/// Talks SMTP with one client until it leaves, and returns what it heard.
std::string serve(const listener& door, const std::string& answer_to_recipient) {
  const int client = door.accept();
  const auto say = [&](const std::string& line) {
    ensure(::send(client, line.data(), line.size(), MSG_NOSIGNAL) > 0, "said");
  };
  std::string heard, line;
  bool in_text = false;
  say("220 here\r\n");
  for (char c = 0; ::recv(client, &c, 1, 0) == 1;) {
    line += c;
    if (c != '\n') continue;
    heard += line;
    if (in_text) {
      if (line == ".\r\n") say("250 kept\r\n"), in_text = false;
    } else if (line.starts_with("RCPT")) {
      say(answer_to_recipient + "\r\n");
    } else if (line.starts_with("DATA")) {
      say("354 go on\r\n"), in_text = true;
    } else if (line.starts_with("QUIT")) {
      say("221 bye\r\n");
    } else {
      say("250 fine\r\n");
    }
    line.clear();
  }
  ::close(client);
  return heard;
}

struct conversation {
  result<void> sent;
  std::string heard;
};

conversation send_one(const std::string& answer_to_recipient) {
  const listener door;
  auto server = std::async(std::launch::async, [&] { return serve(door, answer_to_recipient); });
  auto office = smtp_office({.url = smtp_url_of(door), .user = {}, .password = {}});
  auto sent = office->deliver(a_mail);
  office.reset();  // Hangs up.
  return {std::move(sent), server.get()};
}

TEST(Smtp, HandsAMailToTheServer) {
  const auto [sent, heard] = send_one("250 known");
  ASSERT_TRUE(sent) << sent.error().text;
  EXPECT_THAT(heard, HasSubstr("MAIL FROM:<shop@musiccorp.example>"));
  EXPECT_THAT(heard, HasSubstr("RCPT TO:<ada@example.org>"));
  EXPECT_THAT(heard, HasSubstr("Subject: hello\r\n\r\nDear Ada\r\n.\r\n"));
}

TEST(Smtp, MayTryAgainAfterA4xx) {
  const auto [sent, heard] = send_one("451 later");
  ASSERT_FALSE(sent);
  EXPECT_EQ(base::facts_of(sent.error().kind).what, base::fault_class::transient);
}

TEST(Smtp, GivesUpAfterA5xx) {
  const auto [sent, heard] = send_one("550 unknown");
  ASSERT_FALSE(sent);
  EXPECT_EQ(base::facts_of(sent.error().kind).what, base::fault_class::permanent);
  EXPECT_THAT(sent.error().text, HasSubstr("550"));
}

TEST(Smtp, MayTryAgainWhenNobodyListens) {
  const auto url = smtp_url_of(listener{});  // Closed again.
  const auto sent = smtp_office({.url = url, .user = {}, .password = {}})->deliver(a_mail);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().kind, fault_kind::unavailable);
}

TEST(Smtp, DoesNotWaitForASilentServer) {
  const listener silent;
  const auto sent =
      smtp_office({.url = smtp_url_of(silent), .user = {}, .password = {}, .total_timeout_ms = 100})->deliver(a_mail);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().kind, fault_kind::timeout);
}

TEST(Smtp, WaitsForNobodyOnceItCloses) {
  const listener silent;
  const auto office =
      smtp_office({.url = smtp_url_of(silent), .user = {}, .password = {}, .total_timeout_ms = 600'000});
  auto sent = std::async(std::launch::async, [&] { return office->deliver(a_mail); });
  const int client = silent.accept();
  ::send(client, "220-", 4, MSG_NOSIGNAL);  // It waits for the rest of a greeting, however far it has come.
  office->close();
  ASSERT_EQ(sent.wait_for(std::chrono::seconds{20}), std::future_status::ready);
  const auto said = sent.get();
  ::close(client);
  ASSERT_FALSE(said);
  EXPECT_EQ(said.error().kind, fault_kind::unavailable);
  EXPECT_FALSE(office->deliver(a_mail)) << "closed for good";
}

TEST(Smtp, SpeaksNothingButSmtp) {
  EXPECT_FALSE(smtp_office({.url = "file:///etc/passwd", .user = {}, .password = {}})->deliver(a_mail));
}

// ---- The rules, with a post office that remembers.

struct remembering_office : post_office {
  result<void> deliver(const mail& what) override {
    if (trouble) return failure(*trouble);
    mails.push_back(what);
    return {};
  }
  std::vector<mail> mails;
  std::optional<fault> trouble;
};

const order_placed placed{.order_id = "01ABC",
                          .name = "Zoë",
                          .email = "zoe@example.org",
                          .lines = {{"MC-1", 2, "Can", "Tago Mago", {3499, "EUR"}}},
                          .total = {6998, "EUR"}};

struct mail_room : rule_bench {
  mail_room() : rule_bench{"notification"} {}
  outcome place() {
    return run([&](turn& now, const order_placed& event) { return mail_placed(now, event, {}, office); }, placed);
  }
  remembering_office office;
};

TEST(Notification, ARehearsalSendsNoMail) {
  mail_room bench;
  bench.rehearses = true;
  EXPECT_TRUE(bench.place().is<done>());
  EXPECT_THAT(bench.office.mails, IsEmpty());
  bench.rehearses = false;
  bench.place();
  EXPECT_THAT(bench.office.mails, SizeIs(1));
}

TEST(Notification, MailsOncePerOrderAndKind) {
  mail_room bench;
  bench.place();
  EXPECT_THAT(bench.sent<notification_sent>(), SizeIs(1));
  bench.place();
  EXPECT_THAT(bench.sent_envelopes(), IsEmpty());
  ASSERT_THAT(bench.office.mails, SizeIs(1));
  EXPECT_EQ(bench.office.mails[0].id, "01ABC.placed");
  EXPECT_THAT(bench.office.mails[0].text, HasSubstr("2 x Can: Tago Mago (34.99 EUR each)"));
  EXPECT_THAT(bench.office.mails[0].text, HasSubstr("Total: 69.98 EUR"));
}

TEST(Notification, PassesOnTheTroubleOfThePostOffice) {
  mail_room bench;
  bench.office.trouble = fault{fault_kind::unavailable, "closed", {}, {}};
  EXPECT_EQ(bench.place().is<fault>()->kind, fault_kind::unavailable);
  bench.office.trouble.reset();
  EXPECT_TRUE(bench.place().is<done>());
}

TEST(Notification, CannotMailToSomethingThatIsNoAddress) {
  mail_room bench;
  const auto said =
      bench.run([&](turn& now, const order_shipped& event) { return mail_shipped(now, event, {}, bench.office); },
                order_shipped{.order_id = "01ABC", .email = "nobody"});
  ASSERT_TRUE(said.is<fault>());
  EXPECT_EQ(base::facts_of(said.is<fault>()->kind).what, base::fault_class::permanent);
}

TEST(Notification, DoesNotSayWhyACardWasDeclined) {
  mail_room bench;
  bench.run([&](turn& now, const payment_declined& event) { return mail_declined(now, event, {}, bench.office); },
            payment_declined{.order_id = "01ABC", .email = "zoe@example.org", .reason = "fraud"});
  ASSERT_THAT(bench.office.mails, SizeIs(1));
  EXPECT_THAT(bench.office.mails[0].text, ::testing::Not(HasSubstr("fraud")));
}

TEST(Notification, ListsTheMailsOfAnOrder) {
  mail_room bench;
  bench.place();
  bench.run([&](turn& now, const order_packaged& event) { return mail_packaged(now, event, {}, bench.office); },
            order_packaged{.order_id = "01ABC", .email = "zoe@example.org"});
  bench.run([&](turn& now, const order_rejected& event) { return mail_rejected(now, event, {}, bench.office); },
            order_rejected{.order_id = "01ABD", .email = "zoe@example.org"});
  const auto of = [&](const std::string& order_id) {
    return bench.run(answer_notifications, list_notifications{.order_id = order_id}).as<notification_page>();
  };
  EXPECT_THAT(of("01ABC").notifications, SizeIs(2));
  EXPECT_THAT(of("01ABD").notifications, SizeIs(1));
  EXPECT_THAT(of("").notifications, SizeIs(3));
  EXPECT_EQ(of("01ABC").notifications[0].to, "zoe@example.org");
}

}  // namespace
}  // namespace musiccorp::notification
