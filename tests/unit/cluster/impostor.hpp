#pragma once

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <caf/all.hpp>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "cluster/bridge.hpp"
#include "cluster/caller.hpp"
#include "cluster/hello.hpp"
#include "describe/json.hpp"
#include "unit/cluster/little_cluster.hpp"

namespace musiccorp::cluster {

/// Speaks the links' language, says what a test wants, and gets through as far as it is let.
class impostor final : public bridge_listener {
 public:
  impostor() {
    mouth_ = system.spawn([this](caf::event_based_actor* self) -> caf::behavior {
      self->set_default_handler(caf::drop);
      return {[this](const std::string& text) { keep(text); }};
    });
  }
  ~impostor() override {
    bridge_.close();
    caf::anon_send_exit(mouth_, caf::exit_reason::kill);
    caf::scoped_actor { system } -> wait_for(mouth_);  // It speaks to members of this object.
    mouth_ = nullptr;
  }

  struct parrot final : talker {
    explicit parrot(hello what) : said(std::move(what)) {}
    std::string opening() override { return describe::to_json(said); }
    reply hear(std::string_view text, bool, const std::set<std::string>&) override {
      answer = describe::from_json<verdict>(text).value_or(verdict{});
      if (!answer.accepted) return {{}, true, false};
      return {describe::to_json(verdict{.accepted = true}), true, true};
    }
    hello said;
    verdict answer;
  };

  /// The other one's answer to this hello.
  verdict call(std::uint16_t port, const hello& said, const std::shared_ptr<const credentials>& own = nullptr) {
    const auto never = eventfd(0, EFD_CLOEXEC);
    parrot talk{said};
    auto made = cluster::call("127.0.0.1", port, own, talk, 5s, never);
    close(never);
    trouble = made ? std::string{} : made.error().text;
    if (made) {
      session = talk.answer.session;
      line_ = bridge_.carry_called(std::move(*made), session, nullptr);
    }
    return talk.answer;
  }
  /// The same, and then these bytes instead of what CAF would say. Returns whether the node has closed the
  /// connection.
  bool call_and_say(std::uint16_t port, const hello& said, const std::string& bytes) {
    const auto never = eventfd(0, EFD_CLOEXEC);
    parrot talk{said};
    auto made = cluster::call("127.0.0.1", port, nullptr, talk, 5s, never);
    close(never);
    if (!made) return false;
    const auto until = std::chrono::steady_clock::now() + deadline;
    std::size_t put = 0;
    char read[4096];
    auto state = made->write(bytes.data(), bytes.size(), put);
    while (state != wire::outcome::ended && std::chrono::steady_clock::now() < until) {
      std::size_t got = 0;
      pollfd one{made->socket(), POLLIN, 0};
      (void)::poll(&one, 1, 100);
      state = made->read(read, sizeof read, got);
    }
    return state == wire::outcome::ended;
  }
  /// The node's door, once CAF has it.
  [[nodiscard]] bool gets_in() {
    std::unique_lock hold{mutex_};
    return changed_.wait_for(hold, deadline, [&] { return static_cast<bool>(door); });
  }
  [[nodiscard]] bool is_thrown_out() {
    std::unique_lock hold{mutex_};
    return changed_.wait_for(hold, deadline, [&] { return has_ended; });
  }
  [[nodiscard]] bool hears(word_kind what) {
    std::unique_lock hold{mutex_};
    return changed_.wait_for(hold, deadline, [&] {
      for (const auto& one : words)
        if (one.say == what) return true;
      return false;
    });
  }
  void say(word what) {
    if (what.session.empty()) what.session = session;
    send(caf::make_message(describe::to_json(what)));
  }
  void say(parcel_head head, std::vector<message::envelope> messages = {}) {
    if (head.session.empty()) head.session = session;
    send(caf::make_message(frame{describe::to_json(head), std::move(messages)}));
  }
  void send(caf::message anything) {
    door->enqueue(caf::actor_cast<caf::strong_actor_ptr>(mouth_), caf::make_message_id(), std::move(anything),
                  nullptr);
  }
  [[nodiscard]] std::string caf_node() const { return bridge_.caf_node(); }

  void connected(const std::string&, result<remote_door> found) override {
    const std::lock_guard hold{mutex_};
    if (found) door = *found;
    changed_.notify_all();
  }
  void heard(const remote_door&, const std::string&) override {}
  void heard(const remote_door&, frame&&) override {}
  void not_understood(const remote_door&, const std::string&) override {}
  void keep(const std::string& text) {
    const std::lock_guard hold{mutex_};
    if (auto read = describe::from_json<word>(text)) words.push_back(std::move(*read));
    changed_.notify_all();
  }
  void ended(const std::string&, const std::string&) override {
    const std::lock_guard hold{mutex_};
    has_ended = true;
    changed_.notify_all();
  }

  prepared_config config;
  caf::actor_system system{config};
  std::string session, trouble;
  remote_door door;
  bool has_ended = false;
  std::vector<word> words;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  caf::actor mouth_;
  bridge bridge_{system, *this, 64U << 20U};
  line line_;
};

}  // namespace musiccorp::cluster
