// What a customer writes is seen by those it is for, and by nobody who reads log lines, traces or metrics.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cctype>
#include <nlohmann/json.hpp>
#include <thread>

#include "demo/shop_client.hpp"
#include "support/eventually.hpp"
#include "support/ledger.hpp"
#include "support/listener.hpp"
#include "support/process.hpp"
#include "support/run_program.hpp"
#include "support/span_collector.hpp"

namespace musiccorp {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::eventually;
using testing::text_of;

/// In every text that a customer writes here, and nowhere else in the shop.
constexpr std::string_view mark = "zzyzx";

std::string lower(std::string text) {
  for (auto& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// A mail server that knows nobody, and says whom: now that it may know them later, now that it never will.
class rude_mail_server {
 public:
  ~rude_mail_server() {
    stopped_ = true;
    http::client last;
    (void)last.fetch({.url = "http://" + door_.address() + "/", .timeout = 1s});  // It waits for somebody.
  }
  [[nodiscard]] std::string url() const { return "smtp://" + door_.address(); }

 private:
  void serve() {
    const int client = door_.accept();
    if (client < 0) return;
    const timeval longest{5, 0};
    ::setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
    const auto say = [&](const std::string& line) { (void)::send(client, line.data(), line.size(), MSG_NOSIGNAL); };
    say("220 here\r\n");
    std::string line;
    for (char c = 0; ::recv(client, &c, 1, 0) == 1;) {
      line += c;
      if (c != '\n') continue;
      const bool is_asked_for_somebody = line.starts_with("RCPT");
      say(is_asked_for_somebody ? (++asked_ % 2 == 0 ? "550 5.1.1 who is " : "451 4.3.0 later, ") + line
                                : "250 fine\r\n");
      if (line.starts_with("QUIT") || line.starts_with("GET")) break;
      line.clear();
    }
    ::close(client);
  }

  testing::listener door_;
  std::atomic<bool> stopped_ = false;
  int asked_ = 0;  ///< of its own thread
  std::jthread thread_{[this] {
    while (!stopped_) serve();
  }};
};

class NothingPersonal : public ::testing::Test {
 protected:
  json ask(const std::string& method, const std::string& path, const json& body = {}) {
    http::client_request request{.method = method, .url = shop_.url() + path};
    request.headers.push_back({"traceparent", "00-" + std::string{trace} + "-00f067aa0ba902b7-01"});
    if (method != "GET") {
      request.headers.push_back({"content-type", "application/json"});
      request.body = body.is_string() ? body.get<std::string>() : body.dump();
    }
    const auto said = connection_.fetch(std::move(request));
    if (!said) return {};
    status_ = said->status;
    return json::parse(said->body, nullptr, false);
  }
  static json address() {
    return {{"street", "1 Zzyzx Road"}, {"city", "Zzyzxtown"}, {"postcode", "Zzyzx 1"}, {"country", "US"}};
  }
  json order(const std::string& customer, const std::string& card, int quantity = 1) {
    return ask("POST", "/orders",
               {{"customer_id", customer},
                {"lines", json::array({{{"sku", "MC-0004"}, {"quantity", quantity}}})},
                {"payment", {{"card", card}}}});
  }
  json cases() { return ask("GET", "/hospital/cases?service=notification").at("cases"); }
  void expect_clean(const std::string& what, const std::string& text) {
    const auto plain = lower(text);
    const auto at = plain.find(mark);
    EXPECT_EQ(at, std::string::npos) << what << ": ..." << text.substr(at < 200 ? 0 : at - 200, 400);
    for (const auto* card : {"4000000000000077", "4000-0000-0000-0077", "4000-0000-0000-0002", "5105105105105100"})
      EXPECT_EQ(text.find(card), std::string::npos) << what << " knows the card " << card;
  }

  static constexpr std::string_view trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  rude_mail_server mail_;
  testing::span_collector collector_;
  testing::temporary_folder folder_;
  http::client connection_;
  testing::shop_process shop_{folder_.path(),
                              {"--set", "/durability=process", "--set", "/log/level=debug", "--set",
                               "/log/file=" + (folder_.path() / "shop.log").string(), "--set",
                               "/traces/begun_one_in=1", "--set", "/traces/endpoint=" + collector_.endpoint(),
                               "--set", "/retry/attempts_max=2", "--set", "/retry/delay_first_ms=10", "--set",
                               R"(/services/notification/settings={"smtp_url":")" + mail_.url() + R"("})"}};
  int status_ = 0;
};

TEST_F(NothingPersonal, IsInLogsTracesAndMetrics) {
  shop_.start();
  // Customers, good and bad ones.
  const json ada{{"name", "Ada Zzyzx"}, {"email", "ada@zzyzx.example"}, {"address", address()}};
  const std::string customer = ask("POST", "/customers", ada).at("customer_id");
  ask("PUT", "/customers/" + customer,
      {{"name", "Ada B. Zzyzx"}, {"email", "b@zzyzx.example"}, {"address", address()}});
  EXPECT_EQ(status_, 200);
  for (const auto& wrong : {json{{"name", "Zzyzx"}, {"email", "zzyzx"}, {"address", "Zzyzx Road"}},
                            json{{"zzyzx", "Zzyzx"}}, json("{\"name\": \"Zzyzx"), json("\"zzyzx\"")}) {
    ask("POST", "/customers", wrong);
    EXPECT_EQ(status_, 400) << wrong;
  }
  ask("GET", "/customers/zzyzx");
  EXPECT_EQ(status_, 404);
  ask("GET", "/zzyzx/ada@zzyzx.example?name=zzyzx");
  EXPECT_EQ(status_, 404);

  // Orders that are shipped, declined, refused and cancelled; the mails of all of them die.
  order(customer, "4000-0000-0000-0077");
  EXPECT_EQ(status_, 201);
  order(customer, "4000-0000-0000-0002");
  order(customer, "5105105105105100 zzyzx");
  order(customer, "4000-0000-0000-0077", 31);
  order("zzyzx", "4000-0000-0000-0077");
  const std::string cancelled = order(customer, "4000-0000-0000-0077").at("order_id");
  ask("POST", "/orders/" + cancelled + "/cancel", json::object());
  ASSERT_TRUE(eventually([&] { return cases().size() >= 5; })) << cases();

  // What people do in the hospital.
  const auto dead = cases();
  const auto action = [&](std::size_t which, const std::string& verb, json more) {
    const auto& one = dead.at(which);
    const std::string id = one.at("case_id");
    const auto now = ask("GET", "/hospital/cases/" + id);
    more.update({{"by", "kim"}, {"reason", "to see it"}, {"version", now.at("version")}});
    return ask("POST", "/hospital/cases/" + id + "/" + verb, more);
  };
  auto payload = action(0, "reveal", json::object()).at("message").at("payload");
  EXPECT_NE(lower(payload.dump()).find(mark), std::string::npos) << "who reveals it sees it: " << payload;
  const auto wanted = [&](const json& changed) {
    return json{{"payload", payload.is_string() ? json(changed.dump()) : changed}};
  };
  auto told = payload.is_string() ? json::parse(payload.get<std::string>()) : payload;
  told["name"] = "Zzyzx the Second";
  action(0, "rehearsal", wanted(told));
  action(0, "edit", wanted(told));
  EXPECT_EQ(status_, 202);
  told["email"] = json::array({"zzyzx"});
  action(1, "edit", wanted(told));
  EXPECT_EQ(status_, 400);
  action(2, "replay", json::object());
  EXPECT_EQ(status_, 202);
  action(3, "discard", json::object());
  EXPECT_EQ(status_, 202);
  ASSERT_TRUE(eventually([&] {
    return ask("GET", "/hospital/cases/" + dead.at(0).at("case_id").get<std::string>()).at("state") == "open";
  })) << "the edited one has died again";

  testing::expect_ledger_zero({connection_, shop_.url()});

  const auto page = ask("GET", "/trace/" + std::string{trace});
  EXPECT_GT(page.at("spans").size(), 100U);
  expect_clean("the trace", page.dump());
  expect_clean("the masked cases", cases().dump());
  expect_clean("the metrics", connection_.fetch({.url = shop_.url() + "/metrics"}).value().body);
  ASSERT_TRUE(shop_.stop());
  std::string spans;
  for (const auto& body : collector_.bodies(1, [] {})) spans += body.dump();
  EXPECT_GT(spans.size(), 10'000U);
  expect_clean("the exported spans", spans);
  const auto lines = text_of(folder_.path() / "shop.log") + text_of(folder_.path() / "node.log");
  EXPECT_NE(lines.find("message-died"), std::string::npos);
  EXPECT_NE(lines.find("message-retried"), std::string::npos);
  EXPECT_NE(lines.find(trace), std::string::npos);
  expect_clean("the log", lines);
}

}  // namespace
}  // namespace musiccorp
