// A durable stream within one node, and between two: the same messages, the same rule, the same disk.
#include <atomic>
#include <string>
#include <utility>

#include "base/ensure.hpp"
#include "bench/measurement.hpp"
#include "node/node.hpp"
#include "support/cluster_processes.hpp"
#include "support/temporary_folder.hpp"

namespace musiccorp::bench {
namespace {

using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

struct reading {
  std::string meter;
  std::int64_t number = 0;
  std::string text;
  static constexpr auto describe() {
    return describe_as("reading", 1, musiccorp::key("meter", &reading::meter), field("number", &reading::number),
                       field("text", &reading::text));
  }
};

const std::string text(260, 'x');  // About 300 bytes of payload with its frame.

/// Everything is in the log before anybody listens.
service_definition gauge(std::size_t count) {
  service_definition made{"gauge"};
  made.at_first_start([count](turn& now) {
        for (std::size_t i = 0; i < count; ++i)
          now.publish(reading{"meter-" + std::to_string(i % 10'000), static_cast<std::int64_t>(i), text});
      })
      .says<reading>();
  return made;
}

struct progress {
  std::size_t wanted;
  std::atomic<std::size_t> handled{0};
  std::atomic<clock::rep> first{0};
};

service_definition archive(progress& far) {
  service_definition made{"archive"};
  made.on([&far](turn& now, const reading& event) -> outcome {
    if (far.first.load(std::memory_order_relaxed) == 0) far.first = clock::now().time_since_epoch().count();
    now.save(event);
    if (far.handled.fetch_add(1, std::memory_order_relaxed) + 1 == far.wanted) far.handled.notify_one();
    return done{};
  });
  return made;
}

node::node_options options_of(const std::filesystem::path& data, const std::string& name) {
  node::node_options made;
  made.name = name;
  made.data = data / name;
  return made;
}

std::unique_ptr<node::node> start(node::node_options options, std::vector<service_definition> services) {
  auto started = node::node::start(std::move(options), std::move(services));
  ensure(started.has_value(), "the node starts");
  return std::move(*started);
}

double rate(progress& far) {
  for (auto handled = far.handled.load(); handled < far.wanted; handled = far.handled.load())
    far.handled.wait(handled);
  const clock::time_point began{clock::duration{far.first.load()}};
  return static_cast<double>(far.wanted) / seconds_since(began);
}

double on_one_node(const std::filesystem::path& data, std::size_t count) {
  progress far{count};
  const auto all = start(options_of(data, "one"), {gauge(count), archive(far)});
  return rate(far);
}

double between_two(const std::filesystem::path& data, std::size_t count) {
  progress far{count};
  const auto ports = testing::free_ports(2);
  const auto options = [&](const std::string& self, std::size_t own, std::size_t other) {
    auto made = options_of(data, self);
    made.cluster.emplace();
    auto& links = made.cluster->links;
    links.cluster = "bench";
    links.self = self;
    links.port = ports[own];
    links.peers = {{self == "far" ? "near" : "far", "127.0.0.1", ports[other]}};
    links.owners = {{"gauge", "near"}, {"archive", "far"}};
    return made;
  };
  const auto far_node = start(options("far", 0, 1), {gauge(count), archive(far)});
  const auto near_node = start(options("near", 1, 0), {gauge(count), archive(far)});
  return rate(far);
}

}  // namespace

void measure_streams(const settings& how, measurements& into) {
  const auto count = scaled(how, 100'000);
  std::vector<double> one, two, share;
  for (std::size_t run = 0; run < how.runs; ++run) {
    const testing::temporary_folder folder{how.scratch};
    one.push_back(on_one_node(folder.path(), count));
    two.push_back(between_two(folder.path(), count));
    share.push_back(two.back() / one.back());
  }
  into.push_back(summarize("durable stream on one node, 300 B", "1/s", std::move(one), {}, "each message is a row"));
  into.push_back(summarize("durable stream between two nodes", "1/s", std::move(two), {}, "on the same cores"));
  into.push_back(summarize("two nodes / one", "ratio", std::move(share), {}, "what distance leaves of a stream"));
}

}  // namespace musiccorp::bench
