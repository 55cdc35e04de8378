#include "service/remote_cell.hpp"

#include <gtest/gtest.h>

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include "service/cell_types.hpp"
#include "service/remote_frames.hpp"

namespace musiccorp::service {
namespace {

using namespace std::chrono_literals;

struct test_config : caf::actor_system_config {
  test_config() {
    set("scheduler.policy", caf::atom("testing"));
    add_message_types<caf::id_block::musiccorp>();
  }
};

/// A remote cell for `payment` of node b, and everything that it gives to the link.
class RemoteCell : public ::testing::Test {
 protected:
  RemoteCell() {
    asker_ = system_.spawn([this](caf::event_based_actor*) -> caf::behavior {
      return {
          [this](const reply_message& said) { replies_[said.token].push_back(request::read_reply(said.message)); }};
    });
    remote_cell_options options{
        .partition = "payment", .node = "b", .self = "a", .send = {}, .places = places_, .clock = clock_};
    options.send = [this](cluster::parcel one) -> result<void> {
      if (!is_up_) return failure(fault_kind::unavailable, "there is no link to node b");
      if (is_full_) return failure(fault_kind::overloaded, "too much is on its way");
      sent_.push_back(std::move(one));
      return {};
    };
    options.status = status_;
    places_->add("order", system_.spawn([this](caf::event_based_actor*) -> caf::behavior {
      return {[this](const delivery::hello& frame) { heard_.push_back(frame.publisher); }};
    }));
    options.requests_max = 3;
    cell_ = spawn_remote_cell(system_, std::move(options));
  }
  ~RemoteCell() override {
    for (const auto& one : {cell_, asker_, places_->find("order")})
      caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
    places_->clear();
    cell_ = nullptr;
    asker_ = nullptr;
    pass(2s);
  }

  void run() {
    while (scheduler_.try_run_once()) {
    }
  }
  void pass(duration time) {
    for (duration passed{}; passed < time; passed += 10ms) {
      clock_->advance(10ms);
      scheduler_.clock().advance_time(10ms);
      run();
    }
  }
  void ask(std::uint64_t token, duration within = 1s) {
    envelope message;
    message.id = "request-" + std::to_string(token);
    message.type = "show_payment";
    caf::anon_send(cell_, request_message{token, (clock_->now() + within).time_since_epoch().count(), message},
                   asker_);
    run();
  }
  /// What was sent as the nth parcel.
  remote_request request(std::size_t nth) {
    return std::get<remote_request>(read_frame(cluster::parcel{sent_.at(nth)}).value());
  }
  void answer(std::uint64_t wire_token) {
    caf::anon_send(cell_,
                   reply_message{wire_token, request::to_envelope(request::answer{"payment_view", 1, "1", "{}"})});
    run();
  }
  /// The only reply to it.
  request::reply reply(std::uint64_t token) {
    EXPECT_EQ(replies_[token].size(), 1U) << token;
    return replies_[token].empty() ? request::reply{} : replies_[token].front();
  }
  fault_kind trouble(std::uint64_t token) {
    const auto said = reply(token);
    EXPECT_TRUE(std::holds_alternative<base::fault>(said)) << token;
    return std::get<base::fault>(said).kind;
  }

  bool is_up_ = true;
  bool is_full_ = false;
  std::vector<std::string> heard_;  ///< publishers that `order` of this node was told of
  std::shared_ptr<directory> places_ = std::make_shared<directory>();
  std::vector<cluster::parcel> sent_;
  std::map<std::uint64_t, std::vector<request::reply>> replies_;
  std::shared_ptr<base::manual_clock> clock_ = std::make_shared<base::manual_clock>();
  std::shared_ptr<remote_status> status_ = std::make_shared<remote_status>();
  test_config config_;
  caf::actor_system system_{config_};
  caf::scheduler::test_coordinator& scheduler_ = dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler());
  caf::actor asker_;
  caf::actor cell_;
};

TEST_F(RemoteCell, CarriesARequestAndItsAnswer) {
  ask(7);
  ASSERT_EQ(sent_.size(), 1U);
  EXPECT_EQ(sent_[0].to, "payment");
  EXPECT_EQ(sent_[0].from, "@a");
  EXPECT_EQ(request(0).message.id, "request-7");
  EXPECT_EQ(request(0).time_left, 1s) << "time, because the other machine has another clock";
  EXPECT_EQ(status_->requests_pending, 1U);
  answer(request(0).token);
  EXPECT_EQ(std::get<request::answer>(reply(7)).type, "payment_view");
  EXPECT_EQ(status_->requests_pending, 0U);
  answer(request(0).token);
  EXPECT_EQ(replies_[7].size(), 1U) << "said twice";
}

TEST_F(RemoteCell, AnswersAtOnceWhenThereIsNoLink) {
  is_up_ = false;
  ask(7);
  EXPECT_EQ(trouble(7), fault_kind::unavailable);
}

TEST_F(RemoteCell, AnswersWhoeverWaitsWhenTheLinkIsLost) {
  ask(7);
  ask(8);
  caf::anon_send(cell_, link_lost_atom_v);
  run();
  EXPECT_EQ(trouble(7), fault_kind::unavailable);
  EXPECT_EQ(trouble(8), fault_kind::unavailable);
  answer(request(0).token);  // It was on its way.
  EXPECT_EQ(replies_[7].size(), 1U);
  ask(9);
  EXPECT_NE(request(2).token, request(0).token) << "an old answer never meets a new question";
}

TEST_F(RemoteCell, EndsEachRequestAtItsDeadline) {
  ask(7, 500ms);
  ask(8, 5s);
  pass(1s);
  EXPECT_EQ(trouble(7), fault_kind::timeout);
  EXPECT_TRUE(replies_[8].empty());
  ask(9, -1s);
  EXPECT_EQ(trouble(9), fault_kind::timeout);
  EXPECT_EQ(sent_.size(), 2U);
}

TEST_F(RemoteCell, RefusesMoreThanItsLimit) {
  for (std::uint64_t token = 1; token <= 4; ++token) ask(token);
  EXPECT_EQ(trouble(4), fault_kind::overloaded);
  EXPECT_EQ(sent_.size(), 3U);
}

TEST_F(RemoteCell, AnswersWhoeverWaitsWhenItStops) {
  ask(7);
  caf::anon_send_exit(cell_, caf::exit_reason::user_shutdown);
  run();
  EXPECT_EQ(trouble(7), fault_kind::unavailable);
}

TEST_F(RemoteCell, CarriesFramesOfStreamsAndDropsThemWithoutALink) {
  caf::anon_send(cell_, delivery::batch{"order", 0, 3, {}});
  caf::anon_send(cell_, delivery::ack{"order", 3});
  caf::anon_send(cell_, delivery::subscribe{"order", {"payment.received"}, 3, 10, 1000});
  caf::anon_send(cell_, delivery::hello{"order"});
  run();
  ASSERT_EQ(sent_.size(), 4U);
  for (const auto& one : sent_) EXPECT_EQ(one.from, "order");
  EXPECT_EQ(std::get<delivery::batch>(read_frame(cluster::parcel{sent_[0]}).value()),
            (delivery::batch{"order", 0, 3, {}}));
  is_up_ = false;
  caf::anon_send(cell_, delivery::ack{"order", 4});
  run();
  EXPECT_EQ(status_->frames_not_sent, 1U);
}

TEST_F(RemoteCell, StreamsThatFoundTheLinkFullBeginAnewWhenItIsNot) {
  is_full_ = true;
  caf::anon_send(cell_, delivery::batch{"order", 0, 3, {}});
  pass(1s);
  EXPECT_TRUE(sent_.empty());
  is_full_ = false;
  pass(500ms);
  ASSERT_EQ(sent_.size(), 1U) << "once";
  EXPECT_EQ(std::get<delivery::hello>(read_frame(cluster::parcel{sent_[0]}).value()).publisher, "order");
  EXPECT_TRUE(heard_.empty());

  is_full_ = true;
  caf::anon_send(cell_, delivery::ack{"order", 3});
  run();
  is_full_ = false;
  pass(500ms);
  EXPECT_EQ(heard_, std::vector<std::string>{"payment"}) << "our subscriber subscribes anew";
  EXPECT_EQ(sent_.size(), 1U);
}

TEST_F(RemoteCell, AFullLinkThatIsLostLeavesTheStreamsToTheNextOne) {
  is_full_ = true;
  caf::anon_send(cell_, delivery::batch{"order", 0, 3, {}});
  run();
  caf::anon_send(cell_, link_lost_atom_v);
  is_full_ = false;
  pass(1s);
  EXPECT_TRUE(sent_.empty());
}

}  // namespace
}  // namespace musiccorp::service
