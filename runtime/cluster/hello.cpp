#include "cluster/hello.hpp"

#include <algorithm>

namespace musiccorp::cluster {

verdict to_verdict(const refusal& why) {
  return {.accepted = false,
          .reason = std::string{describe::name_of(why.reason)},
          .text = why.text,
          .owner_serves_ms = why.owner_serves_ms};
}

refusal to_refusal(const verdict& said) {
  constexpr auto names = describe_choice(refusal_reason{});
  const auto known = std::ranges::find(names, said.reason);
  if (known == names.end()) return {refusal_reason::unreadable, said.reason + ": " + said.text, {}};
  return {static_cast<refusal_reason>(known - names.begin()), said.text, said.owner_serves_ms};
}

}  // namespace musiccorp::cluster
