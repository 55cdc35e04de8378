#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "service/definition.hpp"
#include "storage/store.hpp"

namespace musiccorp::service {

/// The services that have several partitions, and how many each.
class partition_counts {
 public:
  void set(const std::string& service, std::uint32_t count) {
    if (count > 1) counts_[service] = count;
  }
  [[nodiscard]] std::uint32_t of(std::string_view service) const {
    if (counts_.empty()) return 1;
    const auto found = counts_.find(service);
    return found == counts_.end() ? 1 : found->second;
  }
  /// Who is meant by a name of a service, or of a partition, in a message with this key.
  [[nodiscard]] std::string owner(std::string_view name, std::string_view key) const;
  /// All partitions of a service, in order.
  [[nodiscard]] std::vector<std::string> all(std::string_view service) const;
  friend bool operator==(const partition_counts&, const partition_counts&) = default;

 private:
  std::map<std::string, std::uint32_t, std::less<>> counts_;
};

/// Each of these services as so many partitions; the others as they are.
[[nodiscard]] std::vector<service_definition> partitions_of(std::span<const service_definition> services,
                                                            const partition_counts& counts);

/// Which logs a partition listens to, and who listens to its own. Messages addressed to it reach it anyway, so an
/// upstream is every partition that says a type which the other one handles.
struct wiring {
  struct stream {
    std::string service;  ///< name of the partition
    std::vector<std::string> types;
    delivery::key_share share{};  ///< of the subscriber
    friend bool operator==(const stream&, const stream&) = default;

    [[nodiscard]] bool hears(std::string_view type) const {
      return std::find(types.begin(), types.end(), type) != types.end();
    }
    /// It hears only a part of this type, and which is told by slots.
    [[nodiscard]] bool counts_slots_of(std::string_view type) const {
      return hears(type) && !share.hears_everywhere(type);
    }
    [[nodiscard]] bool wants(const message::envelope& message) const {
      return message.to.empty() ? hears(message.type) && share.takes(message.type, message.key)
                                : message.to == service;
    }
  };
  std::vector<stream> upstreams;
  std::vector<stream> subscribers;
  partition_counts counts{};  ///< of the whole shop
};

/// How many of all messages that a log ever held were for this subscriber. What is older than the counting by slots
/// is the first partition's, whose slot it is as well.
[[nodiscard]] std::uint64_t published_for(const wiring::stream& subscriber,
                                          std::span<const storage::published_row> counts,
                                          std::span<const storage::published_slot_row> slots);

/// A durable request that the runtime itself handles in every service: replay_message, discard_message.
[[nodiscard]] bool is_treatment(std::string_view type);
/// An event about a dead letter. It holds a whole message, so limits on sizes are not meant for it.
[[nodiscard]] bool is_case_event(std::string_view type);

/// The wiring of every partition by its name, from what each handles and says. Every service says message.died and
/// its kin to those who handle them, and hears treatments from those who say them. Pure.
///
/// Partitions that share no key have no queue if what is said between them is about own keys. They may have shared
/// some before, or do so after the next repartition: whoever keeps books over that wants `every_queue`.
enum class which_queues : std::uint8_t { needed, every_queue };
[[nodiscard]] std::map<std::string, wiring> wire(std::span<const service_definition> services,
                                                 which_queues which = which_queues::needed);

/// What is wrong with services as a whole: two of one name, an ask to a service that is missing or does not answer
/// the question, asks on messages that come through a log, two routes of one method and path, messages without a
/// key for a service that is by key. For services, not for partitions. Empty when all is well.
[[nodiscard]] std::vector<std::string> check(std::span<const service_definition> services);

/// The name of the queue between two services: "order:payment".
[[nodiscard]] inline std::string queue_name(std::string_view upstream, std::string_view subscriber) {
  return std::string{upstream} + ":" + std::string{subscriber};
}

}  // namespace musiccorp::service
