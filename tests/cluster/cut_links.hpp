#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "support/run_record.hpp"
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

/// Each kind in turn, and each pair of nodes in turn, the same for the same seed; of one-way cuts, the two directions
/// of a pair. So three troubles are enough to meet every link.
inline std::vector<trouble> plan_troubles(base::random_source& random, std::size_t count,
                                          const std::vector<std::string>& names) {
  constexpr std::array kinds{trouble_kind::one_way, trouble_kind::slow, trouble_kind::cut, trouble_kind::one_way};
  std::vector<std::pair<std::string, std::string>> pairs;
  for (std::size_t one = 0; one < names.size(); ++one)
    for (std::size_t other = one + 1; other < names.size(); ++other) pairs.emplace_back(names[one], names[other]);
  for (auto left = pairs.size(); left > 1; --left) std::swap(pairs[left - 1], pairs[random.below(left)]);
  for (auto& [from, to] : pairs)
    if (random.below(2) == 0) std::swap(from, to);
  std::vector<trouble> all;
  for (std::size_t i = 0; i < count; ++i) {
    const auto& [from, to] = pairs[i % pairs.size()];
    all.push_back({kinds[i % kinds.size()], from, to});
    if (i % kinds.size() == 3) all.back() = {trouble_kind::one_way, all[i - 3].to, all[i - 3].from};
  }
  return all;
}

template <class Base>
class cut_links : public three_nodes<Base> {
 protected:
  using three_nodes<Base>::three_nodes;
  using three_nodes<Base>::nodes_;
  using three_nodes<Base>::board_;
  using three_nodes<Base>::folder_;

  /// The nodes are set up and not started. MUSICCORP_TROUBLES says how much happens; see also run_record.
  void keep_every_promise(network& net, std::size_t troubles) {
    troubles = wanted("MUSICCORP_TROUBLES", troubles);
    run_record record{folder_.path(), 21};
    SCOPED_TRACE("MUSICCORP_SEED=" + std::to_string(record.seed));
    base::random_source random{record.seed};
    record.add("plan", {{"troubles", troubles}});

    nodes_.start_all();
    this->expect_whole();
    stubborn_clients load{board_, this->plan(100'000, record.seed), 6, answers_within};
    board_.put(nodes_.url("north"));
    for (const auto& one : plan_troubles(random, troubles, nodes_.names())) {
      this->let_work(load, 20 + random.below(100));
      suffer(net, one, random, load, record);
      if (this->HasFatalFailure()) break;
    }
    net.heal();
    const auto answered = load.finish();
    record.judge(answered);
    record.judge(this->expect_all_promises(answered));
  }

 private:
  void suffer(network& net, const trouble& what, base::random_source& random, const stubborn_clients& load,
              run_record& record) {
    const auto kind = describe::name_of(what.kind);
    SCOPED_TRACE(std::string{kind} + " " + what.from + " " + what.to);
    board_.put(nodes_.url(what.from == "north" ? what.to : what.from));  // Requests are on their way when it happens.
    this->let_work(load, 20);
    const auto ups = times_up();
    record.add("trouble", {{"kind", kind}, {"from", what.from}, {"to", what.to}});
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
      record.add("noticed");
      board_.put(nodes_.url("north"));
      this->let_work(load, 20 + random.below(100));
      if (what.kind == trouble_kind::cut) {
        EXPECT_TRUE(this->wait_for([&] { return calls_in_vain(what); })) << "nobody calls the other again";
      }
    }
    net.heal();
    record.add("healed");
    this->expect_whole();
    record.add("whole", {{"orders_begun", load.begun()}});
  }

  /// One of the two has called the other, and heard nothing: from it, or, where no byte arrives, from its system.
  bool calls_in_vain(const trouble& what) {
    for (const auto& [name, other] : {std::pair{what.from, what.to}, std::pair{what.to, what.from}})
      if (const auto link = nodes_.link(this->connection_, name, other);
          link && (link->why.find("does not answer") != std::string::npos ||
                   link->why.find("timed out") != std::string::npos))
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
};

}  // namespace musiccorp::testing
