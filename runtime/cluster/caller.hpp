#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "cluster/conversation.hpp"
#include "supervision/moment.hpp"

namespace musiccorp::cluster {

/// Makes the connection to a node and talks until they have agreed, on the calling thread. `stop` is a descriptor
/// that becomes readable when the caller shall give up. The wire on success; otherwise fault{unauthorized} when TLS
/// failed, fault{not_found} when nobody listens there, and fault{unavailable} for everything else, also when the talk
/// ended with a no.
///
/// A name is looked up by the system, which may take as long as it likes; every call has a thread of its own.
[[nodiscard]] result<wire> call(const std::string& host, std::uint16_t port,
                                const std::shared_ptr<const credentials>& own, talker& who, duration within,
                                int stop);

}  // namespace musiccorp::cluster
