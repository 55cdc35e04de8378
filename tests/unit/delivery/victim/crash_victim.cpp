// crash_victim <slots file> <way>: handles message 7 of "inventory" in the cell "order" and dies of it, while the
// cell "warehouse" handles message 12 of "payment". The ways that do not end by themselves say "ready" and wait.
// crash_victim <slots file> show: is the next process, and says where the one before died.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <latch>
#include <map>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/random.hpp"
#include "delivery/crash_handler.hpp"
#include "delivery/in_flight_slots.hpp"
#include "delivery/symbolise.hpp"

namespace victim {

using musiccorp::delivery::in_flight_message;
using musiccorp::delivery::in_flight_slots;
using musiccorp::delivery::slot;

const in_flight_message poison{musiccorp::base::stable_hash("inventory"), 7, "01J8ZQ4T5S0000000000000007", 70,
                               musiccorp::instant{musiccorp::duration{1'000}}};
const in_flight_message innocent{musiccorp::base::stable_hash("payment"), 12,
                                 "a-caller's-own-key-that-is-far-too-long", 120,
                                 musiccorp::instant{musiccorp::duration{2'000}}};

[[noreturn]] void wait_for_the_end() {
  for (;;) ::pause();
}

void say_ready() {
  std::puts("ready");
  std::fflush(stdout);
}

[[gnu::noinline]] void aborts() { std::abort(); }

[[gnu::noinline]] void dereferences_null() {
  volatile int* volatile nowhere = nullptr;
  *nowhere = 1;
}

[[gnu::noinline]] void calls_nothing() {
  void (*volatile nothing)() = nullptr;
  [[maybe_unused]] volatile int after = 0;
  nothing();
  after = 1;  // Keeps the call from becoming a jump, which would leave no return address.
}

[[gnu::noinline]] int overflows_the_stack(int depth) {
  volatile char room[16'384];
  room[0] = static_cast<char>(depth);
  if (depth < 0) return 0;
  return overflows_the_stack(depth + 1) + room[0];
}

[[gnu::noinline, gnu::no_sanitize("undefined")]] void divides_by_zero() {
  volatile int nothing = 0;
  volatile int some = 7;
  some = some / nothing;
}

[[gnu::noinline]] void throws() { throw std::runtime_error("nobody catches this"); }

/// A limit on memory, and allocations until it is met. The exception leaves a noexcept function.
[[gnu::noinline]] void eats_memory() noexcept {
  const rlimit limit{512U << 20U, 512U << 20U};
  ::setrlimit(RLIMIT_AS, &limit);
  std::vector<std::vector<char>> eaten;
  for (;;) eaten.emplace_back(std::size_t{16} << 20U, 'x');
}

void throws_on_a_thread_of_its_own() { std::thread{throws}.join(); }

void has_a_child_that_dies() {
  const auto child = ::fork();
  if (child == 0) std::abort();
  ::waitpid(child, nullptr, 0);
  say_ready();
  wait_for_the_end();
}

void waits() {
  say_ready();
  wait_for_the_end();
}

/// The first crash of a process that gets away with it: the slot goes on to other messages.
void survives(slot& order) {
  ::signal(SIGTRAP, SIG_IGN);
  musiccorp::delivery::install_crash_handler();
  order.begin(poison);
  ::raise(SIGTRAP);
  order.end();
  order.begin(innocent);
  waits();
}

const std::map<std::string, void (*)()> ways{
    {"abort", aborts},
    {"null", dereferences_null},
    {"call", calls_nothing},
    {"overflow", [] { overflows_the_stack(0); }},
    {"division", divides_by_zero},
    {"terminate", [] { []() noexcept { throws(); }(); }},
    {"other_thread", throws_on_a_thread_of_its_own},
    {"memory", eats_memory},
    {"child", has_a_child_that_dies},
    {"wait", waits},
};

/// A cell on a thread of its own that is in the middle of a message, for ever.
void start_bystander(slot& where, const in_flight_message& message) {
  std::latch begun{1};
  std::thread{[&] {
    where.begin(message);
    begun.count_down();
    wait_for_the_end();
  }}.detach();
  begun.wait();
}

slot& slot_of(in_flight_slots& slots, std::string_view cell) { return *slots.of(cell).value(); }

/// On a file that is ours from now on.
std::unique_ptr<in_flight_slots> start_on(const std::string& file) {
  auto slots = in_flight_slots::open(file).value();
  if (!slots->accepted(musiccorp::instant{musiccorp::duration{500}})) throw std::runtime_error(file);
  return slots;
}

int show(const std::string& file) {
  const auto slots = in_flight_slots::open(file).value();
  const auto& scene = slots->earlier().value();
  for (const auto& one : scene.slots)
    if (one.mark) std::fputs(musiccorp::delivery::symbolise(one.mark->frames).c_str(), stdout);
  if (scene.outside) std::fputs(musiccorp::delivery::symbolise(scene.outside->frames).c_str(), stdout);
  return 0;
}

int die(const std::string& file, const std::string& way) {
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  const auto slots = start_on(file);
  const auto neighbour = start_on(file + ".neighbour");  // Of another node in this process.
  auto& order = slot_of(*slots, "order");
  if (way == "survive") survives(order);
  musiccorp::delivery::install_crash_handler();
  start_bystander(slot_of(*slots, "warehouse"), innocent);
  start_bystander(slot_of(*neighbour, "shipping"), innocent);
  if (way == "draining") slots->draining();
  // On a thread that is not the first: its stack is its own business, and the alternate one ours.
  std::thread{[&] {
    musiccorp::delivery::ensure_alternate_stack();
    if (way == "commit") {
      order.committing();
      aborts();
    }
    order.begin(poison);
    ways.at(way == "draining" ? "wait" : way)();
    order.end();
  }}.join();
  return 0;
}

}  // namespace victim

int main(int count, char** arguments) {
  if (count != 3) return 64;
  const std::string file = arguments[1], way = arguments[2];
  return way == "show" ? victim::show(file) : victim::die(file, way);
}
