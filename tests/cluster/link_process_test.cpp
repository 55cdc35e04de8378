#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <deque>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>

#include "cluster/certificates.hpp"
#include "demo/child_process.hpp"
#include "describe/json.hpp"
#include "support/temporary_folder.hpp"
#include "unit/cluster/little_cluster.hpp"
#include "unit/http/raw_connection.hpp"

namespace musiccorp::cluster {
namespace {

using ::testing::HasSubstr;

using steady = std::chrono::steady_clock;

std::uint64_t number_in(const std::string& line, const std::string& before) {
  const auto at = line.find(before);
  std::uint64_t value = 0;
  if (at != std::string::npos) std::from_chars(line.data() + at + before.size(), line.data() + line.size(), value);
  return value;
}

/// Kibibytes that a process may have more than before; AddressSanitizer keeps what was freed for a while.
constexpr std::uint64_t more(std::uint64_t kibibytes) {
#ifdef __SANITIZE_ADDRESS__
  return kibibytes + 400'000;
#else
  return kibibytes;
#endif
}

/// One link_peer.
class link_process {
 public:
  link_process(std::filesystem::path folder, std::string options) : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_);
    std::ofstream{folder_ / "options"} << options;
    mkfifo((folder_ / "orders").c_str(), 0600);
    auto started = demo::child_process::start(
        {MUSICCORP_LINK_PEER, {(folder_ / "options").string(), (folder_ / "orders").string()}, folder_ / "log"});
    if (!started) throw std::runtime_error(started.error().text);
    process_.emplace(std::move(*started));
    orders_ = open((folder_ / "orders").c_str(), O_RDWR | O_CLOEXEC);
  }
  ~link_process() {
    if (orders_ >= 0) close(orders_);
  }
  link_process(const link_process&) = delete;
  link_process& operator=(const link_process&) = delete;

  /// The oldest line that begins like this and was not asked for yet; throws with the log when there is none.
  std::string wait_for(const std::string& beginning, std::chrono::milliseconds longest = 40s) {
    const auto until = steady::now() + longest;
    for (;;) {
      const auto known = std::ranges::find_if(lines_, [&](const auto& one) { return one.starts_with(beginning); });
      if (known != lines_.end()) {
        auto found = std::move(*known);
        lines_.erase(known);
        return found;
      }
      auto next = process_->wait_for_line(
          "", std::max(std::chrono::duration_cast<std::chrono::milliseconds>(until - steady::now()), 0ms));
      if (!next) throw std::runtime_error("no line \"" + beginning + "\": " + next.error().text + "\n" + log());
      lines_.push_back(std::move(*next));
    }
  }
  /// Until it says this of its link with a node, after everything about that link that was waited for before.
  std::string wait_for_link(const std::string& node, const std::string& state) {
    const auto about = "link " + node + " ";
    for (;;) {
      auto line = wait_for(about);
      if (line.starts_with(about + state)) return line;
    }
  }
  void order(const std::string& line) const {
    const auto text = line + "\n";
    if (write(orders_, text.data(), text.size()) < 0) throw std::runtime_error("no orders");
  }
  link_view view_of(const std::string& node) {
    order("view");
    return describe::from_json<link_view>(wait_for("view {\"node\":\"" + node).substr(5)).value();
  }
  void send(int signal) const { process_->send(signal); }
  void kill() {
    process_->send(SIGKILL);
    (void)process_->wait(10s);
  }
  std::optional<demo::process_end> wait() { return process_->wait(20s); }
  [[nodiscard]] bool is_running() { return process_->is_running(); }
  /// Kibibytes that are in RAM.
  [[nodiscard]] std::uint64_t resident() const {
    std::ifstream in{"/proc/" + std::to_string(process_->pid()) + "/status"};
    for (std::string line; std::getline(in, line);)
      if (line.starts_with("VmRSS:")) return std::stoull(line.substr(6));
    return 0;
  }
  /// Hundredths of a second, of all its threads.
  [[nodiscard]] std::uint64_t processor_time() const {
    std::ifstream in{"/proc/" + std::to_string(process_->pid()) + "/stat"};
    std::string word;
    std::uint64_t user = 0, system = 0;
    for (int i = 1; i <= 13; ++i) in >> word;
    in >> user >> system;
    return user + system;
  }
  [[nodiscard]] std::size_t descriptors() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& one :
         std::filesystem::directory_iterator{"/proc/" + std::to_string(process_->pid()) + "/fd"})
      ++count;
    return count;
  }
  [[nodiscard]] std::string log() const {
    std::ifstream in{folder_ / "log"};
    return {std::istreambuf_iterator<char>{in}, {}};
  }

 private:
  std::filesystem::path folder_;
  std::optional<demo::child_process> process_;
  std::deque<std::string> lines_;
  int orders_ = -1;
};

class LinkProcesses : public ::testing::TestWithParam<bool> {
 protected:
  musiccorp::testing::temporary_folder folder;
  std::map<std::string, std::uint16_t> ports{{"a", free_port()}, {"b", free_port()}, {"c", free_port()}};
  std::map<std::string, std::uint64_t> epochs;
  std::map<std::string, std::unique_ptr<link_process>> nodes;

  void SetUp() override {
    if (!GetParam()) return;
    const auto made = make_certificates({folder.path() / "tls", "test", {{"a", {}}, {"b", {}}, {"c", {}}}},
                                        base::system_clock{}.now());
    ASSERT_TRUE(made) << made.error().text;
  }
  void TearDown() override {
    if (!HasFailure()) return;
    for (const auto& [name, node] : nodes)
      if (node) std::cerr << "--- log of " << name << "\n" << node->log();
  }
  /// Starts a node that knows the others, with the next epoch.
  link_process& start(const std::string& self, const std::string& more = {}) {
    std::ostringstream options;
    options << "self " << self << " " << ports.at(self) << "\nowns order-" << self << " " << ++epochs[self] << "\n";
    for (const auto& [name, port] : ports) {
      options << "owner order-" << name << " " << name << "\n";
      if (name != self) options << "peer " << name << " 127.0.0.1 " << port << "\n";
    }
    if (GetParam()) {
      const auto files = files_of(folder.path() / "tls", self);
      options << "tls " << files.authority.string() << " " << files.certificate.string() << " " << files.key.string()
              << "\n";
    }
    options << more;
    auto& made = nodes[self];
    made.reset();
    made = std::make_unique<link_process>(folder.path() / (self + std::to_string(epochs[self])), options.str());
    return *made;
  }
};

INSTANTIATE_TEST_SUITE_P(PlainAndTls, LinkProcesses, ::testing::Bool(),
                         [](const auto& one) { return one.param ? "Tls" : "Plain"; });

TEST_P(LinkProcesses, StartInAnyOrderAndComeBackAfterKill) {
  auto& c = start("c");
  auto& b = start("b");
  c.wait_for_link("b", "up");
  b.wait_for_link("c", "up");
  auto& a = start("a");
  for (auto* one : {&b, &c}) one->wait_for_link("a", "up");
  b.kill();
  a.wait_for_link("b", "down");
  c.wait_for_link("b", "down");
  auto& again = start("b");
  again.wait_for_link("a", "up");
  again.wait_for_link("c", "up");
  a.wait_for_link("b", "up");
  a.order("flood order-b 1000 100");
  EXPECT_EQ(number_in(a.wait_for("flooded"), "flooded "), 1000U);
  a.order("stop");
  EXPECT_EQ(a.wait_for("stopped"), "stopped confirmed");
  EXPECT_EQ(a.wait(), (demo::process_end{0, 0}));
  again.order("count");
  EXPECT_EQ(again.wait_for("count"), "count 1000 gaps 0");
  again.wait_for_link("a", "left");
}

TEST_P(LinkProcesses, NoticeAFrozenPeerWithinTwoSecondsAndTakeItBack) {
  auto& a = start("a");
  auto& b = start("b");
  a.wait_for_link("b", "up");
  b.wait_for_link("a", "up");
  for (const bool freezes_the_caller : {false, true}) {
    auto& frozen = freezes_the_caller ? a : b;
    auto& other = freezes_the_caller ? b : a;
    const std::string name = freezes_the_caller ? "a" : "b";
    frozen.send(SIGSTOP);
    const auto began = steady::now();
    const auto line = other.wait_for_link(name, "down");
    const auto took = steady::now() - began;
    EXPECT_LT(took, 2s);
    EXPECT_GT(took, 1200ms) << "no hasty verdict";
    EXPECT_THAT(line, HasSubstr("silent for"));
    const auto before = other.processor_time();
    frozen.send(SIGCONT);
    other.wait_for_link(name, "up");
    frozen.wait_for_link(freezes_the_caller ? "b" : "a", "up");
    EXPECT_LT(other.processor_time() - before, 200U);
  }
}

TEST_P(LinkProcesses, KeepMemoryBoundedWhileAPeerIsFrozenAndOthersAreServed) {
  auto& a = start("a", "outstanding 4000000\n");
  auto& b = start("b");
  auto& c = start("c");
  a.wait_for_link("b", "up");
  a.wait_for_link("c", "up");
  const auto before = a.resident();
  b.send(SIGSTOP);
  a.order("flood order-b 100000 10000");  // A gigabyte, if it were taken.
  EXPECT_LT(number_in(a.wait_for("flooded"), "flooded "), 1000U);
  EXPECT_LT(a.resident(), before + more(40'000));
  a.order("flood order-c 10000 1000");
  EXPECT_EQ(number_in(a.wait_for("flooded"), "flooded "), 10'000U);
  b.send(SIGCONT);
  a.wait_for_link("b", "up");
  a.order("stop");
  a.wait_for("stopped confirmed");
  c.order("count");
  EXPECT_EQ(c.wait_for("count"), "count 10000 gaps 0");
}

TEST_P(LinkProcesses, AreUnharmedByStrangers) {
  ports.erase("c");  // Nobody is called meanwhile.
  auto& a = start("a");
  auto& b = start("b", "handshake_ms 1000\n");
  a.wait_for_link("b", "up");
  b.wait_for_link("a", "up");
  const auto port = ports.at("b");
  const auto memory = b.resident();
  const auto descriptors = b.descriptors();
  const auto times_up = b.view_of("a").times_up;

  // Each is closed by the node, not by us, within a time limit.
  const auto is_closed = [&](const std::string& bytes) {
    http::raw_connection one{port};
    one.send(bytes);
    one.read_all();
    return one.closed();
  };
  std::string noise(100'000, '\0');
  for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<char>(i * 7919 >> 3);
  EXPECT_TRUE(is_closed(noise));
  EXPECT_TRUE(is_closed(std::string("\x01\x00\x00\x00\xff\xff\xff\xf0", 8) + std::string(24, '\xff')));
  EXPECT_TRUE(is_closed(std::string("\x16\x03\x03\xff\xff", 5)));

  // Those who say nothing, or half of something, cost no processor while they wait.
  std::vector<std::unique_ptr<http::raw_connection>> silent;
  for (int i = 0; i < 40; ++i) {
    silent.push_back(std::make_unique<http::raw_connection>(port));
    if (i % 2 == 0) silent.back()->send(std::string("\x16\x03\x01\x02\x00\x01\x00", 7));
  }
  const auto time = b.processor_time();
  const auto began = steady::now();
  for (auto& one : silent) {
    one->read_all();
    EXPECT_TRUE(one->closed());
  }
  EXPECT_LT(steady::now() - began, 10s);
  EXPECT_LT(b.processor_time() - time, 60U) << "hundredths of a second";

  for (int i = 0; i < 1000; ++i) http::raw_connection{port}.send("x");
  a.order("flood order-b 1000 100");
  EXPECT_EQ(number_in(a.wait_for("flooded"), "flooded "), 1000U);
  EXPECT_LT(b.resident(), memory + more(20'000));
  EXPECT_EQ(b.view_of("a").times_up, times_up) << "the link stood all the time";
  const auto until = steady::now() + 20s;
  auto open_now = b.descriptors();
  for (; open_now > descriptors && steady::now() < until; open_now = b.descriptors()) (void)b.view_of("a");
  EXPECT_LE(open_now, descriptors);
}

TEST_P(LinkProcesses, LeaveNoDescriptorsBehind) {
  ports.erase("c");
  auto& a = start("a");
  start("b").wait_for_link("a", "up");
  a.wait_for_link("b", "up");
  const auto descriptors = a.descriptors();
  for (int i = 0; i < 5; ++i) {
    nodes.at("b")->kill();
    a.wait_for_link("b", "down");
    start("b").wait_for_link("a", "up");
    a.wait_for_link("b", "up");
  }
  EXPECT_LE(a.descriptors(), descriptors);
}

TEST_P(LinkProcesses, DoNotStartWhenTheirPortIsTaken) {
  start("a").wait_for("ready");
  auto first = std::move(nodes.at("a"));
  EXPECT_THAT(start("a").wait_for("refused"), HasSubstr("Address already in use"));
}

}  // namespace
}  // namespace musiccorp::cluster
