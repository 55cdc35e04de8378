// A node that has nothing but links. It takes orders from a pipe and says on its stdout what happens.
#include <unistd.h>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <mutex>
#include <sstream>
#include <thread>

#include "cluster/links.hpp"
#include "describe/json.hpp"
#include "telemetry/log.hpp"

namespace musiccorp::cluster {
namespace {

std::mutex out_mutex;

void say(const std::string& line) {
  const std::lock_guard hold{out_mutex};
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

/// Parcels that came, in order: from each sender the number in the head must be the next one.
struct ledger {
  std::mutex mutex;
  std::map<std::string, std::uint64_t> last;
  std::uint64_t count = 0, gaps = 0;

  void take(const std::string& from, const parcel& come) {
    const std::lock_guard hold{mutex};
    ++count;
    const auto number = std::stoull(come.head);
    if (number != 1 && number != last[from] + 1) ++gaps;
    last[from] = number;
  }
};

bool set(link_options& options, const std::string& name, std::istringstream& rest) {
  std::string first, second, third;
  if (name == "peer") {
    peer one;
    rest >> one.name >> one.host >> one.port;
    options.peers.push_back(std::move(one));
  } else if (name == "owns") {
    std::uint64_t epoch = 0;
    rest >> first >> epoch;
    options.owned[first] = epoch;
  } else if (name == "owner") {
    rest >> first >> second;
    options.owners[first] = second;
  } else if (name == "tls") {
    rest >> first >> second >> third;
    options.tls = tls_files{first, second, third};
  } else if (name == "outstanding") {
    rest >> options.outstanding_bytes_max;
  } else if (name == "handshake_ms") {
    std::int64_t limit = 0;
    rest >> limit;
    options.handshake_within = std::chrono::milliseconds{limit};
  } else {
    return false;
  }
  return true;
}

/// A line for each option: `peer b 127.0.0.1 4711`.
link_options read_options(const char* file) {
  link_options options;
  options.cluster = "test";
  options.version = "1";
  options.seed = 5;
  std::ifstream in{file};
  for (std::string line; std::getline(in, line);) {
    std::istringstream rest{line};
    std::string name;
    rest >> name;
    if (name == "self")
      rest >> options.self >> options.port;
    else if (!set(options, name, rest))
      say("unknown option " + line);
  }
  return options;
}

/// `flood TO COUNT SIZE`: as many parcels as fast as the link takes them, at most for a minute.
void flood(links& all, const link_options& options, std::istringstream& rest) {
  std::string to;
  std::uint64_t count = 0, size = 0;
  rest >> to >> count >> size;
  message::envelope one;
  one.payload = std::string(size, 'x');
  const auto from = options.owned.begin();
  const auto until = std::chrono::steady_clock::now() + 60s;
  std::uint64_t sent = 0, refused = 0;
  while (sent < count && std::chrono::steady_clock::now() < until) {
    if (all.send({from->first, to, from->second, "batch", std::to_string(sent + 1), {one}})) {
      ++sent;
      continue;
    }
    ++refused;
    if (!all.is_up(options.owners.at(to))) break;
    std::this_thread::yield();
  }
  say("flooded " + std::to_string(sent) + " refused " + std::to_string(refused));
}

int run(const char* option_file, const char* pipe) {
  (void)telemetry::start_logs({.level = telemetry::log_level::info});
  auto options = read_options(option_file);
  ledger book;
  options.on_parcel = [&](const std::string& from, parcel come) { book.take(from, come); };
  options.on_link = [](const link_change& now) {
    say("link " + now.node + " " + std::string{describe::name_of(now.state)} + " " + now.why);
  };
  caf::actor_system_config config;
  links::prepare(config);
  caf::actor_system system{config};
  links all{system, options};
  if (const auto started = all.start(); !started) {
    say("refused " + started.error().text);
    return 3;
  }
  say("ready " + std::to_string(all.port()));
  std::ifstream orders{pipe};
  for (std::string line; std::getline(orders, line);) {
    std::istringstream rest{line};
    std::string verb;
    rest >> verb;
    if (verb == "flood") flood(all, options, rest);
    if (verb == "view")
      for (const auto& one : all.view()) say("view " + describe::to_json(one));
    if (verb == "count") {
      const std::lock_guard hold{book.mutex};
      say("count " + std::to_string(book.count) + " gaps " + std::to_string(book.gaps));
    }
    if (verb == "stop") break;
  }
  say(std::string{"stopped "} + (all.stop() ? "confirmed" : "alone"));
  return 0;
}

}  // namespace
}  // namespace musiccorp::cluster

int main(int, char** arguments) { return musiccorp::cluster::run(arguments[1], arguments[2]); }
