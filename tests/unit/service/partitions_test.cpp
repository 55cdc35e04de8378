// Services with several partitions, under simulated time: who has which key, and that the books hold.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/little_world.hpp"
#include "unit/service/toy_services.hpp"

namespace musiccorp::service {
namespace {

using namespace toys;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::UnorderedElementsAre;

/// An event about something else than the things of those who hear it.
struct rate_changed {
  std::string currency;
  static constexpr auto describe() {
    return describe_as("rate.changed", 1, musiccorp::key("currency", &rate_changed::currency));
  }
};
struct change_rate {
  std::string currency;
  static constexpr auto describe() {
    return describe_as("change_rate", 1, musiccorp::key("currency", &change_rate::currency));
  }
};
struct open_account {
  std::string name;
  static constexpr auto describe() { return describe_as("open_account", 1, field("name", &open_account::name)); }
};

class Partitions : public ::testing::Test {
 protected:
  Partitions() {
    kinds_ = services(trouble_);
    for (auto& one : kinds_)
      if (one.name() == "till" || one.name() == "stamper") one.by_key();
    service_definition bank{"bank"};
    bank.on([](turn& now, const change_rate& command) -> outcome {
          now.publish(rate_changed{command.currency});
          return done{};
        })
        .says<rate_changed>();
    kinds_.push_back(std::move(bank));
    for (auto& one : kinds_)
      if (one.name() == "till")
        one.hears_everywhere<rate_changed>()
            .on([](turn& now, const rate_changed& event) -> outcome {
              now.save(stamped{event.currency});
              return done{};
            })
            .on([](turn& now, const open_account&) -> outcome {
              return sale{now.new_id(), 0};
            });
    service_definition archive{"archive"};
    archive.by_key()
        .on([](turn& now, const sold& event) -> outcome {
          ensure(!now.find<sale>(event.id), "each is heard once");
          now.save(sale{event.id, event.amount});
          return done{};
        })
        .on([](turn& now, const show_sale& query) -> outcome {
          if (auto found = now.find<sale>(query.id)) return *found;
          return no_such("sale", query.id);
        });
    kinds_.push_back(std::move(archive));
    counts_.set("archive", 4);
    counts_.set("till", 3);
    counts_.set("stamper", 2);
  }
  void open(std::uint64_t seed) {
    world_.emplace(partitions_of(kinds_, counts_), seed, partition_limits{.retry = {5, 10ms, 20ms}});
  }
  void buy_it(const std::string& id, const std::string& item) {
    world_->ask(counts_.owner("till", id), buy{id, item});
  }
  template <class Query>
  std::optional<request::reply> ask(const std::string& partition, const Query& query) {
    const auto token = world_->ask(partition, query);
    world_->settle();
    return world_->reply(token);
  }
  void expect_balanced() {
    const auto all = partitions_of(kinds_, counts_);
    const auto wires = wire(all);
    for (const auto& publisher : all)
      for (const auto& subscriber : wires.at(publisher.name()).subscribers) {
        const auto queue = queue_name(publisher.name(), subscriber.service);
        const auto books = world_->books(queue);
        EXPECT_EQ(books.imbalance(), 0) << queue;
        EXPECT_EQ(books.published, books.processed + books.dead) << queue;
      }
  }

  mischief trouble_;
  std::vector<service_definition> kinds_;
  partition_counts counts_;
  std::optional<testing::little_world> world_;
};

TEST_F(Partitions, HaveNamesStoresAndShares) {
  const auto till = kinds_[1].as_partition(2, 3);
  EXPECT_EQ(till.name(), "till/2");
  EXPECT_EQ(till.service(), "till");
  EXPECT_EQ(till.store_name(), "till-2");
  EXPECT_EQ(till.share().index, 2U);
  EXPECT_EQ(kinds_[1].as_partition(0, 1).name(), "till");
  EXPECT_THAT(counts_.all("till"), ElementsAre("till/0", "till/1", "till/2"));
  EXPECT_THAT(counts_.all("book"), ElementsAre("book"));
  EXPECT_EQ(counts_.owner("book", "key"), "book");
  EXPECT_EQ(counts_.owner("till/1", "key"), "till/1") << "who says a partition means it";
  EXPECT_EQ(partitions_of(kinds_, counts_).size(), kinds_.size() + 6);
}

TEST_F(Partitions, AreForServicesWhoseMessagesHaveKeys) {
  EXPECT_THAT(check(kinds_), IsEmpty());
  service_definition ledger{"ledger"};
  ledger.by_key().on([](turn&, const open_account&) -> outcome { return done{}; });
  service_definition clerk{"clerk"};
  clerk.on([](turn&, const change_rate&) -> outcome { return done{}; }).says<open_account>();
  EXPECT_THAT(check(std::vector{ledger, clerk}), ElementsAre("ledger is by key, but open_account has none"));
  ledger.at_first_start([](turn&) {});
  EXPECT_THAT(check(std::vector{ledger, clerk}), ::testing::Contains(HasSubstr("first start")));
}

TEST_F(Partitions, EachKeyIsKeptByItsOwnerAndEveryMessageIsCountedOnce) {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U}) {
    open(seed);
    base::random_source random{seed};
    const std::uint64_t sales = 90;
    for (std::uint64_t i = 0; i < sales; ++i) {
      const auto item = "item-" + std::to_string(seed) + "-" + std::to_string(i);
      if (random.below(6) == 0) trouble_.crashes[item] = 2;
      if (random.below(6) == 0) trouble_.busy[item] = 1;
      if (random.below(6) == 0) trouble_.later[item] = 1;
      buy_it("sale-" + std::to_string(i), item);
      if (random.below(20) == 0) world_->restart("till/" + std::to_string(random.below(3)));
      if (random.below(20) == 0) world_->restart(random.below(2) == 0 ? "stamper/1" : "book");
      if (random.below(4) == 0) world_->settle();
    }
    world_->ask("bank", change_rate{"EUR"});
    world_->pass(10s);
    std::uint64_t known = 0;
    for (std::uint64_t i = 0; i < sales; ++i) {
      const auto id = "sale-" + std::to_string(i);
      for (const auto& partition : counts_.all("till")) {
        const auto said = ask(partition, show_sale{id});
        const auto* found = said ? std::get_if<request::answer>(&*said) : nullptr;
        if (found == nullptr) continue;
        EXPECT_EQ(partition, counts_.owner("till", id));
        for (const auto& other : counts_.all("archive"))
          EXPECT_EQ(std::holds_alternative<request::answer>(ask(other, show_sale{id}).value()),
                    other == counts_.owner("archive", id))
              << other << " of " << id;
        EXPECT_EQ(describe::from_json<sale>(found->payload).value().note, "stamped")
            << "its answer found the way back";
        ++known;
      }
    }
    EXPECT_GT(known, sales / 2) << "some requests were lost with a restart, not their effects";
    const auto total_now = ask("book", show_total{"all"});
    EXPECT_EQ(static_cast<std::uint64_t>(
                  describe::from_json<total>(std::get<request::answer>(*total_now).payload).value().sales),
              known);
    expect_balanced();
    for (const auto& stamper : counts_.all("stamper")) {
      std::uint64_t stamped_there = 0;
      for (const auto& partition : counts_.all("till"))
        stamped_there += world_->books(queue_name(partition, stamper)).processed;
      EXPECT_GT(stamped_there, known / 4) << stamper << " has its share of the requests";
    }
    for (const auto& partition : counts_.all("till"))
      EXPECT_EQ(world_->books(queue_name("bank", partition)).processed, 1U) << partition << " hears of every rate";
  }
}

TEST_F(Partitions, MakeIdsOfTheirOwnShare) {
  open(3);
  for (const auto& partition : counts_.all("till"))
    for (int i = 0; i < 20; ++i) {
      const auto said = ask(partition, open_account{"Ada"});
      const auto made = describe::from_json<sale>(std::get<request::answer>(said.value()).payload).value();
      EXPECT_EQ(counts_.owner("till", made.id), partition);
    }
}

/// Publishes about its own key, or asks the service of that name about it; "about x" publishes about x.
service_definition relay() {
  service_definition made{"relay"};
  made.by_key()
      .says_under_own_keys()
      .on([](turn& now, const buy& command) -> outcome {
        if (command.item.starts_with("about "))
          now.publish(sold{command.item.substr(6), "", 1});
        else
          now.request(command.item, stamp{command.id});
        now.publish(sold{command.id, "", 1});
        return done{};
      })
      .says<sold, stamp>();
  return made;
}

TEST_F(Partitions, WhoShareNoKeyHaveNoQueue) {
  counts_.set("relay", 2);
  kinds_.push_back(relay());
  const auto hearers = [&](const std::string& publisher) {
    std::vector<std::string> names;
    const auto wires = wire(partitions_of(kinds_, counts_));
    for (const auto& one : wires.at(publisher).subscribers) names.push_back(one.service);
    return names;
  };
  EXPECT_THAT(hearers("relay/0"), UnorderedElementsAre("book", "archive/0", "archive/2", "stamper/0"));
  EXPECT_THAT(hearers("relay/1"), UnorderedElementsAre("book", "archive/1", "archive/3", "stamper/1"));
  counts_.set("relay", 3);
  EXPECT_THAT(hearers("relay/1"), IsSupersetOf({"archive/0", "archive/1", "archive/2", "archive/3"}))
      << "3 and 4 have no common divisor, so every pair has a key";
  EXPECT_THAT(hearers("till/0"), IsSupersetOf({"archive/0", "archive/1", "archive/2", "archive/3"}))
      << "it does not say that it keeps to its own keys";
  for (auto& one : kinds_)
    if (one.name() == "archive") one.hears_everywhere<sold>();
  counts_.set("relay", 2);
  EXPECT_THAT(hearers("relay/1"), IsSupersetOf({"archive/0", "archive/1", "archive/2", "archive/3"}));
}

/// It would be in the log, and nobody would ever hear it.
TEST_F(Partitions, WhatNobodyWouldHearIsNotSaid) {
  counts_.set("relay", 2);
  kinds_.push_back(relay());
  open(1);
  std::string other = "a";
  while (counts_.owner("relay", other) == counts_.owner("relay", "key")) other += "a";
  const auto partition = counts_.owner("relay", "key");
  const auto refusal = [&](const std::string& item) {
    const auto said = ask(partition, buy{"key", item}).value();
    const auto* trouble = std::get_if<base::fault>(&said);
    return trouble == nullptr ? std::string{} : trouble->text;
  };
  EXPECT_EQ(refusal("stamper"), "") << "to a service that handles it";
  EXPECT_EQ(refusal("about " + other), partition + " says sold under a key of another partition");
  EXPECT_EQ(refusal("book"), partition + " says stamp to book, which does not handle it");
  EXPECT_EQ(refusal("nobody"), partition + " says stamp to nobody, which does not handle it");
  EXPECT_EQ(world_->books(queue_name(partition, "book")).published, 1U);
}

/// What was published before anybody had several partitions belongs to the first one.
TEST_F(Partitions, OlderCountsAreTheFirstPartitions) {
  const auto stores = std::make_shared<std::unique_ptr<storage::store_factory>>(storage::memory_stores());
  ledger_board ledgers;
  base::manual_clock clock;
  const auto count_of = [&](const std::vector<service_definition>& shop, const std::string& publisher,
                            const std::string& subscriber, const std::optional<change_rate>& say) {
    const auto wires = wire(shop);
    const auto definition = std::ranges::find(shop, publisher, &service_definition::name);
    partition core{*definition, wires.at(publisher), {}, partition_environment{**stores, clock, 1, ledgers}};
    outgoing out;
    EXPECT_TRUE(core.open(out));
    if (say) {
      envelope command;
      command.id = "m";
      command.type = describe::name_of<change_rate>();
      command.key = say->currency;
      command.payload = describe::to_json(*say);
      core.request(1, command, clock.now() + 5s, out);
      while (core.has_work()) core.run(out);
    }
    const auto published = ledgers.of(queue_name(publisher, subscriber)).read().published;
    core.close({fault_kind::unavailable, "", {}, {}}, out);
    return published;
  };
  auto kinds = kinds_;
  service_definition desk{"desk"};
  desk.by_key().on([](turn&, const rate_changed&) -> outcome { return done{}; });
  kinds.push_back(desk);
  EXPECT_EQ(count_of(partitions_of(kinds, {}), "bank", "desk", change_rate{"EUR"}), 1U);
  partition_counts counts;
  counts.set("desk", 2);
  const auto shop = partitions_of(kinds, counts);
  EXPECT_EQ(count_of(shop, "bank", "desk/0", {}), 1U);
  EXPECT_EQ(count_of(shop, "bank", "desk/1", {}), 0U);
  std::string second = "A";
  while (counts.owner("desk", second) != "desk/1") second += "A";
  EXPECT_EQ(count_of(shop, "bank", "desk/1", change_rate{second}), 1U);
  EXPECT_EQ(count_of(shop, "bank", "desk/0", {}), 1U);
  EXPECT_EQ(count_of(shop, "bank", "desk/1", {}), 1U) << "also when its store is opened again";
}

/// Another number in the file alone would hide what the others of before have.
TEST_F(Partitions, AStoreOfAnotherShareIsNotOpened) {
  const auto stores = storage::memory_stores();
  ledger_board ledgers;
  base::manual_clock clock;
  const auto opened = [&](std::uint32_t index, std::uint32_t count) {
    const auto archive = kinds_.back().as_partition(index, count);
    partition core{archive, {}, {}, partition_environment{*stores, clock, 1, ledgers}};
    outgoing out;
    return core.open(out);
  };
  EXPECT_TRUE(opened(1, 2));
  EXPECT_TRUE(opened(1, 2));
  const auto other = opened(1, 3);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, fault_kind::conflict);
  EXPECT_THAT(other.error().text, HasSubstr("the store of archive/1 is one of 2 partitions, not of 3"));
}

}  // namespace
}  // namespace musiccorp::service
