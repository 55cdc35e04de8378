#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/faulty_store.hpp"
#include "support/little_world.hpp"
#include "unit/service/toy_services.hpp"

/// What a store's failures may do to the shop: delay it, never change what happens.
namespace musiccorp {
namespace {

using namespace toys;
using namespace std::chrono_literals;
using testing::store_faults;

/// Eight sales by a client that repeats each with its Idempotency-Key until it gets an answer. Some crash in the
/// book, two of them always; the book dies once in between.
class scripted_run {
 public:
  explicit scripted_run(std::shared_ptr<store_faults> faults)
      : faults_{faults}, world_{services(trouble_), 7, limits(), std::make_unique<testing::faulty_stores>(faults)} {}

  void play() {
    trouble_.crashes = {{"poison", 1'000}, {"disc", 2}};
    trouble_.busy = {{"disc", 1}};
    trouble_.later = {{"disc", 2}};
    for (int i = 0; i < sales; ++i) {
      buy_until_answered(std::to_string(i), i % 4 == 1 ? "poison" : "disc");
      if (i == 4) world_.restart("book");
    }
    world_.pass(1min);
  }

  void expect_everything_happened_once() {
    const auto sum = answered<total>("book", show_total{"all"});
    EXPECT_EQ(sum.sales, sales - poisoned);
    EXPECT_EQ(sum.amount, (sales - poisoned) * 4);
    for (int i = 0; i < sales; ++i)
      EXPECT_EQ(answered<sale>("till", show_sale{std::to_string(i)}).note, "stamped") << "sale " << i;
    expect_balanced("till:book", sales, poisoned);
    expect_balanced("till:stamper", sales, 0);
    expect_balanced("stamper:till", sales, 0);
    EXPECT_THAT(faults_->misuse(), ::testing::IsEmpty());
  }

 private:
  static constexpr int sales = 8;
  static constexpr int poisoned = 2;

  static service::partition_limits limits() {
    service::partition_limits small;
    small.retry = {6, 10ms, 20ms};
    small.batch_messages = 4;
    small.window_messages = 3;
    small.outbox.tail_messages = 1;  // So that the log is read, too.
    return small;
  }

  void buy_until_answered(const std::string& id, const std::string& item) {
    for (int i = 0; i < 20; ++i) {
      const auto token = world_.ask("till", buy{id, item}, "key-" + id);
      world_.pass(20ms);
      const auto said = world_.reply(token);
      if (said && std::holds_alternative<request::answer>(*said)) return;
    }
    ADD_FAILURE() << "sale " << id << " was never answered";
  }

  template <class Answer, class Query>
  Answer answered(const std::string& service, const Query& query) {
    const auto token = world_.ask(service, query);
    world_.settle();
    const auto said = world_.reply(token);
    const auto* got = said ? std::get_if<request::answer>(&*said) : nullptr;
    EXPECT_NE(got, nullptr) << service << " does not answer";
    return got ? describe::from_json<Answer>(got->payload).value() : Answer{};
  }

  void expect_balanced(const std::string& queue, std::uint64_t published, std::uint64_t dead) {
    const auto books = world_.books(queue);
    EXPECT_EQ(books.published, published) << queue;
    EXPECT_EQ(books.received, published) << queue;
    EXPECT_EQ(books.processed, published - dead) << queue;
    EXPECT_EQ(books.dead, dead) << queue;
    EXPECT_EQ(books.ready + books.retrying + books.parked + books.discarded, 0U) << queue;
  }

  std::shared_ptr<store_faults> faults_;
  mischief trouble_;
  testing::little_world world_;
};

TEST(StorageTroubleProperty, EffectsHappenOnceWhicheverCallFails) {
  auto faults = std::make_shared<store_faults>();
  scripted_run undisturbed{faults};
  undisturbed.play();
  const auto calls = faults->calls();
  undisturbed.expect_everything_happened_once();
  ASSERT_GT(calls, 100U);
  for (std::uint64_t n = 1; n <= calls; ++n) {
    SCOPED_TRACE("call " + std::to_string(n) + " of " + std::to_string(calls));
    faults = std::make_shared<store_faults>();
    faults->fail_call(n);
    scripted_run disturbed{faults};
    disturbed.play();
    EXPECT_EQ(faults->failed(), 1U);
    disturbed.expect_everything_happened_once();
    if (::testing::Test::HasFailure()) break;
  }
}

}  // namespace
}  // namespace musiccorp
