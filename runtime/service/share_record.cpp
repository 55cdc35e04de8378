#include "service/share_record.hpp"

#include "describe/json.hpp"

namespace musiccorp::service {
namespace {

/// The entity that each opening writes, under the partition's name.
constexpr std::string_view opened_type = "runtime.opened";

struct opened_record {
  instant at{};
  std::uint32_t partition = 0;
  std::uint32_t partitions = 1;
  static constexpr auto describe() {
    return describe_as("opened_record", 1, field("at", &opened_record::at),
                       field("partition", &opened_record::partition, defaulted),
                       field("partitions", &opened_record::partitions, defaulted));
  }
};

}  // namespace

result<void> check_share(storage::store& state, const service_definition& partition) {
  const auto found = state.find(opened_type, partition.name());
  if (!found) return failure(found.error());
  if (!*found) return {};
  const auto known = describe::from_json<opened_record>((*found)->body);
  if (!known)
    return failure(fault_kind::corrupt, partition.name() + " can't say which share it has: " + known.error().text);
  const auto& wanted = partition.share();
  if (known->partitions == wanted.partitions && known->partition == wanted.index) return {};
  return failure(fault_kind::conflict, "the store of " + partition.name() + " is one of " +
                                           std::to_string(known->partitions) + " partitions, not of " +
                                           std::to_string(wanted.partitions) +
                                           "; `musiccorp repartition` shares its keys out anew");
}

result<void> record_opening(storage::store& state, const service_definition& partition, instant now,
                            std::string_view generation) {
  if (auto begun = state.begin(); !begun) return begun;
  const auto body = describe::to_json(opened_record{now, partition.share().index, partition.share().partitions});
  if (auto saved = state.save(opened_type, partition.name(), body); !saved) return saved;
  if (!generation.empty())
    if (auto begun = state.begin_generation(generation); !begun) return begun;
  return state.commit();
}

}  // namespace musiccorp::service
