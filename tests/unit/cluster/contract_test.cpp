// What the former version said to other nodes, byte for byte as it was written then (tests/unit/cluster/former), is
// read by this program, and this one says nothing that the former could not read. The rule is in runtime/README.md,
// "What nodes say to each other".
#include <gmock/gmock.h>

#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "cluster/frame.hpp"
#include "cluster/hello.hpp"
#include "describe/json.hpp"

namespace musiccorp::cluster {
namespace {

using nlohmann::json;

std::string former(const std::string& name) {
  std::ifstream file{std::string{MUSICCORP_SOURCE_DIR} + "/tests/unit/cluster/former/" + name};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  while (text.ends_with('\n')) text.pop_back();
  EXPECT_FALSE(text.empty()) << name;
  return text;
}

std::vector<char> bytes_of(const std::string& hex) {
  std::vector<char> bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2)
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16)));
  return bytes;
}

std::string hex_of(const std::vector<char>& bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (const auto one : bytes) {
    hex += digits[static_cast<unsigned char>(one) >> 4U];
    hex += digits[static_cast<unsigned char>(one) & 15U];
  }
  return hex;
}

/// Each field of its own, so that none can change its place unseen.
frame known_frame() {
  message::envelope one{.id = "01HF7YAT00TESTTESTTESTTEST",
                        .type = "payment.received",
                        .version = 3,
                        .key = "o-1",
                        .source = "payment",
                        .seq = 300,
                        .to = "order",
                        .correlation = "c-1",
                        .causation = "m-0",
                        .traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                        .occurred = base::instant{base::duration{1'700'000'000'000'001}},
                        .expires = base::instant{base::duration{1'700'000'060'000'001}},
                        .reply_to = "warehouse",
                        .answers = "m-1",
                        .idempotency = "POST /orders k-1",
                        .payload = R"({"order_id":"o-1","note":"für Ada"})"};
  message::envelope bare{.id = "2", .type = "t", .key = "k", .source = "http", .payload = "{}"};
  return {former("parcel_head.json"), {one, bare}};
}

hello known_hello() {
  return {.cluster = "shop",
          .node = "north",
          .to = "east",
          .protocol_min = 1,
          .protocol_max = 1,
          .version = "1.0.0",
          .incarnation = "00112233445566778899aabbccddeeff",
          .caf_node = "0123456789ABCDEF#4711",
          .partitions = {{"order/0", 7}, {"payment", 18'446'744'073'709'551'615U}}};
}

std::vector<char> written(const frame& one) {
  std::vector<char> bytes;
  caf::binary_serializer sink{static_cast<caf::execution_unit*>(nullptr), bytes};
  auto copy = one;
  EXPECT_FALSE(sink(copy));
  return bytes;
}

/// What the former version wrote, field by field, must still be there; there may be more, which it ignores.
void expect_holds_all_of(const json& now, const json& then, const std::string& what) {
  for (const auto& [name, value] : then.items()) {
    ASSERT_TRUE(now.contains(name)) << what << " says no " << name << " any more, which the former version needs";
    if (value.is_object())
      expect_holds_all_of(now.at(name), value, what + "/" + name);
    else
      EXPECT_EQ(now.at(name), value) << what << "/" << name;
  }
}

TEST(FormerVersion, ItsFramesAreReadAsTheyWereMeant) {
  frame got;
  const auto bytes = bytes_of(former("frame.hex"));
  caf::binary_deserializer source{static_cast<caf::execution_unit*>(nullptr), bytes};
  ASSERT_FALSE(source(got));
  EXPECT_EQ(source.remaining(), 0U);
  EXPECT_EQ(got.head, known_frame().head);
  EXPECT_EQ(got.messages, known_frame().messages);
}

/// The bytes of an envelope have no names: whoever adds a field, or moves one, makes another protocol.
TEST(FormerVersion, ReadsTheFramesOfThisOne) {
  EXPECT_EQ(hex_of(written(known_frame())), former("frame.hex"))
      << "nodes of the former version read something else: see runtime/README.md, \"What nodes say to each other\"";
}

TEST(FormerVersion, ItsHelloAndItsVerdictsAreRead) {
  const auto said = describe::from_json<hello>(former("hello.json"));
  ASSERT_TRUE(said) << said.error().text;
  EXPECT_EQ(*said, known_hello());
  const auto yes = describe::from_json<verdict>(former("verdict_yes.json"));
  ASSERT_TRUE(yes) << yes.error().text;
  EXPECT_TRUE(yes->accepted);
  EXPECT_EQ(yes->session, "5e55");
  EXPECT_EQ(yes->own, known_hello());
  const auto no = describe::from_json<verdict>(former("verdict_no.json"));
  ASSERT_TRUE(no) << no.error().text;
  EXPECT_FALSE(no->accepted);
  EXPECT_EQ(to_refusal(*no), (refusal{refusal_reason::protocol, "because"}));
}

TEST(FormerVersion, ReadsTheHelloAndTheVerdictsOfThisOne) {
  const auto in_json = [](const auto& what) { return json::parse(describe::to_json(what)); };
  expect_holds_all_of(in_json(known_hello()), json::parse(former("hello.json")), "hello");
  expect_holds_all_of(in_json(verdict{.accepted = true, .session = "5e55", .own = known_hello()}),
                      json::parse(former("verdict_yes.json")), "verdict");
  expect_holds_all_of(in_json(to_verdict({refusal_reason::protocol, "because"})),
                      json::parse(former("verdict_no.json")), "verdict");
}

TEST(FormerVersion, ItsWordsAndHeadsAreReadAndItReadsThoseOfThisOne) {
  const auto beat = describe::from_json<word>(former("word.json"));
  ASSERT_TRUE(beat) << beat.error().text;
  EXPECT_EQ(beat->say, word_kind::beat);
  EXPECT_EQ(beat->got_bytes, 5678U);
  EXPECT_EQ(beat->condition, "draining");
  expect_holds_all_of(json::parse(describe::to_json(*beat)), json::parse(former("word.json")), "word");
  const auto head = describe::from_json<parcel_head>(former("parcel_head.json"));
  ASSERT_TRUE(head) << head.error().text;
  EXPECT_EQ(head->epoch, 7U);
  EXPECT_EQ(head->kind, "batch");
  EXPECT_EQ(head->head, R"({"after":4,"upto":9})");
  expect_holds_all_of(json::parse(describe::to_json(*head)), json::parse(former("parcel_head.json")), "parcel_head");
}

/// Each of them with fields that nobody knows yet.
TEST(LaterVersion, MaySayMoreInEverythingThatIsText) {
  const auto with_more = [](const std::string& name) {
    auto text = former(name);
    text.insert(text.rfind('}'), R"(,"colour":"blue","more":{"x":[1,{"y":null}]})");
    return text;
  };
  EXPECT_EQ(describe::from_json<hello>(with_more("hello.json")), known_hello());
  EXPECT_TRUE(describe::from_json<verdict>(with_more("verdict_yes.json")).value().accepted);
  EXPECT_EQ(to_refusal(describe::from_json<verdict>(with_more("verdict_no.json")).value()).text, "because");
  EXPECT_EQ(describe::from_json<word>(with_more("word.json")).value().got_parcels, 34U);
  EXPECT_EQ(describe::from_json<parcel_head>(with_more("parcel_head.json")).value().to, "order/0");
}

}  // namespace
}  // namespace musiccorp::cluster
