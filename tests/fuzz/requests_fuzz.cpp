#include <algorithm>
#include <cstdint>
#include <string>

#include "fuzz/promises.hpp"
#include "fuzz/requests.hpp"
#include "support/random_value.hpp"

/// The bodies that strangers send to the shop, as every request that the routes take. Now and then the fuzzer starts
/// from a fresh request that is good, so that it reaches what lies behind the required fields.
namespace {

using namespace musiccorp;

template <class Visit>
void each_request(const Visit& visit) {
  std::apply([&](const auto&... one) { (visit(one), ...); }, fuzz::every_request{});
}

std::string good_body(std::uint64_t seed) {
  const auto chosen = base::random_source{seed}.below(std::tuple_size_v<fuzz::every_request>);
  std::string body;
  std::size_t at = 0;
  each_request([&]<class Request>(const Request&) {
    if (at++ == chosen) body = describe::to_json(support::value_maker{seed}.make<Request>());
  });
  return body;
}

}  // namespace

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t size_max);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t size_max,
                                               unsigned int seed) {
  if (seed % 16 != 0) return LLVMFuzzerMutate(data, size, size_max);
  const auto body = good_body(seed);
  const auto length = std::min(body.size(), size_max);
  std::copy_n(body.begin(), length, data);
  return length;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body{reinterpret_cast<const char*>(data), size};
  each_request(
      [&]<class Request>(const Request&) { fuzz::try_body<Request>(body, describe::unknown_fields::ignore); });
  return 0;
}
