#include "delivery/isolation.hpp"

#include <algorithm>
#include <deque>
#include <mutex>
#include <utility>

#include "base/ensure.hpp"

namespace musiccorp::delivery {

struct isolation::seat::member {
  std::string name;
  std::function<void()> wake;
  bool inside = false;   ///< in a batch
  bool refused = false;  ///< wants to hear when the gate opens
};

/// What all seats share. The first in `waiting` has its turn once nobody is inside; until it comes to take it the
/// gate is shut for everybody else anyway.
struct isolation::room {
  using member = seat::member;
  using members = std::vector<std::shared_ptr<member>>;

  mutable std::mutex mutex;
  members all;
  std::size_t inside = 0;
  bool somebody_refused = false;
  std::shared_ptr<member> alone;
  std::deque<std::shared_ptr<member>> waiting;

  [[nodiscard]] bool shut_for(const member& one) const {
    return alone != nullptr ? alone.get() != &one : !waiting.empty();
  }

  bool enter(member& one) {
    const std::lock_guard hold{mutex};
    ensure(!one.inside, "a cell has one batch at a time");
    one.refused = shut_for(one);
    somebody_refused |= one.refused;
    if (one.refused) return false;
    one.inside = true;
    ++inside;
    return true;
  }

  bool ask(const std::shared_ptr<member>& one) {
    const std::lock_guard hold{mutex};
    ensure(!one->inside, "a cell asks to be alone between its batches");
    if (alone == one) return true;
    if (std::ranges::find(waiting, one) == waiting.end()) waiting.push_back(one);
    if (alone != nullptr || inside > 0 || waiting.front() != one) return false;
    waiting.pop_front();
    alone = one;
    return true;
  }

  /// Whoever is to be woken, by the caller, without the lock.
  [[nodiscard]] members leave(const std::shared_ptr<member>& one) {
    const std::lock_guard hold{mutex};
    if (std::exchange(one->inside, false)) --inside;
    if (alone == one) alone = nullptr;
    std::erase(waiting, one);
    return next();
  }

  [[nodiscard]] members remove(const std::shared_ptr<member>& one) {
    auto woken = leave(one);
    const std::lock_guard hold{mutex};
    std::erase(all, one);
    return woken;
  }

 private:
  members next() {
    if (alone != nullptr) return {};
    if (!waiting.empty()) return inside > 0 ? members{} : members{waiting.front()};
    if (!std::exchange(somebody_refused, false)) return {};
    members woken;
    for (const auto& one : all)
      if (std::exchange(one->refused, false)) woken.push_back(one);
    return woken;
  }
};

namespace {

void wake(const auto& members) {
  for (const auto& one : members) one->wake();
}

}  // namespace

isolation::isolation() : room_{std::make_shared<room>()} {}

isolation::seat isolation::join(std::string name, std::function<void()> wake) {
  auto one = std::make_shared<seat::member>(std::move(name), std::move(wake));
  const std::lock_guard hold{room_->mutex};
  room_->all.push_back(one);
  return seat{room_, std::move(one)};
}

isolation::seat::seat(seat&& other) noexcept = default;

isolation::seat& isolation::seat::operator=(seat&& other) noexcept {
  std::swap(room_, other.room_);
  std::swap(member_, other.member_);
  return *this;
}

isolation::seat::~seat() {
  if (room_ != nullptr) wake(room_->remove(member_));
}

bool isolation::seat::try_enter() { return room_->enter(*member_); }
bool isolation::seat::ask_alone() { return room_->ask(member_); }
void isolation::seat::leave() { wake(room_->leave(member_)); }

isolation::state isolation::now() const {
  const std::lock_guard hold{room_->mutex};
  state made;
  for (const auto& one : room_->all)
    if (one->inside && one != room_->alone) made.inside.push_back(one->name);
  if (room_->alone != nullptr) made.alone = room_->alone->name;
  for (const auto& one : room_->waiting) made.waiting.push_back(one->name);
  return made;
}

}  // namespace musiccorp::delivery
