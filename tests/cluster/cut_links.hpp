#pragma once

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "support/journal.hpp"
#include "support/three_nodes.hpp"

/// A shop on three nodes whose links are cut, cut in one direction, and slowed while customers order.
namespace musiccorp::testing {

/// What a test can do to the way between two nodes. Bytes that are swallowed are neither refused nor answered.
class network {
 public:
  virtual ~network() = default;
  virtual void swallow(const std::string& from, const std::string& to) = 0;
  virtual void slow(const std::string& one, const std::string& other) = 0;  ///< both directions
  virtual void heal() = 0;
};

enum class trouble_kind : std::uint8_t { cut, one_way, slow };
constexpr std::array<std::string_view, 3> describe_choice(trouble_kind) { return {"cut", "one_way", "slow"}; }

struct trouble {
  trouble_kind kind;
  std::string from, to;
};

/// Each kind in turn, the same for the same seed; of one-way cuts, the two directions of a pair in turn.
inline std::vector<trouble> plan_troubles(base::random_source& random, std::size_t count,
                                          const std::vector<std::string>& names) {
  constexpr std::array kinds{trouble_kind::one_way, trouble_kind::slow, trouble_kind::cut, trouble_kind::one_way};
  std::vector<trouble> all;
  for (std::size_t i = 0; i < count; ++i) {
    const auto from = random.below(names.size());
    const auto to = (from + 1 + random.below(names.size() - 1)) % names.size();
    all.push_back({kinds[i % kinds.size()], names[from], names[to]});
    if (i % kinds.size() == 3) all.back() = {trouble_kind::one_way, all[i - 3].to, all[i - 3].from};
  }
  return all;
}

/// A number from the environment.
inline std::uint64_t wanted(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

template <class Base>
class cut_links : public three_nodes<Base> {
 protected:
  using three_nodes<Base>::three_nodes;
  using three_nodes<Base>::nodes_;
  using three_nodes<Base>::board_;
  using three_nodes<Base>::folder_;

  /// The nodes are set up and not started. MUSICCORP_SEED says what happens, MUSICCORP_TROUBLES how much; the history
  /// and the verdict are in the test's folder, or where MUSICCORP_HISTORY says.
  void keep_every_promise(network& net, std::size_t troubles) {
    const auto seed = wanted("MUSICCORP_SEED", 21);
    troubles = wanted("MUSICCORP_TROUBLES", troubles);
    const char* elsewhere = std::getenv("MUSICCORP_HISTORY");
    const std::filesystem::path place = elsewhere ? elsewhere : folder_.path();
    std::filesystem::create_directories(place);
    journal history{place / "history.jsonl"};
    SCOPED_TRACE("MUSICCORP_SEED=" + std::to_string(seed));
    base::random_source random{seed};
    history.add("begin", {{"seed", seed}, {"troubles", troubles}});

    nodes_.start_all();
    this->expect_whole();
    stubborn_clients load{board_, this->plan(100'000, seed), 6, answers_within};
    board_.put(nodes_.url("north"));
    for (const auto& one : plan_troubles(random, troubles, nodes_.names())) {
      this->let_work(load, 20 + random.below(100));
      suffer(net, one, random, load, history);
      if (this->HasFatalFailure()) break;
    }
    net.heal();
    judge(load.finish(), place, history);
  }

 private:
  /// The node answers within 5 s; whoever waits this long for it has been forgotten.
  static constexpr std::chrono::seconds answers_within{20};

  void suffer(network& net, const trouble& what, base::random_source& random, const stubborn_clients& load,
              journal& history) {
    const auto kind = describe::name_of(what.kind);
    SCOPED_TRACE(std::string{kind} + " " + what.from + " " + what.to);
    board_.put(nodes_.url(what.from == "north" ? what.to : what.from));  // Requests are on their way when it happens.
    this->let_work(load, 20);
    const auto ups = times_up();
    history.add("trouble", {{"kind", kind}, {"from", what.from}, {"to", what.to}});
    if (what.kind == trouble_kind::slow) {
      net.slow(what.from, what.to);
      this->let_work(load, 40 + random.below(100));
      EXPECT_EQ(times_up(), ups) << "a slow link is a link";
    } else {
      net.swallow(what.from, what.to);
      if (what.kind == trouble_kind::cut) net.swallow(what.to, what.from);
      for (const auto& [name, other] : {std::pair{what.from, what.to}, std::pair{what.to, what.from}})
        ASSERT_TRUE(this->wait_for([&] { return !this->is_link(name, other, cluster::link_state::up); }))
            << name << " has not noticed";
      history.add("noticed");
      board_.put(nodes_.url("north"));
      this->let_work(load, 20 + random.below(100));
      if (what.kind == trouble_kind::cut) {
        EXPECT_TRUE(this->wait_for([&] { return calls_in_vain(what); })) << "nobody calls the other again";
      }
    }
    net.heal();
    history.add("healed");
    this->expect_whole();
    history.add("whole", {{"orders_begun", load.begun()}});
  }

  /// One of the two has called the other, and heard nothing.
  bool calls_in_vain(const trouble& what) {
    for (const auto& [name, other] : {std::pair{what.from, what.to}, std::pair{what.to, what.from}})
      if (const auto link = nodes_.link(this->connection_, name, other);
          link && link->why.find("does not answer") != std::string::npos)
        return true;
    return false;
  }

  std::uint64_t times_up() {
    std::uint64_t all = 0;
    for (const auto& name : nodes_.names())
      if (const auto page = nodes_.page(this->connection_, name))
        for (const auto& link : page->links) all += link.times_up;
    return all;
  }

  void judge(const std::vector<answered_order>& answered, const std::filesystem::path& place, journal& history) {
    std::chrono::milliseconds longest{0};
    int lost = 0;
    for (const auto& one : answered) {
      history.add("answer", {{"order", one.planned.idempotency},
                             {"kind", describe::name_of(one.planned.kind)},
                             {"status", one.status},
                             {"attempts", one.attempts},
                             {"lost", one.lost},
                             {"longest_ms", one.longest.count()}});
      longest = std::max(longest, one.longest);
      lost += one.lost;
    }
    EXPECT_GT(answered.size(), 100U) << "too little load to prove anything";
    EXPECT_EQ(lost, 0) << "requests that got no answer within " << answers_within.count() << " s";
    journal verdict{place / "verdict.jsonl"};
    verdict.add("answers", {{"orders", answered.size()}, {"lost", lost}, {"longest_ms", longest.count()}});
    for (const auto& one : this->expect_all_promises(answered))
      verdict.add("promise", {{"promise", one.promise}, {"holds", one.holds}, {"evidence", one.evidence}});
    std::printf("  %zu orders answered, the slowest answer after %lld ms\n", answered.size(),
                static_cast<long long>(longest.count()));
  }
};

}  // namespace musiccorp::testing
