#pragma once

#include <initializer_list>
#include <string_view>

namespace musiccorp::hospital {

/// True when `wanted` stands in one of the texts; upper and lower case of ASCII letters are alike.
[[nodiscard]] bool mentions(std::string_view wanted, std::initializer_list<std::string_view> texts);

/// The service of a partition "payment/1"; of a service that has only one, its own name.
[[nodiscard]] inline std::string_view service_part(std::string_view partition) {
  return partition.substr(0, partition.find('/'));
}
/// A person who asks for a service means all of its partitions; who asks for a partition, that one.
[[nodiscard]] inline bool is_of(std::string_view partition, std::string_view wanted) {
  return partition == wanted || service_part(partition) == wanted;
}

}  // namespace musiccorp::hospital
