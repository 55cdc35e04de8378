#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "service/definition.hpp"

namespace musiccorp::service {

/// Which logs a service listens to, and who listens to its own. Messages addressed to a service reach it anyway, so
/// an upstream is every service that says a type which the other one handles.
struct wiring {
  struct stream {
    std::string service;
    std::vector<std::string> types;
    friend bool operator==(const stream&, const stream&) = default;
  };
  std::vector<stream> upstreams;
  std::vector<stream> subscribers;
};

/// A durable request that the runtime itself handles in every service: replay_message, discard_message.
[[nodiscard]] bool is_treatment(std::string_view type);
/// An event about a dead letter. It holds a whole message, so limits on sizes are not meant for it.
[[nodiscard]] bool is_case_event(std::string_view type);

/// The wiring of every service, from what each handles and says. Every service says message.died and its kin to those
/// who handle them, and hears treatments from those who say them. Pure.
[[nodiscard]] std::map<std::string, wiring> wire(std::span<const service_definition> services);

/// What is wrong with services as a whole: two of one name, an ask to a service that is missing or does not answer
/// the question, asks on messages that come through a log, two routes of one method and path. Empty when all is well.
[[nodiscard]] std::vector<std::string> check(std::span<const service_definition> services);

/// The name of the queue between two services: "order:payment".
[[nodiscard]] inline std::string queue_name(std::string_view upstream, std::string_view subscriber) {
  return std::string{upstream} + ":" + std::string{subscriber};
}

}  // namespace musiccorp::service
