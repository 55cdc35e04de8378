#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "customer/customer_rules.hpp"
#include "support/rule_bench.hpp"

namespace musiccorp::customer {
namespace {

using namespace messages;
using ::testing::IsEmpty;
using testing::rule_bench;
using ::testing::SizeIs;

const address home{"Main Street 1", "Turin", "10121", "IT"};

TEST(Customer, IsToldToEverybodyWhenRegistered) {
  rule_bench bench{"customer"};
  const auto made = bench.run(register_one, register_customer{"Zoë", "zoe@example.org", home}).as<customer_summary>();
  ASSERT_THAT(bench.sent<customer_registered>(), SizeIs(1));
  EXPECT_EQ(bench.sent<customer_registered>()[0].customer_id, made.customer_id);
  EXPECT_EQ(bench.run(check, check_customer{made.customer_id}).as<customer_summary>().name, "Zoë");
}

TEST(Customer, ChangesHisDataAndKeepsHisId) {
  rule_bench bench{"customer"};
  const auto made = bench.run(register_one, register_customer{"Zoë", "zoe@example.org", home}).as<customer_summary>();
  bench.run(update, update_customer{made.customer_id, "Zoë B.", "zoe@example.com", home});
  ASSERT_THAT(bench.sent<customer_updated>(), SizeIs(1));
  EXPECT_EQ(bench.run(answer_customer, show_customer{made.customer_id}).as<customer_summary>().name, "Zoë B.");
}

TEST(Customer, IsRefusedWithAPointerToWhatIsWrong) {
  rule_bench bench{"customer"};
  const auto pointer = [&](const std::string& name, const std::string& email, const address& at) {
    const auto said = bench.run(register_one, register_customer{name, email, at});
    EXPECT_THAT(bench.sent_envelopes(), IsEmpty());
    return said.is<rejected>() ? said.is<rejected>()->pointer : "accepted";
  };
  EXPECT_EQ(pointer("Ada", "nobody", home), "/email");
  EXPECT_EQ(pointer("Ada\r\nBcc: all@example.org", "ada@example.org", home), "/name");
  EXPECT_EQ(pointer("  ", "ada@example.org", home), "/name");
  EXPECT_EQ(pointer("Ada", "ada@example.org", {"", "Turin", "10121", "IT"}), "/address/street");
  EXPECT_EQ(pointer("Ada", "ada@example.org", {"Main Street 1", "Tu\nrin", "10121", "IT"}), "/address/city");
  EXPECT_EQ(pointer("Ada", "ada@example.org", {"Main Street 1", "Turin", "", "IT"}), "/address/postcode");
  EXPECT_EQ(pointer("Ada", "ada@example.org", {"Main Street 1", "Turin", "10121", " "}), "/address/country");
}

TEST(Customer, NobodyIs422ForAnOrderAnd404ForAReader) {
  rule_bench bench{"customer"};
  const auto asked = bench.run(check, check_customer{"nobody"});
  EXPECT_EQ(asked.is<rejected>()->pointer, "/customer_id");
  EXPECT_EQ(base::status_of(*asked.is<rejected>()), 422);
  EXPECT_EQ(base::status_of(*bench.run(answer_customer, show_customer{"nobody"}).is<rejected>()), 404);
  EXPECT_EQ(base::status_of(*bench.run(update, update_customer{"nobody", "A", "a@b.org", home}).is<rejected>()), 404);
}

TEST(Email, HasANameAndAHost) {
  for (const auto* good : {"a@b.org", "first.last+tag@mail.example.org", "o'neil@example.co.uk", "x_y-z@a-b.example"})
    EXPECT_TRUE(looks_like_email(good)) << good;
  for (const auto* bad : {"",          "a",         "@",           "a@",
                          "@b.org",    "a@b",       "a@@b.org",    "a@b@c.org",
                          "a b@c.org", "a@b..org",  "a@.org",      "a@b.org.",
                          ".a@b.org",  "a.@b.org",  "a..b@c.org",  "a@b.org\r\nBcc: x@y.org",
                          "<a@b.org>", "a@b,c.org", "\"a\"@b.org", "ä@b.org",
                          "a@bö.org"})
    EXPECT_FALSE(looks_like_email(bad)) << bad;
  EXPECT_FALSE(looks_like_email(std::string(65, 'a') + "@b.org"));
}

}  // namespace
}  // namespace musiccorp::customer
